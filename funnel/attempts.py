"""One charge per visit and slot: claims committed before the call, outcomes that only evidence can change.

    CLAIMED --mark_sent--> SENT --reply--> CHARGED | DECLINED | NOT_CHARGED | AWAIT_REDIRECT
       |                     `--silence--> UNKNOWN --Order Query--> CHARGED | DECLINED | NOT_CHARGED | NEEDS_HUMAN
       `--lease passed: NOT_CHARGED, for it was never sent

The guarantee rests on two unique indexes (store.py): one live attempt in a slot, one in flight in a visit.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from funnel.attempt import (
    ORDER,
    UNRESOLVED,
    Attempt,
    Claim,
    Reason,
    Refusal,
    State,
    Totals,
    Verdict,
    new_key,
)
from funnel.campaign import Package
from funnel.store import Store, attempts, insert_new, refusals

FIRST_ASK = 2.0  # seconds until Order Query is asked; doubled with each further question
LONGEST_ASK = 300.0


class Attempts:
    """The ledger of charges. Every change is committed to the disk before the method returns."""

    def __init__(self, store: Store, *, decline_limit: int) -> None:
        self._store = store
        self._decline_limit = decline_limit

    def claim(self, key: str, visit_id: str, slot: str, package: Package, *, lease: float) -> Claim:
        """Take the right to send one charge; `lease` seconds until it counts as abandoned."""
        with self._store.durable() as connection:
            if standing := self._standing(connection, key, visit_id, slot):
                return standing
            now = self._store.clock()
            inserted = insert_new(
                connection,
                attempts,
                key=key,
                visit_id=visit_id,
                slot=slot,
                state=State.CLAIMED,
                package=package.model_dump(mode="json"),
                baseline=self._charged_quantity(connection, visit_id, package.productId),
                created_at=now,
                lease_until=now + lease,
            )
            # On PostgreSQL another one may have been faster between the look and the insert.
            attempt = _by_key(connection, key)
            if inserted and attempt:
                return Claim(attempt, mine=True)
            return self._standing(connection, key, visit_id, slot) or Claim(refusal=Refusal.BUSY)

    def mark_sent(self, key: str, order_id: str, *, lease: float) -> bool:
        """The last step before the first byte. False: somebody recovered the claim, so nothing may be sent."""
        now = self._store.clock()
        return self._move(
            key, (State.CLAIMED,), state=State.SENT, order_id=order_id, sent_at=now, lease_until=now + lease
        )

    def settle(self, key: str, verdict: Verdict, *, seen: Sequence[State], settle_at: float | None = None) -> bool:
        """Write down an outcome, if the attempt still has one of the states and the quiet time it was seen with."""
        now = self._store.clock()
        unresolved = verdict.state in UNRESOLVED
        pause = LONGEST_ASK if verdict.state is State.NEEDS_HUMAN else FIRST_ASK
        return self._move(
            key,
            seen,
            quiet_until=settle_at,
            state=verdict.state,
            reason=verdict.reason,
            fields=list(verdict.fields),
            totals=asdict(verdict.totals) if verdict.totals else None,
            settle_at=verdict.settle_at,
            settled_at=None if unresolved else now,
            ask_at=now + pause if unresolved else None,
        )

    def recover(self, *, quiet_time: float) -> None:
        """Claims and charges whose process is gone: the first were never sent, the second are unknown."""
        now = self._store.clock()
        gone = attempts.c.lease_until < now
        never_sent = {"state": State.NOT_CHARGED, "reason": Reason.NEVER_SENT, "settled_at": now}
        unknown = {"state": State.UNKNOWN, "ask_at": now, "settle_at": attempts.c.sent_at + quiet_time}
        with self._store.durable() as connection:
            connection.execute(update(attempts).where(gone, attempts.c.state == State.CLAIMED).values(never_sent))
            connection.execute(update(attempts).where(gone, attempts.c.state == State.SENT).values(unknown))

    def abandoned(self) -> bool:
        """Whether recover has anything to do; a read, so that a sweep usually writes nothing."""
        gone = (attempts.c.lease_until < self._store.clock()) & attempts.c.state.in_((State.CLAIMED, State.SENT))
        with self._store.read() as connection:
            return connection.execute(select(attempts.c.key).where(gone).limit(1)).first() is not None

    def lease_unresolved(self, *, limit: int, seconds: float) -> list[Attempt]:
        """Attempts that Order Query should be asked about now, nobody else's for that many seconds."""
        now = self._store.clock()
        unresolved = attempts.c.state.in_(UNRESOLVED) & (attempts.c.ask_at <= now)
        due = select(attempts.c.key).where(unresolved).order_by(attempts.c.ask_at).limit(limit)
        with self._store.read() as connection:
            if connection.execute(due).first() is None:
                return []
        keys = attempts.c.key.in_(due.with_for_update(skip_locked=True))
        taking = update(attempts).where(keys).values(ask_at=now + seconds, asked=attempts.c.asked + 1)
        with self._store.write() as connection:
            return [_from_row(row) for row in connection.execute(taking.returning(*attempts.c))]

    def ask_later(self, attempt: Attempt) -> None:
        """Order Query could not tell yet: ask again after a pause that grows."""
        pause = min(LONGEST_ASK, FIRST_ASK * 2 ** min(attempt.asked - 1, 16))
        self._move(attempt.key, UNRESOLVED, ask_at=self._store.clock() + pause)

    def adopt(self, connection: Connection, visit_id: str, order_id: str, *, quiet_time: float) -> None:
        """An orderId without a row of ours, for the store was lost: unknown until Order Query has been asked."""
        now = self._store.clock()
        insert_new(
            connection,
            attempts,
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
            return _by_key(connection, key)

    def of_visit(self, visit_id: str) -> list[Attempt]:
        """All attempts of a visit, oldest first."""
        with self._store.read() as connection:
            rows = connection.execute(
                select(attempts).where(attempts.c.visit_id == visit_id).order_by(attempts.c.created_at)
            )
            return [_from_row(row) for row in rows]

    def by_order(self, since: float) -> dict[str, list[Attempt]]:
        """All attempts of the orders that were charged, or may have been, after a moment."""
        touched = select(attempts.c.order_id).where(attempts.c.sent_at >= since, attempts.c.order_id.is_not(None))
        with self._store.read() as connection:
            found: dict[str, list[Attempt]] = {}
            for attempt in _rows(connection, attempts.c.order_id.in_(touched)):
                found.setdefault(attempt.order_id or "", []).append(attempt)
        return found

    def unresolved(self) -> list[Attempt]:
        """What is not known yet, oldest first; what needs a human among them."""
        with self._store.read() as connection:
            return _rows(connection, attempts.c.state.in_((*UNRESOLVED, State.SENT, State.CLAIMED)))

    def refuse(self, visit_id: str, slot: str) -> None:
        """The shopper said no thanks; saying it twice changes nothing."""
        with self._store.write() as connection:
            insert_new(connection, refusals, visit_id=visit_id, slot=slot)

    def refused(self, visit_id: str) -> frozenset[str]:
        with self._store.read() as connection:
            rows = connection.execute(select(refusals.c.slot).where(refusals.c.visit_id == visit_id))
            return frozenset(row.slot for row in rows)

    def standing(self, key: str, visit_id: str, slot: str) -> Claim | None:
        """What a claim would be answered with, were it not made: another press, or a refusal; None if free."""
        with self._store.read() as connection:
            return self._standing(connection, key, visit_id, slot)

    def _standing(self, connection: Connection, key: str, visit_id: str, slot: str) -> Claim | None:
        """What keeps a new attempt from being made, in the order in which it should be told."""
        mine = _rows(connection, attempts.c.visit_id == visit_id)
        if live := next((attempt for attempt in mine if attempt.slot == slot and attempt.state.live), None):
            return Claim(live)
        if known := _by_key(connection, key):
            return Claim(known) if (known.visit_id, known.slot) == (visit_id, slot) else Claim(refusal=Refusal.BUSY)
        if any(attempt.state.unresolved for attempt in mine):
            return Claim(refusal=Refusal.BUSY)
        if slot != ORDER and not any(attempt.bears_upsells for attempt in mine):
            return Claim(refusal=Refusal.NO_ORDER)
        declines = sum(attempt.state is State.DECLINED for attempt in mine)
        return Claim(refusal=Refusal.TOO_MANY_DECLINES) if declines >= self._decline_limit else None

    def _charged_quantity(self, connection: Connection, visit_id: str, product_id: int) -> int:
        """How many of a product our own books say are paid: an upsell shows as more than that."""
        charged = _rows(connection, (attempts.c.visit_id == visit_id) & (attempts.c.state == State.CHARGED))
        packages = [attempt.package for attempt in charged if attempt.package]
        return sum(package.quantity for package in packages if package.productId == product_id)

    def _move(self, key: str, seen: Sequence[State], *, quiet_until: float | None = None, **values: Any) -> bool:
        unchanged = (attempts.c.key == key) & attempts.c.state.in_(seen)
        if quiet_until is not None:
            unchanged &= attempts.c.settle_at == quiet_until
        with self._store.durable() as connection:
            return connection.execute(update(attempts).where(unchanged).values(values)).rowcount == 1


def _by_key(connection: Connection, key: str) -> Attempt | None:
    return next(iter(_rows(connection, attempts.c.key == key)), None)


def _rows(connection: Connection, which: ColumnElement[bool]) -> list[Attempt]:
    return [_from_row(row) for row in connection.execute(select(attempts).where(which).order_by(attempts.c.created_at))]


def _from_row(row: Row[Any]) -> Attempt:
    return Attempt(
        key=row.key,
        visit_id=row.visit_id,
        slot=row.slot,
        state=State(row.state),
        package=Package.model_validate(row.package) if row.package else None,
        baseline=row.baseline,
        order_id=row.order_id,
        created_at=row.created_at,
        lease_until=row.lease_until,
        sent_at=row.sent_at,
        settle_at=row.settle_at,
        asked=row.asked,
        reason=Reason(row.reason) if row.reason else None,
        fields=tuple(row.fields or ()),
        totals=Totals(**row.totals) if row.totals else None,
    )
