"""Settings: the environment, .env and funnel.toml become one frozen value, or every mistake is told at once."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from funnel.campaign import Campaign
from funnel.mistakes import ConfigError as ConfigError
from funnel.mistakes import tell

ROOT = Path(__file__).resolve().parent
SHORTEST_SECRET = 32
EXAMPLE_SECRET = "change-me-to-a-long-random-text"  # noqa: S105  # as in .env.example
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _words(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _base_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or url.username:
        raise ValueError
    if url.scheme == "http" and url.hostname not in LOOPBACK:
        raise ValueError
    return value.rstrip("/")


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
URL_RULE = "an https:// address (http:// only for this machine), without query"
PORT_RULE = "a port number, 1 to 65535"


class Timing(BaseModel):
    """Waits and deadlines in seconds; each is set by FUNNEL_ and its name in capitals."""

    model_config = ConfigDict(frozen=True, alias_generator=lambda name: f"FUNNEL_{name.upper()}", populate_by_name=True)
    answer_deadline: Seconds = Field(1.5, description="seconds a POST waits for Import Lead or Import Click")
    owed_deadline: Seconds = Field(10, description="seconds one call of the relay may take")
    charge_deadline: Seconds = Field(60, description="seconds a charge may take, all in all")
    pay_wait: Seconds = Field(6, description="seconds the pay request waits before the confirming page")
    quiet_time: Seconds = Field(900, description="seconds after sending before a negative answer is believed")
    read_lag: Seconds = Field(30, description="seconds Order Query may lag behind the CRM's own answer")
    redirect_time: Seconds = Field(3600, description="seconds until a charge left at a bank or PayPal is settled")
    give_up: Seconds = Field(86400, description="seconds after which an unresolved charge needs a human")
    visit_life: Seconds = Field(86400, description="seconds a visit lives after its last page")
    upsell_window: Seconds = Field(7200, description="seconds after the order in which upsells are offered")


class Environment(BaseModel):
    """What the environment and .env say. A field's name in capitals is its variable's name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, alias_generator=str.upper, populate_by_name=True)
    funnel_env: Literal["development", "production"] = Field("development", description="development or production")
    funnel_file: Path = Field(ROOT / "funnel.toml", description="the path of funnel.toml")
    secret_key: SecretStr = Field(SecretStr(""), description=f"at least {SHORTEST_SECRET} random characters")
    secret_key_fallbacks: Words = Field((), description="earlier secret keys, separated by spaces")
    konnektive_api_url: BaseUrl = Field("https://api.konnektive.com", description=URL_RULE)
    konnektive_login_id: str = Field("", max_length=32, description="the API user's login id, at most 32 characters")
    konnektive_password: SecretStr = Field(SecretStr(""), description="the API user's password, without &")
    database_url: str = Field(
        "", pattern=r"^$|^(sqlite|postgresql(\+psycopg)?)://", description="sqlite:///… or postgresql://…"
    )
    bind: str = Field("127.0.0.1", description="the address to listen on; 0.0.0.0 only inside a container")
    port: Port = Field(5000, description=PORT_RULE)
    sandbox_port: Port = Field(5001, description=PORT_RULE)
    public_url: BaseUrl | None = Field(None, description=URL_RULE)
    trusted_hosts: Words = Field((), description="host names, separated by spaces")
    proxy_hops: int = Field(0, ge=0, le=10, description="how many proxies stand in front, 0 to 10")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    metrics_token: SecretStr = Field(SecretStr(""), description="a token for /metrics")
    allow_test_card: bool = Field(
        False,
        alias="FUNNEL_ALLOW_TEST_CARD",
        description="1 to take the test card 0000000000000000 from the real CRM, or 0",
    )
    decline_limit: int = Field(5, alias="FUNNEL_DECLINE_LIMIT", ge=1, description="declined cards allowed in one visit")

    @property
    def production(self) -> bool:
        return self.funnel_env == "production"

    @property
    def sandboxed(self) -> bool:
        """Without credentials the embedded sandbox plays the CRM."""
        return not self.konnektive_login_id

    @property
    def takes_test_card(self) -> bool:
        """Whether 0000000000000000 is a card: always in the sandbox, elsewhere only if allowed."""
        return self.sandboxed or self.allow_test_card

    @property
    def crm_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}" if self.sandboxed else self.konnektive_api_url

    @property
    def crm_login(self) -> tuple[str, str]:
        if self.sandboxed:
            return "sandbox", "sandbox"
        return self.konnektive_login_id, self.konnektive_password.get_secret_value()


class Settings(Environment):
    """Everything the program is told from outside."""

    timing: Timing = Field(alias="timing")
    campaign: Campaign = Field(alias="campaign")


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
    mistakes += _unsafe(environment) if environment else []
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
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        mistakes.append(f"{path.name}: cannot be read ({error.strerror}); FUNNEL_FILE names another file")
    except ValueError as error:
        mistakes.append(f"{path.name}: is not valid TOML: {error}")
    else:
        return _checked(Campaign, given, path.name, mistakes)
    return None


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
    if "&" in password:
        mistakes.append("environment: KONNEKTIVE_PASSWORD: the CRM does not accept & in a password; choose another")
    if settings.production:
        mistakes += _unsafe_in_production(settings)
    return mistakes


def _unsafe_in_production(settings: Environment) -> list[str]:
    secret = settings.secret_key.get_secret_value()
    mistakes = []
    if len(secret) < SHORTEST_SECRET or secret == EXAMPLE_SECRET:
        mistakes.append(
            f"environment: SECRET_KEY: needs at least {SHORTEST_SECRET} random characters of your own; "
            "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if settings.sandboxed:
        mistakes.append(
            "environment: KONNEKTIVE_LOGIN_ID and KONNEKTIVE_PASSWORD: needed in production; there is no sandbox"
        )
    if settings.public_url is None or not settings.public_url.startswith("https://"):
        mistakes.append("environment: PUBLIC_URL: needed in production, the https:// address shoppers use")
    return mistakes
