"""How single values are read: the CRM writes the same fact as text here and as a number there."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from funnel.cards import looks_like_card
from funnel.crm.errors import Garbled

Message = Mapping[str, object]

IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,64}")
WHOLE = re.compile(r"-?[0-9]{1,12}(?:\.0+)?")
AMOUNT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
NOISY_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,30})?")
MILLIONTH = Decimal("0.000001")
# No user, no password, no host in letters that look like others, nothing that two parsers may read in two ways.
WEB_ADDRESS = re.compile(
    r"(?:https://[a-z0-9-]+(?:\.[a-z0-9-]+)*|http://(?:127\.0\.0\.1|localhost))"
    r"(?::[0-9]{1,5})?(?:[/?#][^\s\"'<>\\]*)?",
    re.IGNORECASE,
)
LONGEST_ADDRESS = 2048  # characters
LONGEST_TEXT = 500
WITHHELD = "(withheld: it holds what looks like a card number)"


def mapping(value: object) -> Message:
    """Raises Garbled for anything but an object."""
    if not isinstance(value, Mapping):
        raise Garbled("no facts")
    return value


def rows(message: Message, name: str) -> list[Message]:
    """Rows come as a list, or as an object keyed by their ids. Raises Garbled when there is neither."""
    found = message.get(name)
    if isinstance(found, Mapping):
        found = list(found.values())
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise Garbled(f"no {name}")
    return [mapping(row) for row in found]


def text(value: object) -> str | None:
    """A scalar as short text that can be kept anywhere; None when there is none or it is empty."""
    shown = _clean(value)[:LONGEST_TEXT]
    return WITHHELD if looks_like_card(shown) else shown or None


def script(value: object) -> str | None:
    """Markup or code as it stands, of any length; False and empty stand for none."""
    return _clean(value) or None


def identifier(value: object) -> str | None:
    """An id as text: letters, digits, hyphens. None when there is none. Raises Garbled for anything else."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not IDENTIFIER.fullmatch(str(value)):
        raise Garbled("an id that is none")
    return str(value)


def required_identifier(message: Message, name: str) -> str:
    found = identifier(message.get(name))
    if found is None:
        raise Garbled(f"no {name}")
    return found


def whole(value: object) -> int | None:
    """A whole number, given as a number or as text. None when there is none or it cannot be read."""
    if isinstance(value, bool) or not WHOLE.fullmatch(str(value)):
        return None
    return int(Decimal(str(value)))


def quantity(value: object) -> int:
    """How many, one where it is not told. Raises Garbled for what cannot be read: it is evidence."""
    if value is None or value == "":
        return 1
    found = whole(value)
    if found is None:
        raise Garbled("a quantity that is none")
    return found


def money(value: object) -> Decimal | None:
    """An amount. What cannot be read is None, for a paid order is not disowned over a total."""
    if isinstance(value, bool) or not AMOUNT.fullmatch(str(value)):
        return None
    return Decimal(str(value))


def amount(value: object) -> Decimal | None:
    """An amount that is not negative; None when there is none. Raises Garbled for what is no such amount.

    More than six places are the noise of floating point, and rounded away.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not NOISY_AMOUNT.fullmatch(str(value)):
        raise Garbled("an amount that is none")
    found = Decimal(str(value))
    return found if AMOUNT.fullmatch(str(value)) else found.quantize(MILLIONTH)


def moment(value: object) -> str | None:
    """The CRM's time (US Eastern) as it writes it: as text, or inside PHP's date object in older answers."""
    return text(value.get("date") if isinstance(value, Mapping) else value)


def web_address(value: object) -> str | None:
    """An address a browser may be sent to: https, but for a CRM on this machine. Raises Garbled for any other."""
    if value is None or value == "":
        return None
    if (
        isinstance(value, str)
        and len(value) <= LONGEST_ADDRESS
        and value.isprintable()
        and WEB_ADDRESS.fullmatch(value)
    ):
        return value
    raise Garbled("an address that is none")


def settings(value: object) -> dict[str, str] | None:
    """The scalars of an object, as text of any length; None when there is no object."""
    if not isinstance(value, Mapping):
        return None
    return {_clean(name): found for name, each in value.items() if (found := _clean(each))}


def _clean(value: object) -> str:
    """A scalar without what databases and encoders choke on; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()
