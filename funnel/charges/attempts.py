"""One charge per visit and slot: claims committed before the call, outcomes that only evidence can change.

    CLAIMED --mark_sent--> SENT --reply--> CHARGED | DECLINED | NOT_CHARGED | AWAIT_REDIRECT
       |                     `--silence--> UNKNOWN --Order Query--> CHARGED | DECLINED | NOT_CHARGED | NEEDS_HUMAN
       `--lease passed: NOT_CHARGED, for it was never sent

The guarantee rests on two unique indexes (tables.py): one live attempt in a slot, one in flight in a visit.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, select

from funnel.attempt import (
    FIRST_ASK,
    LONGEST_ASK,
    ORDER,
    UNRESOLVED,
    Attempt,
    AwayKind,
    By,
    Claim,
    PaySource,
    Reason,
    Refusal,
    State,
    Verdict,
    new_key,
)
from funnel.basket import Basket
from funnel.campaign.campaign import DOWNSELL
from funnel.charges.journal import Entries, Journal, moving
from funnel.charges.rows import NOT_KNOWN_YET, OF_ORDERS_SINCE, OF_VISIT, by_key, rows
from funnel.limits.origin import Origin
from funnel.limits.tries import Mood, Tries
from funnel.store.store import Store
from funnel.store.tables import attempts, visits

# Built once: to build a statement takes longer than to run it.
SEEN = moving(attempts.c.key == bindparam("of"), attempts.c.state.in_(bindparam("seen", expanding=True)))
AT_PAYPAL = moving(
    attempts.c.key == bindparam("of"),
    attempts.c.state == State.AWAIT_REDIRECT,
    attempts.c.away["kind"].as_string() == AwayKind.PAYPAL,
)
SEEN_WITH_QUIET_TIME = SEEN.where(attempts.c.settle_at == bindparam("quiet_until"))
ONE_CLAIM_AT_A_TIME = select(visits.c.id).where(visits.c.id == bindparam("visit")).with_for_update()


class Attempts:
    """The ledger of charges. Every change is committed to the disk before the method returns."""

    def __init__(self, store: Store, *, decline_limit: int, tries: Tries | None = None) -> None:
        self._store = store
        self._journal = Journal(store)
        self._tries = tries
        self._decline_limit = decline_limit

    def claim(
        self,
        key: str,
        visit_id: str,
        slot: str,
        basket: Basket,
        *,
        lease: float,
        pay_source: PaySource = PaySource.CARD,
        origin: Origin | None = None,
    ) -> Claim:
        """Take the right to send one charge; `lease` seconds until it counts as abandoned.

        A charge with an `origin` is of a card that somebody has typed there, which is not tried without end.
        """
        with self._journal.open(By.SHOPPER) as entries:
            connection = entries.connection
            connection.execute(ONE_CLAIM_AT_A_TIME, {"visit": visit_id})
            if standing := self._standing(connection, key, visit_id, slot):
                return standing
            if origin and self._tries and self._tries.mood_within(connection, origin, visit_id) is Mood.SPENT:
                return Claim(refusal=Refusal.TOO_MANY_TRIES)
            now = self._store.clock()
            added = entries.add(
                key=key,
                visit_id=visit_id,
                slot=slot,
                state=State.CLAIMED,
                basket=basket.model_dump(mode="json"),
                pay_source=pay_source,
                baseline=_charged_quantity(rows(connection, OF_VISIT, visit=visit_id), basket.lines[0].productId),
                created_at=now,
                lease_until=now + lease,
                address=origin.address if origin else None,
                network=origin.network if origin else None,
            )
            # On PostgreSQL another one may have been faster between the look and the insert.
            attempt = by_key(connection, key)
            if added and attempt:
                return Claim(attempt, mine=True)
            return self._standing(connection, key, visit_id, slot) or Claim(refusal=Refusal.BUSY)

    def pass_over(self, key: str, visit_id: str, slot: str, basket: Basket) -> None:
        """A press that nothing was claimed for; it decides the slot, so that the shopper gets on."""
        now = self._store.clock()
        with self._journal.open(By.SHOPPER) as entries:
            known = rows(entries.connection, OF_VISIT, visit=visit_id)
            if any(attempt.slot == slot and attempt.state.live for attempt in known):
                return
            entries.add(
                key=key,
                visit_id=visit_id,
                slot=slot,
                state=State.NOT_CHARGED,
                reason=Reason.UNREACHABLE,
                basket=basket.model_dump(mode="json"),
                created_at=now,
                lease_until=now,
                settled_at=now,
            )

    def mark_sent(self, key: str, order_id: str, *, lease: float) -> bool:
        """The last step before the first byte. False: somebody recovered the claim, so nothing may be sent."""
        now = self._store.clock()
        until = now + lease
        return self._move(
            By.CHARGE, key, (State.CLAIMED,), state=State.SENT, order_id=order_id, sent_at=now, lease_until=until
        )

    def settle(
        self, key: str, verdict: Verdict, *, by: By, seen: Sequence[State], settle_at: float | None = None
    ) -> bool:
        """Write down an outcome, if the attempt still has one of the states and the quiet time it was seen with."""
        now = self._store.clock()
        unresolved = verdict.state in UNRESOLVED
        pause = LONGEST_ASK if verdict.state is State.NEEDS_HUMAN else FIRST_ASK
        return self._move(
            by,
            key,
            seen,
            quiet_until=settle_at,
            state=verdict.state,
            reason=verdict.reason,
            fields=list(verdict.fields),
            totals=asdict(verdict.totals) if verdict.totals else None,
            settle_at=verdict.settle_at,
            away=asdict(verdict.away) if verdict.away else None,
            settled_at=None if unresolved else now,
            ask_at=now + pause if unresolved else None,
        )

    def resume(self, key: str, *, lease: float) -> bool:
        """The shopper is back from PayPal's legacy workflow, where nothing is charged before the second call.

        Like mark_sent it is the last step before the first byte. False: somebody else sends it; or has sent it, and
        it waits again, now for a bank that charges by itself; or it has ended.
        """
        now = self._store.clock()
        return self._from_paypal(key, state=State.SENT, sent_at=now, lease_until=now + lease)

    def cancel(self, key: str) -> bool:
        """The shopper is back from there without having agreed. False where it is too late for that."""
        return self._from_paypal(
            key,
            state=State.NOT_CHARGED,
            reason=Reason.CANCELLED,
            away=None,
            ask_at=None,
            settled_at=self._store.clock(),
        )

    def returned(self, key: str) -> None:
        """The shopper has done what the bank wanted: Order Query is asked now, and nobody has to go there again."""
        self._move(By.SHOPPER, key, (State.AWAIT_REDIRECT,), ask_at=self._store.clock(), asked=0, away=None)

    def refused_away(self, key: str, *, settle_at: float) -> None:
        """The bank says that it failed; that is believed at `settle_at`, for another try there may still succeed."""
        self._move(By.SHOPPER, key, (State.AWAIT_REDIRECT,), ask_at=self._store.clock(), asked=0, settle_at=settle_at)

    def adopting(self, by: By) -> AbstractContextManager[Entries]:
        """One transaction for `adopt`, and for what belongs to it."""
        return self._journal.open(by)

    def adopt(self, entries: Entries, visit_id: str, order_id: str, *, quiet_time: float) -> bool:
        """An orderId without a row of ours, for the store was lost: unknown until Order Query has been asked.

        False where an attempt of ours is under way or has succeeded, for then nothing was lost.
        """
        now = self._store.clock()
        return entries.add(
            key=new_key(),
            visit_id=visit_id,
            slot=ORDER,
            state=State.UNKNOWN,
            order_id=order_id,
            created_at=now,
            lease_until=now,
            sent_at=now,
            settle_at=now + quiet_time,
            ask_at=now,
        )

    def find(self, key: str) -> Attempt | None:
        with self._store.read() as connection:
            return by_key(connection, key)

    def of_visit(self, visit_id: str) -> list[Attempt]:
        """All attempts of a visit, oldest first."""
        with self._store.read() as connection:
            return rows(connection, OF_VISIT, visit=visit_id)

    def by_order(self, since: float) -> dict[str, list[Attempt]]:
        """All attempts of the orders that were charged, or may have been, after a moment."""
        with self._store.read() as connection:
            found: dict[str, list[Attempt]] = {}
            for attempt in rows(connection, OF_ORDERS_SINCE, since=since):
                found.setdefault(attempt.order_id or "", []).append(attempt)
        return found

    def unresolved(self) -> list[Attempt]:
        """What is not known yet, oldest first; what needs a human among them."""
        with self._store.read() as connection:
            return rows(connection, NOT_KNOWN_YET)

    def standing(self, key: str, visit_id: str, slot: str) -> Claim | None:
        """What a claim would be answered with, were it not made: another press, or a refusal; None if free."""
        with self._store.read() as connection:
            return self._standing(connection, key, visit_id, slot)

    def _standing(self, connection: Connection, key: str, visit_id: str, slot: str) -> Claim | None:
        """What keeps a new attempt from being made, in the order in which it should be told."""
        mine = rows(connection, OF_VISIT, visit=visit_id)
        if live := next((attempt for attempt in mine if attempt.slot == slot and attempt.state.live), None):
            return Claim(live)
        if known := by_key(connection, key):
            return Claim(known) if (known.visit_id, known.slot) == (visit_id, slot) else Claim(refusal=Refusal.BUSY)
        if any(attempt.state.unresolved for attempt in mine):
            return Claim(refusal=Refusal.BUSY)
        if any(_instead(attempt, slot) for attempt in mine):
            return Claim(refusal=Refusal.ONE_OF_TWO)
        if slot != ORDER and not any(attempt.bears_upsells for attempt in mine):
            return Claim(refusal=Refusal.NO_ORDER)
        declines = sum(attempt.state is State.DECLINED for attempt in mine)
        return Claim(refusal=Refusal.TOO_MANY_DECLINES) if declines >= self._decline_limit else None

    def _from_paypal(self, key: str, **values: Any) -> bool:
        with self._journal.open(By.SHOPPER) as entries:
            return entries.move(AT_PAYPAL, {"of": key}, values) == 1

    def _move(
        self, by: By, key: str, seen: Sequence[State], *, quiet_until: float | None = None, **values: Any
    ) -> bool:
        of: dict[str, Any] = {"of": key, "seen": list(seen)}
        if quiet_until is not None:
            of["quiet_until"] = quiet_until
        with self._journal.open(by) as entries:
            return entries.move(SEEN if quiet_until is None else SEEN_WITH_QUIET_TIME, of, values) == 1


def _instead(attempt: Attempt, slot: str) -> bool:
    """Whether the downsell of an upsell, or that upsell itself, has been charged: one of the two is all there is."""
    return attempt.state is State.CHARGED and attempt.slot.removesuffix(DOWNSELL) == slot.removesuffix(DOWNSELL)


def _charged_quantity(mine: Sequence[Attempt], product_id: int) -> int:
    """How many of a product our own books say are paid: an upsell shows as more than that."""
    baskets = [attempt.basket for attempt in mine if attempt.state is State.CHARGED and attempt.basket]
    return sum(basket.quantity_of(product_id) for basket in baskets)
