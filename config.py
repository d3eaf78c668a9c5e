"""Reads the environment, .env and funnel.toml into one frozen Settings, or tells every mistake at once."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from babel import Locale
from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError

from funnel.campaign import campaign_rules, theme_rules, upsell_rules
from funnel.campaign.campaign import Campaign
from funnel.folders import Folders
from funnel.language import catalogue
from funnel.mistakes import ConfigError, tell
from funnel.settings import SHORTEST_SECRET, Environment, Settings, Timing
from funnel.slots import slot_rules
from funnel.store.filesystem import in_memory

SHORTEST_QUIET = 120
SHORTEST_TOKEN = 16
NO_FILE = Path(":memory:")
ROOT = Path(__file__).resolve().parent
EXAMPLE_SECRET = "change-me-to-a-long-random-text"  # noqa: S105  # as in .env.example
VARIABLES = {field.alias for field in Environment.model_fields.values() if field.alias}
TIMINGS = {field.alias for field in Timing.model_fields.values() if field.alias}
Model = TypeVar("Model", bound=BaseModel)


def load_settings(variables: Mapping[str, str] | None = None, *, root: Path = ROOT) -> Settings:
    """Read the settings; the environment wins over .env. Raises ConfigError with every mistake found."""
    given = {key: value for key, value in dotenv_values(root / ".env").items() if value}
    given |= {key: value for key, value in (os.environ if variables is None else variables).items() if value}
    values: dict[str, Any] = {key: given[key] for key in VARIABLES & given.keys()}
    values.setdefault("FUNNEL_FILE", str(root / "funnel.toml"))
    values.setdefault("DATABASE_URL", f"sqlite:///{root / 'instance' / 'funnel.db'}")
    if values.get("FUNNEL_ENV") != "production" and "SECRET_KEY" not in values:
        values["SECRET_KEY"] = _development_key(root / "instance")
    mistakes = [f"environment: {key}: there is no such setting" for key in _unknown(given)]
    environment = _checked(Environment, values, "environment", mistakes)
    timing = _checked(Timing, {key: given[key] for key in TIMINGS & given.keys()}, "environment", mistakes)
    campaign = _campaign(Path(values["FUNNEL_FILE"]), mistakes)
    mistakes += _missing_files(campaign, Path(values["FUNNEL_FILE"])) if campaign else []
    mistakes += _unfit_slots(campaign, Path(values["FUNNEL_FILE"])) if campaign else []
    mistakes += _unreadable_words(campaign, Path(values["FUNNEL_FILE"])) if campaign else []
    mistakes += _outlasting(campaign, timing) if campaign and timing else []
    mistakes += _unsafe(environment) if environment else []
    mistakes += _impatient(timing) if environment and environment.production and timing else []
    if mistakes or not (environment and timing and campaign):
        raise ConfigError(mistakes)
    return Settings(**dict(environment), timing=timing, campaign=campaign)


def _unknown(given: Mapping[str, str]) -> list[str]:
    """FUNNEL_ is ours alone, so an unknown name with it is a slip of the pen."""
    return sorted({key for key in given if key.startswith("FUNNEL_")} - VARIABLES - TIMINGS)


def _development_key(instance: Path) -> str:
    """A key of this machine's own, kept, so that a restart does not end the visits."""
    instance.mkdir(parents=True, exist_ok=True)
    path = instance / "secret_key"
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(SHORTEST_SECRET))
    except FileExistsError:
        pass
    return path.read_text()


def _campaign(path: Path, mistakes: list[str]) -> Campaign | None:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors put a mark first
    except OSError as error:
        mistakes.append(f"{path.name}: cannot be read ({error.strerror}); FUNNEL_FILE names another file")
    except ValueError as error:
        mistakes.append(f"{path.name}: is not valid TOML: {error}")
    else:
        campaign = _checked(Campaign, given, path.name, mistakes)
        mistakes += [f"{path.name}: {mistake}" for mistake in campaign_rules.mistakes(campaign)] if campaign else []
        return campaign
    return None


def folders(campaign: Campaign, file: Path) -> Folders:
    """The theme's own folder stands beside funnel.toml, out of the way of upgrades."""
    return Folders(shipped=ROOT, own=file.parent / campaign.theme.folder if campaign.theme.folder else None)


def _missing_files(campaign: Campaign, file: Path) -> list[str]:
    return [f"{file.name}: {mistake}" for mistake in theme_rules.mistakes(campaign, folders(campaign, file))]


