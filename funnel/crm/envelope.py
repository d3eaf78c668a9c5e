"""Opens an answer: {"result": …, "message": …} becomes a message to read, or the refusal it is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from funnel.crm.errors import Garbled, Kind, Refused
from funnel.crm.values import text

SUCCESS, REDIRECT, ERROR = "SUCCESS", "MERC_REDIRECT", "ERROR"

# The texts below were recorded from the vendor's test gateway, but for those of AUTH, `Cannot user test card`
# and the prepaid pattern, which come from the vendor's help pages, its own SDK and public clients.
DECLINE = "Transaction Declined: "
PREPAID = re.compile(r"Prepaid.+Not Accepted", re.IGNORECASE)
AUTH = ("Could not authenticate credentials", "IP must be whitelisted")
NOT_FOUND = "could be found"
INVALID = (
    "No products exist in the order",
    "First and last name are required fields.",
    "Customer not found",
    "Cannot user test card",
)

FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z_]*[0-9]{0,2}[A-Za-z_]*")  # cardNumber, address1, product12_qty

# Guesses: no text of these two refusals was ever published, so only words that can hardly mean anything else count.
ALREADY_PURCHASED = re.compile(
    r"\balready\s+(?:been\s+)?(?:purchased|bought|ordered)\b|\bre-?order[\s-]days?\b", re.IGNORECASE
)
FRAUD_LIMIT = re.compile(
    r"\b(?:fraud|declines?|cards?)[\s-]limits?\b|\bfraud\s+protection\b|\btoo\s+many\s+(?:declines|declined|cards)\b",
    re.IGNORECASE,
)

# How the text of a field begins, told of its name: "is a required field", "Not a valid input".
PREDICATE = re.compile(r"(is|are|has|must|may|can|cannot|should|exceeds|needs|not)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Envelope:
    """An answer that is no error. `message` is whatever JSON the CRM put there."""

    result: str
    message: object


def open_envelope(body: bytes) -> Envelope:
    """Raises Refused for a legible ERROR, Garbled for anything that is not an envelope."""
    envelope = _load(body)
    if not isinstance(envelope, dict):
        raise Garbled("no JSON object")
    result, message = envelope.get("result"), envelope.get("message")
    if result == ERROR:
        raise _refusal(message)
    if result not in (SUCCESS, REDIRECT):
        raise Garbled("unknown result" if "result" in envelope else "no result")
    return Envelope(result, message)


def _load(body: bytes) -> object:
    """Strict JSON. None, which is no envelope either, for what is not."""
    try:
        loaded: object = json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        return None
    return loaded


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two equal keys nobody knows which the sender meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _refusal(message: object) -> Refused:
    if isinstance(message, Mapping):
        fields = _field_map(message)
        return Refused(Kind.INVALID if fields else Kind.UNKNOWN, "", fields)
    said = text(message) or ""
    return Refused(_kind(said), said, {})


def _field_map(message: Mapping[str, object]) -> dict[str, str]:
    """Field names to texts. Empty when it is anything else: an order inside an ERROR must not pass for it.

    The names are kept in the ledger, so what is no plain name, a card number that was said back say, is none.
    """
    found = {
        name: value
        for name, value in message.items()
        if FIELD_NAME.fullmatch(name) and isinstance(value, str) and PREDICATE.match(value)
    }
    return {name: text(value) or "" for name, value in found.items()} if len(found) == len(message) else {}


def _kind(said: str) -> Kind:
    if PREPAID.search(said):
        return Kind.PREPAID
    if said.startswith(DECLINE):
        return Kind.DECLINED
    if any(known in said for known in AUTH):
        return Kind.AUTH
    if said.startswith(INVALID):
        return Kind.INVALID
    return Kind.NOT_FOUND if NOT_FOUND in said else _guess(said)


def _guess(said: str) -> Kind:
    if ALREADY_PURCHASED.search(said):
        return Kind.ALREADY_PURCHASED
    return Kind.FRAUD_LIMIT if FRAUD_LIMIT.search(said) else Kind.UNKNOWN
