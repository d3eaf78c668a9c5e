"""The choices the vendor never published: what each may be, what it is unless told otherwise, and why."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

TRUE_WORDS = ("1", "true", "on", "yes")
FALSE_WORDS = ("0", "false", "off", "no")
LONGEST = 1_000_000  # in the switch's own unit; keeps a sleeping thread's time a sane number


def choice(default: str, choices: tuple[str, ...], why: str) -> Any:
    return field(default=default, metadata={"choices": choices, "why": why})


def yes_or_no(default: bool, why: str) -> Any:
    return field(default=default, metadata={"choices": ("true", "false"), "why": why})


def number(default: float, why: str) -> Any:
    return field(default=default, metadata={"choices": (), "why": why})


@dataclass(frozen=True)
class Switches:
    """Every field's metadata holds its choices and the reason for its default; the front page shows them."""

    price_rule: str = choice(
        "unit",
        ("unit", "line"),
        "A price sent with a line is per unit and multiplied by the quantity, or that of the whole line. "
        "Unpublished; 'unit' is how the parameter is described.",
    )
    partial_reuse: bool = yes_or_no(
        True,
        "A lead without orderId gets the PARTIAL already there for the same campaign and ipAddress. "
        "Observed by integrators, so on.",
    )
    dedup_param_respected: bool = yes_or_no(
        True,
        "disableCustomerDedup=1 gives a fresh PARTIAL. An assumption from the parameter's name; "
        "off plays a CRM that does not listen.",
    )
    complete_order_import: str = choice(
        "error",
        ("error", "charge-again", "return"),
        "Import Order on an order already paid: refused, charged a second time (the worst case), "
        "or answered with the order. Unpublished; an error forces the client to guard.",
    )
    require_ship_address: str = choice(
        "resend",
        ("resend", "stored", "never"),
        "Import Order needs the shipping address in the same call, or the lead's will do, or none is needed. "
        "'resend' was recorded; billShipSame=1 always lifts it (an assumption).",
    )
    unknown_session: str = choice(
        "ignore",
        ("ignore", "error", "new"),
        "A sessionId never given out: taken as it is, refused, or (Import Click) answered with a new one. "
        "Unpublished; 'ignore' loses nothing.",
    )
    paypal_workflow: str = choice(
        "legacy",
        ("legacy", "new"),
        "PayPal by paypalUrl and Confirm PayPal, or by MERC_REDIRECT without it. "
        "Both are documented; an account has one of them.",
    )
    single_transaction: bool = yes_or_no(
        False,
        "The campaign only authorises: orders stay PENDING and upsales join them. A campaign setting, off by default.",
    )
    upsell_window_minutes: float = number(
        120,
        "Minutes after the sale in which upsales are taken; 0 keeps the window open. "
        "Two hours is the documented default.",
    )
    query_lag: float = number(0, "Seconds by which the queries lag behind. 0: none is documented; a busy CRM may lag.")
    slow_seconds: float = number(
        8, "Seconds the slow test cards take. Charges take 1.5 s as a rule, and far longer at times."
    )


def changed(switches: Switches, given: Mapping[str, object]) -> Switches:
    """These switches with the given ones set. Raises ValueError, in words, for an unknown name or value."""
    known = {each.name: each for each in fields(Switches)}
    for name in given:
        if name not in known:
            raise ValueError(f"there is no switch {name!r}; there are {', '.join(known)}")
    values: dict[str, Any] = {name: understood(known[name], value) for name, value in given.items()}
    return replace(switches, **values)


def understood(switch: Field[Any], value: object) -> str | bool | float:
    text = str(value).strip()
    if isinstance(switch.default, bool):
        return truth(switch.name, text)
    if isinstance(switch.default, str):
        return one_of(switch.name, text, switch.metadata["choices"])
    return seconds_or_minutes(switch.name, text)


def truth(name: str, text: str) -> bool:
    if text.lower() not in TRUE_WORDS + FALSE_WORDS:
        raise ValueError(f"{name} is true or false, not {text!r}")
    return text.lower() in TRUE_WORDS


def one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {text!r}")
    return text


def seconds_or_minutes(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= LONGEST:
        raise ValueError(f"{name} is a number from 0 to {LONGEST}, not {text!r}")
    return value
