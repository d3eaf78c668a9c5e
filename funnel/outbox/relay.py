"""Delivers what is owed and asks about what is unknown: backs off, gives up, stops politely."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Event

from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from funnel.attempt import UNRESOLVED, Attempt, By, State
from funnel.charges import drift
from funnel.charges.attempts import Attempts
from funnel.charges.judge import Judge
from funnel.charges.unresolved import Unresolved
from funnel.crm.calls import CampaignQuery, OrderQuery
from funnel.crm.client import Client
from funnel.crm.errors import CrmError
from funnel.outbox.breaker import Breaker
from funnel.outbox.delivery import Delivery
from funnel.outbox.outbox import LEASE_MARGIN, Outbox, Owed
from funnel.stop_signal import StopSignal
from funnel.store.store import Store

log = logging.getLogger("funnel.relay")

SENDERS = 96  # calls at a time; a CRM that takes 300 ms is asked some 250 times a second
IDLE_PAUSE = 0.1  # seconds between two looks when nothing is due
TIDY_EVERY = 5.0  # seconds
GATHERING = 0.02  # seconds for more calls to end, so that one look fills all their places

Job = Callable[[], None]


class Relay:
    """One process of it is enough; several share the work by leases. Deadlines and times in seconds."""

    def __init__(
        self,
        *,
        store: Store,
        outbox: Outbox,
        attempts: Attempts,
        unresolved: Unresolved,
        delivery: Delivery,
        client: Client,
        breaker: Breaker,
        campaign_id: int,
        judge: Judge,
        tidy: Job,
        deadline: float,
        quiet_time: float,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._attempts = attempts
        self._unresolved = unresolved
        self._delivery = delivery
        self._client = client
        self._breaker = breaker
        self._campaign_id = campaign_id
        self._judge = judge
        self._tidy = tidy
        self._tidy_at = 0.0
        self._deadline = deadline
        self._quiet_time = quiet_time
        self._lease = 2 * deadline + LEASE_MARGIN
        self._store_is_away = False

    def run(self, stop: Event | StopSignal, *, senders: int = SENDERS) -> None:
        """Work until told to stop, then let the calls on their way come to their end."""
        with ThreadPoolExecutor(senders, thread_name_prefix="relay") as pool:
            under_way: set[Future[None]] = set()
            while not stop.is_set():
                under_way = {future for future in under_way if not future.done()}
                jobs = self._chores()
                jobs += self._due(room=max(0, senders - len(under_way) - len(jobs)))
                under_way |= {pool.submit(self._do, job) for job in jobs}
                if len(under_way) >= senders:
                    wait(under_way, timeout=IDLE_PAUSE, return_when=FIRST_COMPLETED)
                    stop.wait(GATHERING)
                elif not jobs:
                    stop.wait(IDLE_PAUSE)

    def run_once(self) -> int:
        """Do what is due now, one after the other; how much that was."""
        jobs = self._due(room=SENDERS)
        for job in jobs:
            self._do(job)
        return len(jobs)

    def _chores(self) -> list[Job]:
        """What is not urgent; it is a job like a call, so that no delivery waits for it."""
        if time.monotonic() < self._tidy_at:
            return []
        self._tidy_at = time.monotonic() + TIDY_EVERY
        return [self._tidy]

    def _due(self, *, room: int) -> list[Job]:
        """Whether the CRM is up, questions about money, then the calls that are owed; none while the store is away."""
        try:
            down = self._breaker.lease_question(seconds=self._deadline)
            if self._unresolved.abandoned():
                self._unresolved.recover(quiet_time=self._quiet_time)
            unknown = self._unresolved.lease(limit=room, seconds=self._lease)
            owed = self._outbox.lease_due(limit=room - len(unknown), seconds=self._lease)
        except SQLAlchemyError as error:
            if not self._store_is_away:  # told once, not ten times a second
                log.error("relay store=%s", type(error).__name__)
            self._store_is_away = True
            return []
        self._store_is_away = False
        questions: list[Job] = [self._probe] if down else []
        questions += [partial(self._ask, attempt) for attempt in unknown]
        return questions + [partial(self._deliver, row) for row in owed]

    def _do(self, job: Job) -> None:
        try:
            job()
        except Exception as error:
            # The lease passes, and the work is due again.
            log.error("relay failed=%s", type(error).__name__)

    def _deliver(self, owed: Owed) -> None:
        with bound_contextvars(visit=owed.visit_id):
            self._delivery.deliver(owed, deadline=self._deadline)

    def _probe(self) -> None:
        """A real call that only reads. The client tells the breaker of any answer, a refusal included."""
        try:
            self._client.campaign_query(CampaignQuery(campaignId=self._campaign_id), deadline=self._deadline)
        except CrmError:
            self._breaker.ask_again()

    def _ask(self, attempt: Attempt) -> None:
        """Let Order Query say what became of a charge. It only reads: nothing is ever charged from here."""
        asked_at = self._store.clock()
        try:
            with bound_contextvars(visit=attempt.visit_id):
                orders = self._client.order_query(OrderQuery(orderId=attempt.order_id or ""), deadline=self._deadline)
        except CrmError:
            verdict = self._judge.on_no_answer(attempt, now=asked_at)
        else:
            verdict = self._judge.on_query(attempt, orders, asked_at=asked_at)
        if verdict is None:
            self._unresolved.ask_later(attempt)
        elif verdict.state is State.CHARGED:
            if self._attempts.settle(attempt.key, verdict, by=By.ORDER_QUERY, seen=UNRESOLVED):
                drift.look(self._attempts, attempt, verdict)
        else:
            # Evidence against a charge counts only for the very state it was asked about.
            self._attempts.settle(
                attempt.key, verdict, by=By.ORDER_QUERY, seen=(attempt.state,), settle_at=attempt.settle_at
            )