def _unfit_slots(campaign: Campaign, file: Path) -> list[str]:
    try:
        return slot_rules.mistakes(campaign.slots, folders(campaign, file))
    except (OSError, ValueError) as error:
        return [str(error)]


def _unreadable_words(campaign: Campaign, file: Path) -> list[str]:
    return catalogue.mistakes(Locale.parse(campaign.language, sep="-"), folders(campaign, file).locale)


def _outlasting(campaign: Campaign, timing: Timing) -> list[str]:
    return [f"funnel.toml: {mistake}" for mistake in upsell_rules.outlasting(campaign, timing.upsell_window)]


def _checked(model: type[Model], given: Mapping[str, Any], file: str, mistakes: list[str]) -> Model | None:
    """The model, or None with its mistakes added to the list."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        mistakes += tell(error, file=file, model=model, given=given)
        return None


def _unsafe(settings: Environment) -> list[str]:
    """What must not go on: half credentials anywhere, and in production a weak secret or a missing CRM."""
    password = settings.konnektive_password.get_secret_value()
    mistakes = []
    if bool(settings.konnektive_login_id) != bool(password):
        mistakes.append(
            "environment: KONNEKTIVE_LOGIN_ID and KONNEKTIVE_PASSWORD: set both, or neither for the sandbox"
        )
    asks = [settings.challenge, settings.challenge_site_key, settings.challenge_secret_key.get_secret_value()]
    if any(asks) and not all(asks):
        mistakes.append(
            "environment: CHALLENGE, CHALLENGE_SITE_KEY and CHALLENGE_SECRET_KEY: set all three, or none of them"
        )
    if settings.sentry_dsn and not find_spec("sentry_sdk"):
        mistakes.append("environment: SENTRY_DSN: needs a package: .venv/bin/pip install 'sentry-sdk>=2.30,<3'")
    if "&" in password:
        mistakes.append("environment: KONNEKTIVE_PASSWORD: the CRM does not accept & in a password; choose another")
    if settings.sandboxed and settings.port == settings.sandbox_port:
        mistakes.append("environment: SANDBOX_PORT: found the same as PORT; choose another one")
    if settings.database_file == NO_FILE:
        mistakes.append("environment: DATABASE_URL: needs a file, like sqlite:////data/funnel.db")
    if settings.production:
        mistakes += _unsafe_in_production(settings)
    return mistakes


def _impatient(timing: Timing) -> list[str]:
    """Before a charge can have ended, no "not charged" may be believed."""
    if timing.quiet_time >= timing.charge_deadline + SHORTEST_QUIET:
        return []
    needed = f"at least {SHORTEST_QUIET} seconds more than FUNNEL_CHARGE_DEADLINE"
    return [f"environment: FUNNEL_QUIET_TIME: found {timing.quiet_time:g}; allowed in production: {needed}"]


def _unsafe_in_production(settings: Environment) -> list[str]:
    secret = settings.secret_key.get_secret_value()
    mistakes = []
    if len(secret) < SHORTEST_SECRET or secret == EXAMPLE_SECRET:
        mistakes.append(
            f"environment: SECRET_KEY: needs at least {SHORTEST_SECRET} random characters of your own; "
            "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if any(len(earlier) < SHORTEST_SECRET for earlier in settings.secret_key_fallbacks):
        mistakes.append(f"environment: SECRET_KEY_FALLBACKS: each needs at least {SHORTEST_SECRET} characters, as once")
    if 0 < len(settings.metrics_token.get_secret_value()) < SHORTEST_TOKEN:
        mistakes.append(f"environment: METRICS_TOKEN: needs at least {SHORTEST_TOKEN} random characters, or none")
    if settings.sandboxed:
        mistakes.append(
            "environment: KONNEKTIVE_LOGIN_ID and KONNEKTIVE_PASSWORD: needed in production; there is no sandbox"
        )
    if settings.database_file and in_memory(settings.database_file):
        mistakes.append(
            "environment: DATABASE_URL: found a file in memory (tmpfs), which a restart would erase, "
            "and with it what was paid; allowed in production: a file on a disk"
        )
    if settings.challenge_verify_url and not settings.challenge_verify_url.startswith("https://"):
        mistakes.append("environment: CHALLENGE_VERIFY_URL: allowed in production: an https:// address, or none")
    if not settings.https:
        mistakes.append("environment: PUBLIC_URL: needed in production, the https:// address shoppers use")
    return mistakes
