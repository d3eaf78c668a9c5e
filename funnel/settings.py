"""What can be set, as frozen values: the environment, the waits, and with the campaign all of it."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from sqlalchemy import make_url

from funnel.campaign.campaign import Campaign

SHORTEST_SECRET = 32
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _words(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _base_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or "@" in url.netloc:
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
    failed_redirect_time: Seconds = Field(
        3600, description="seconds after a bank's refusal until it is believed, for another tab may still succeed"
    )
    give_up: Seconds = Field(86400, description="seconds after which an unresolved charge needs a human")
    visit_life: Seconds = Field(86400, description="seconds a visit lives after its last page")
    visit_limit: Seconds = Field(259200, description="seconds after which a visit ends, whatever its pages")
    upsell_window: Seconds = Field(7200, description="seconds after the order in which upsells are offered")
    confirm_after: Seconds = Field(1800, description="seconds after the charge until Confirm Order is owed in any case")
    delivered_kept: Seconds = Field(604800, description="seconds a delivered call stays in the outbox")
    visits_kept: Seconds = Field(2592000, description="seconds a visit's personal data stays after its last page")


class Environment(BaseModel):
    """What the environment and .env say. A field's name in capitals is its variable's name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, alias_generator=str.upper, populate_by_name=True)
    funnel_env: Literal["development", "production"] = Field("development", description="development or production")
    funnel_file: Path = Field(description="the path of funnel.toml")
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
    redirect_hosts: Words = Field((), description="host names, separated by spaces, like acs.bank.example")
    hsts_subdomains: bool = Field(False, description="1 to keep browsers to https on subdomains too, or 0")
    proxy_hops: int = Field(0, ge=0, le=10, description="how many proxies stand in front, 0 to 10")
    metrics_token: SecretStr = Field(SecretStr(""), description="random characters, or nothing for no figures")
    sentry_dsn: str = Field(
        "",
        pattern=r"^(https://[^\s@/]+@[^\s/]+/\d+|http://\w+@127\.0\.0\.1:\d+/\d+)?$",
        description="the https:// address that Sentry gave you, as https://key@host/1",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    allow_test_card: bool = Field(
        False,
        alias="FUNNEL_ALLOW_TEST_CARD",
        description="1 to take the test card 0000000000000000 from the real CRM, or 0",
    )
    decline_limit: int = Field(5, alias="FUNNEL_DECLINE_LIMIT", ge=1, description="declined cards allowed in one visit")
    address_declines: int = Field(
        8, alias="FUNNEL_ADDRESS_DECLINES", ge=1, description="cards tried in vain from one address in an hour"
    )
    network_declines: int = Field(
        40, alias="FUNNEL_NETWORK_DECLINES", ge=1, description="cards tried in vain from one network in an hour"
    )
    shop_declines: int = Field(
        1500, alias="FUNNEL_SHOP_DECLINES", ge=1, description="cards declined in the whole shop in six hours"
    )
    alarm_declines: int = Field(
        30, alias="FUNNEL_ALARM_DECLINES", ge=1, description="cards declined in the whole shop in ten minutes"
    )
    hourly_charges: int = Field(
        0, alias="FUNNEL_HOURLY_CHARGES", ge=0, description="charges sent in an hour at most, or 0 for any number"
    )
    address_forms: int = Field(
        300, alias="FUNNEL_ADDRESS_FORMS", ge=1, description="forms sent from one address in 15 minutes"
    )

    challenge: Literal["", "turnstile", "hcaptcha", "recaptcha"] = Field(
        "", description="turnstile, hcaptcha or recaptcha"
    )
    challenge_site_key: str = Field("", pattern=r"^[\w-]*$", description="the public key that the provider gave you")
    challenge_secret_key: SecretStr = Field(SecretStr(""), description="the secret key that the provider gave you")
    challenge_verify_url: BaseUrl | None = Field(None, description=URL_RULE)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The newest first; it signs, and all of them are taken."""
        return self.secret_key.get_secret_value(), *self.secret_key_fallbacks

    @property
    def production(self) -> bool:
        return self.funnel_env == "production"

    @property
    def https(self) -> bool:
        """Whether shoppers come by https."""
        return bool(self.public_url and self.public_url.startswith("https://"))

    @property
    def sandboxed(self) -> bool:
        """Without credentials the embedded sandbox plays the CRM."""
        return not self.konnektive_login_id

    @property
    def takes_test_card(self) -> bool:
        """Whether 0000000000000000 is a card: always in the sandbox, elsewhere only if allowed."""
        return self.sandboxed or self.allow_test_card

    @property
    def database_file(self) -> Path | None:
        """Where SQLite keeps its file; None for PostgreSQL."""
        url = make_url(self.database_url)
        return Path(url.database or ":memory:") if url.get_backend_name() == "sqlite" else None

    @property
    def crm_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}" if self.sandboxed else self.konnektive_api_url

    @property
    def local_crm(self) -> str:
        """The origin of a CRM on this machine, where the sandbox plays bank and PayPal without https; or empty."""
        url = urlsplit(self.crm_url)
        return f"http://{url.netloc}" if url.scheme == "http" else ""

    @property
    def crm_login(self) -> tuple[str, str]:
        if self.sandboxed:
            return "sandbox", "sandbox"
        return self.konnektive_login_id, self.konnektive_password.get_secret_value()


class Settings(Environment):
    """Everything the program is told from outside."""

    timing: Timing = Field(alias="timing")
    campaign: Campaign = Field(alias="campaign")
