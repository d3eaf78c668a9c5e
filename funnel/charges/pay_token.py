"""The signed ticket in a pay form: which press it is, whose, for what, and at which price it was shown."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from itsdangerous import BadSignature, URLSafeSerializer

from funnel.attempt import new_key
from funnel.basket import Basket

SALT = "pay"
DIGEST_BYTES = 8


class StaleToken(Exception):
    """Missing, damaged, or of another visit or page: show the form afresh, charge nothing."""


class ChangedOffer(StaleToken):
    """What is offered now is not what this form showed."""


class PayTokens:
    """`keys` are secret keys, the newest first, as Flask's SECRET_KEY and SECRET_KEY_FALLBACKS are."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._signer = URLSafeSerializer(list(reversed(keys)), salt=SALT)

    def issue(self, visit_id: str, slot: str, baskets: Iterable[Basket]) -> str:
        return str(self._signer.dumps([new_key(), visit_id, slot, _digest(baskets)]))

    def read(self, token: str | None, visit_id: str, slot: str, baskets: Iterable[Basket]) -> str:
        """The key of this press. Raises StaleToken, or ChangedOffer when only the offer differs."""
        try:
            key, *rest = self._signer.loads(token or "")
        except (BadSignature, ValueError, TypeError):
            raise StaleToken from None
        if rest == [visit_id, slot, _digest(baskets)]:
            return str(key)
        raise ChangedOffer if rest[:2] == [visit_id, slot] else StaleToken


def _digest(baskets: Iterable[Basket]) -> str:
    shown = "\n".join(basket.model_dump_json() for basket in baskets)
    return blake2b(shown.encode(), digest_size=DIGEST_BYTES).hexdigest()
