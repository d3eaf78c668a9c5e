"""The protocol of one charge: claim, make ready, mark sent, send once, write down the outcome."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from threading import BoundedSemaphore

from sqlalchemy.exc import SQLAlchemyError

from funnel.attempt import Attempt, By, Claim, Reason, Refusal, State, Verdict
from funnel.charges import drift
from funnel.charges.attempts import Attempts
from funnel.charges.charge import Charge, Deadlines, NotReady
from funnel.charges.judge import Judge
from funnel.crm.errors import CrmError

log = logging.getLogger("funnel.charging")

GLANCE = 0.05  # seconds between two looks at another request's attempt
LEASE_MARGIN = 15.0  # seconds a claim outlives its deadlines, for a machine that is slow
BEFORE_REPLY = (State.SENT, State.UNKNOWN)  # the sweep may have called a slow charge unknown meanwhile


class Charging:
    """A bounded number of charges at a time; they go on when the request that asked has stopped waiting."""

    def __init__(
        self,
        *,
        attempts: Attempts,
        judge: Judge,
        deadlines: Deadlines,
        seats: int,
        clock: Callable[[], float],
        crm_is_down: Callable[[], bool],
    ) -> None:
        self._attempts = attempts
        self._judge = judge
        self._deadlines = deadlines
        self._clock = clock
        self._crm_is_down = crm_is_down
        self._seats = BoundedSemaphore(seats)
        self._threads = ThreadPoolExecutor(seats, thread_name_prefix="charge")

    def charge(self, charge: Charge) -> Claim:
        """Claim and send, or wait for whoever did; the attempt as it stands after at most `wait` seconds.

        Refused before anything is claimed: with CRM_DOWN when that is known, with BUSY when every seat is taken.
        Raises SQLAlchemyError when the claim cannot be written: then nothing was sent.
        """
        return self._take(charge, self._claim, self._make, self._not_begun)

    def go_on(self, charge: Charge) -> Claim:
        """Send the second call of a charge whose shopper is back from PayPal; the claim is still the first call's.

        Refused and raising like `charge`; later presses see the first one's outcome.
        """
        return self._take(charge, self._resume, self._send, self._not_resumed)

    def wait(self, attempt: Attempt) -> Attempt:
        """The attempt as soon as the CRM has answered, or as it stands after the wait."""
        until = time.monotonic() + self._deadlines.wait
        while attempt.state in (State.CLAIMED, State.SENT) and time.monotonic() < until:
            time.sleep(GLANCE)
            attempt = self._look(attempt)
        return attempt

    def drain(self) -> None:
        """Let the charges on their way come to their end; new ones are refused."""
        self._threads.shutdown(wait=True)

    def _take(
        self,
        charge: Charge,
        claim_it: Callable[[Charge], Claim],
        work: Callable[[Charge, Attempt], None],
        refuse: Callable[[Charge, Refusal], Claim],
    ) -> Claim:
        """A seat first, then the claim; the seat goes with the work, or back at once where there is none."""
        if self._crm_is_down():
            return refuse(charge, Refusal.CRM_DOWN)
        if not self._seats.acquire(blocking=False):
            return refuse(charge, Refusal.BUSY)
        try:
            claim = claim_it(charge)
        except BaseException:
            self._seats.release()
            raise
        if claim.attempt and claim.mine:
            self._begin(charge, claim.attempt, work)
        else:
            self._seats.release()
        return self._after_wait(claim)

    def _claim(self, charge: Charge) -> Claim:
        return self._attempts.claim(
            charge.key,
            charge.visit_id,
            charge.slot,
            charge.basket,
            lease=self._deadlines.ready + LEASE_MARGIN,
            pay_source=charge.pay_source,
            origin=charge.origin,
        )

    def _resume(self, charge: Charge) -> Claim:
        mine = self._attempts.resume(charge.key, lease=self._deadlines.send + LEASE_MARGIN)
        return Claim(self._attempts.find(charge.key), mine)

    def _not_begun(self, charge: Charge, refusal: Refusal) -> Claim:
        """A press that was made before is found all the same."""
        standing = self._attempts.standing(charge.key, charge.visit_id, charge.slot)
        return self._after_wait(standing or Claim(refusal=refusal))

    def _not_resumed(self, charge: Charge, refusal: Refusal) -> Claim:
        """An earlier press may have sent it; only what nobody has sent is refused."""
        attempt = self._attempts.find(charge.key)
        if attempt is None or attempt.state is State.AWAIT_REDIRECT:
            return Claim(refusal=refusal)
        return self._after_wait(Claim(attempt))

    def _after_wait(self, claim: Claim) -> Claim:
        return replace(claim, attempt=self.wait(claim.attempt)) if claim.attempt else claim

    def _look(self, attempt: Attempt) -> Attempt:
        try:
            return self._attempts.find(attempt.key) or attempt
        except SQLAlchemyError:
            # The charge may be on its way: what was last known stands, and is never taken for "not charged".
            return attempt

    def _begin(self, charge: Charge, attempt: Attempt, work: Callable[[Charge, Attempt], None]) -> None:
        start: Future[None] = Future()
        try:
            # Gives the seat back; in the context of the request, so that its log lines tell whose they are.
            self._threads.submit(copy_context().run, self._run, start, charge, attempt, work)
        except RuntimeError:  # draining, or the machine has no thread left; then the work is in the queue all the same
            if start.cancel():
                self._seats.release()
                self._attempts.settle(
                    charge.key, Verdict(State.NOT_CHARGED, Reason.UNREACHABLE), by=By.CHARGE, seen=(attempt.state,)
                )

    def _run(
        self, start: Future[None], charge: Charge, attempt: Attempt, work: Callable[[Charge, Attempt], None]
    ) -> None:
        if not start.set_running_or_notify_cancel():
            return
        try:
            work(charge, attempt)
        except Exception as error:
            # What is written stands: a claim lapses, a charge marked sent becomes unknown and is asked about.
            # No traceback: its frames hold the card.
            log.error("charge=%s failed=%s", charge.slot, type(error).__name__)
        finally:
            self._seats.release()

    def _make(self, charge: Charge, attempt: Attempt) -> None:
        try:
            order_id = charge.make_ready()
        except NotReady as obstacle:
            verdict = Verdict(State.NOT_CHARGED, obstacle.reason, obstacle.fields)
            self._attempts.settle(charge.key, verdict, by=By.CHARGE, seen=(State.CLAIMED,))
            return
        marked_at = self._clock()
        if self._attempts.mark_sent(charge.key, order_id, lease=self._deadlines.send + LEASE_MARGIN):
            self._send(charge, replace(attempt, order_id=order_id, sent_at=marked_at))

    def _send(self, charge: Charge, attempt: Attempt) -> None:
        if self._clock() > (attempt.sent_at or 0.0) + LEASE_MARGIN:
            return  # the machine stood still: by now others may have judged this attempt
        verdict = self._outcome(charge, attempt)
        if self._attempts.settle(charge.key, verdict, by=By.CHARGE, seen=BEFORE_REPLY):
            drift.look(self._attempts, attempt, verdict)
        elif verdict.state is State.CHARGED:
            self._too_late(charge, attempt.order_id)

    def _too_late(self, charge: Charge, order_id: str | None) -> None:
        """Order Query may have told of the charge before its own answer came; else the books are wrong."""
        known = self._attempts.find(charge.key)
        if known is None or known.state is not State.CHARGED:
            log.error("charge=%s order=%s charged after it was given up; reconcile tells more", charge.slot, order_id)

    def _outcome(self, charge: Charge, attempt: Attempt) -> Verdict:
        try:
            reply = charge.send(attempt.order_id or "")
        except CrmError as error:
            return self._judge.on_error(error, now=self._clock())
        return self._judge.on_reply(attempt, reply, now=self._clock())
