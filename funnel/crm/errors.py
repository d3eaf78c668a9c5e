"""What can go wrong with a call, and whether a charge may have happened all the same.

CrmError
├── NotSent    the connection never came up: nothing was sent
├── NoAnswer   it came up, then silence, a reset or the deadline
├── Garbled    something answered, but it cannot be read, or says success without the facts
└── Refused    the CRM answered a legible ERROR; `kind` says which

Every error tells three things:
permanent         repeating the same call would be pointless
may_have_charged  if the call was a charge, the money may have been taken
answered          the CRM, or something in its place, did take the call and answer it

No error holds a parameter of its call, and str(error) is short and free of the CRM's own words. The frames of
a traceback do hold what was sent, so an error is logged by its text and never with its traceback.
"""

from collections.abc import Mapping
from enum import Enum


class Kind(Enum):
    """The refusals we know. UNKNOWN is any other ERROR, which says nothing about the money.

    ALREADY_PURCHASED (the campaign's reorder days) and FRAUD_LIMIT (the CRM's own limits on declines and cards)
    are guessed from the text's words, for the vendor publishes none: they choose what a shopper is told, and say
    no more about the money than UNKNOWN does.
    """

    DECLINED = "declined"
    PREPAID = "prepaid"
    INVALID = "invalid"
    AUTH = "auth"
    NOT_FOUND = "not found"
    ALREADY_PURCHASED = "already purchased"
    FRAUD_LIMIT = "fraud limit"
    UNKNOWN = "unknown"


GUESSED = (Kind.ALREADY_PURCHASED, Kind.FRAUD_LIMIT, Kind.UNKNOWN)
# Credentials and whitelists are mended by people, and an unknown text may be a passing trouble.
WORTH_REPEATING = (Kind.AUTH, *GUESSED)
DEADLINE = "deadline"  # the reason of a failure that was ours to wait no longer


class CrmError(Exception):
    """A call that did not bring what it was made for. Only its branches are raised."""

    permanent = False
    may_have_charged = True
    answered = False

    @property
    def outcome(self) -> str:
        """One word for the log."""
        return type(self).__name__


class NotSent(CrmError):
    """TCP and, for https, TLS never came up. The reason is a class name or `deadline`."""

    may_have_charged = False

    def __str__(self) -> str:
        return f"not sent ({self.args[0]})"


class NoAnswer(CrmError):
    """The connection was up and no whole answer came. The reason is a class name or `deadline`."""

    def __str__(self) -> str:
        return f"no answer ({self.args[0]})"


class Garbled(CrmError):
    """An answer that cannot be read. `answered` is False where a server may still work: 5xx, odd 2xx."""

    def __init__(self, reason: str, *, answered: bool = True) -> None:
        super().__init__(reason)
        self.answered = answered

    def __str__(self) -> str:
        return f"illegible answer ({self.args[0]})"


class Refused(CrmError):
    """A legible ERROR.

    `text` is the CRM's own, for operators; it is never shown to shoppers. `fields` maps the CRM's field names
    to its texts, predicates such as `is a required field`; it is empty unless the kind is INVALID.
    """

    answered = True

    def __init__(self, kind: Kind, text: str, fields: Mapping[str, str]) -> None:
        super().__init__(kind, text, fields)
        self.kind = kind
        self.text = text
        self.fields = fields
        self.permanent = kind not in WORTH_REPEATING
        self.may_have_charged = kind in GUESSED

    @property
    def outcome(self) -> str:
        return f"{type(self).__name__}-{self.kind.name}"

    def __str__(self) -> str:
        names = ", ".join(name for name in self.fields if name.isidentifier())
        return f"refused ({self.kind.value}: {names})" if names else f"refused ({self.kind.value})"
