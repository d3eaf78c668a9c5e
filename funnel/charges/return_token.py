"""The signed ticket in an address that a bank or PayPal sends a shopper back to: which attempt it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

SALT = "return"


class ForeignTicket(Exception):
    """Missing, damaged or not ours."""


@dataclass(frozen=True)
class Ticket:
    visit_id: str
    slot: str
    key: str


class ReturnTokens:
    """`keys` are secret keys, the newest first. A ticket serves one attempt and, as attempts end once, one end."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = URLSafeSerializer(list(reversed(keys)), salt=SALT)

    def issue(self, ticket: Ticket) -> str:
        return str(self._signer.dumps([ticket.visit_id, ticket.slot, ticket.key]))

    def read(self, text: str) -> Ticket:
        """Raises ForeignTicket."""
        try:
            return Ticket(*self._signer.loads(text))
        except (BadSignature, ValueError, TypeError):
            raise ForeignTicket from None
