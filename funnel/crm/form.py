"""How a call becomes form parameters, secrets included: what this makes is neither kept nor logged."""

import json
from dataclasses import asdict, fields
from datetime import date
from decimal import Decimal
from typing import get_args

from funnel.cards import Card, Secret
from funnel.crm.browser import BrowserData
from funnel.crm.calls import Call, Line
from funnel.crm.payments import Payment

PLACES = 2  # decimal places of an amount, as the CRM's own


def parameters(record: Call | Payment) -> dict[str, str]:
    """A call, or the payment in one, by the CRM's names. A payment brings its call the paySource."""
    pairs: dict[str, str] = {}
    for each in fields(record):
        pairs |= _pairs(each.name, getattr(record, each.name))
    return pairs


def _pairs(name: str, value: object) -> dict[str, str]:
    match value:
        case None:
            return {}
        case Card():
            return _card(value)
        case tuple():
            return _lines(value)
        case BrowserData():
            return {name: _json(value)}
        case bool():
            return {name: "1" if value else "0"}
        case Decimal():
            return {name: _amount(value)}
        case date():
            return {name: f"{value:%m/%d/%Y}"}
        case Secret():
            return {name: value.reveal()}
        case _ if isinstance(value, get_args(Payment)):
            return {"paySource": value.paySource, **parameters(value)}
        case _:
            return {name: str(value)}


def _amount(value: Decimal) -> str:
    """Never rounded: a dinar has three places."""
    places = max(PLACES, -int(value.normalize().as_tuple().exponent))
    return f"{value:.{places}f}"


def _json(value: BrowserData) -> str:
    told = {name: found for name, found in asdict(value).items() if found is not None}
    return json.dumps(told, separators=(",", ":"))


def _card(card: Card) -> dict[str, str]:
    return {
        "paySource": "CREDITCARD",
        "cardNumber": card.number.reveal(),
        "cardMonth": f"{card.month:02}",
        "cardYear": f"{card.year:04}",
        "cardSecurityCode": card.security_code.reveal(),
    }


def _lines(lines: tuple[Line, ...]) -> dict[str, str]:
    """Numbered from one without a gap, because the CRM stops reading at the first."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        pairs[f"product{number}_id"] = str(line.productId)
        pairs |= _pairs(f"product{number}_qty", line.qty)
        pairs |= _pairs(f"product{number}_price", line.price)
        pairs |= _pairs(f"product{number}_shipPrice", line.shipPrice)
        pairs |= _pairs(f"variant{number}_id", line.variantId)
    return pairs
