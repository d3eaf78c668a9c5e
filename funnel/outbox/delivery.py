"""How one owed call is made: the visit's newest facts go out, and what the CRM answers is learnt."""

import time
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection

from funnel.attempt import ORDER, State
from funnel.campaign.campaign import Campaign
from funnel.charges.attempts import Attempts
from funnel.charges.pricing import Pricing
from funnel.crm.calls import ConfirmOrder, ImportClick, ImportLead
from funnel.crm.client import Client
from funnel.crm.errors import CrmError
from funnel.crm.replies import NOT_CHARGED, LeadReply
from funnel.outbox.outbox import Kind, Learn, Outbox, Owed, nothing
from funnel.people import Contact
from funnel.steps import PAGE_TYPES
from funnel.store.store import Store
from funnel.visits.attribution import Arrival
from funnel.visits.visit import Told, Visit
from funnel.visits.visits import Visits

NOT_YET_SENT = (State.CLAIMED, State.DECLINED, State.NOT_CHARGED)


class ForeignOrder(Exception):
    """The CRM keeps handing us a partial order that belongs to another visit; it must never be charged."""

    permanent = True

    def __str__(self) -> str:
        return "the CRM returned an orderId that belongs to another visit"


Failure: TypeAlias = CrmError | ForeignOrder


class Delivery:
    """Makes owed calls for the relay, and for a POST that needs the answer now."""

    def __init__(
        self,
        *,
        client: Client,
        store: Store,
        visits: Visits,
        outbox: Outbox,
        attempts: Attempts,
        campaign: Campaign,
        pricing: Pricing,
    ) -> None:
        self._client = client
        self._store = store
        self._visits = visits
        self._outbox = outbox
        self._attempts = attempts
        self._campaign = campaign
        self._pricing = pricing

    def deliver(self, owed: Owed, *, deadline: float) -> Failure | None:
        """Make the call within `deadline` seconds and settle the row; what went wrong, if anything did."""
        try:
            learn = self._make(owed, deadline)
        except (CrmError, ForeignOrder) as failure:
            settle = self._outbox.park if failure.permanent else self._outbox.put_off
            settle(owed, str(failure))
            return failure
        except Exception as error:  # no failure of the CRM, but a call that fails each time waits longer each time
            self._outbox.put_off(owed, f"internal error ({type(error).__name__})")
            raise
        self._outbox.delivered(owed, learn)
        return None

    def lead_unkept(self, visit: Visit, contact: Contact, *, deadline: float) -> Visit:
        """Click, for at most half of the deadline, and lead, of a visit that cannot be written down; what they gave.

        Raises CrmError. Whether the orderId is another visit's comes out when this one gets its row.
        """
        until = time.monotonic() + deadline
        if visit.session_id is None:
            with suppress(CrmError):
                click = self._click_call(visit, PAGE_TYPES["lead"])
                visit = replace(visit, session_id=self._client.import_click(click, deadline=deadline / 2).sessionId)
        reply = self._client.import_lead(self._lead_call(visit, contact), deadline=until - time.monotonic())
        return replace(visit, order_id=reply.orderId if _is_unpaid(reply) else visit.order_id, stored=False)

    def _make(self, owed: Owed, deadline: float) -> Learn:
        """Make the call; what is left to be learnt together with its delivery."""
        visit = self._visits.find(owed.visit_id)
        if visit is None or visit.forgotten:  # nothing is owed for it any more
            return nothing
        if owed.kind is Kind.CLICK:
            return self._click(visit, owed.page_type or "", deadline)
        if owed.kind is Kind.LEAD:
            self._lead(visit, deadline)
        elif owed.kind is Kind.COUPON:
            with suppress(CrmError):  # it is asked again when a button is pressed, and holds back nothing else
                self._pricing.price_coupon(visit, deadline=deadline)
        elif visit.order_id:
            self._client.confirm_order(ConfirmOrder(orderId=visit.order_id), deadline=deadline)
        return nothing

    def _click(self, visit: Visit, page_type: str, deadline: float) -> Learn:
        reply = self._client.import_click(self._click_call(visit, page_type), deadline=deadline)
        if reply.pixel:
            self._visits.learn_pixel(visit.id, reply.pixel)
        if reply.sessionId and visit.session_id is None:
            return partial(self._learn_session, visit.id, reply.sessionId)
        return nothing

    def _learn_session(self, visit_id: str, session_id: str, connection: Connection) -> None:
        """Where the lead was told meanwhile, without its session, it is told again."""
        told = self._visits.learn_session(connection, visit_id, session_id)
        if told and told.sessionId is None:
            self._outbox.owe_lead(connection, visit_id)

    def _click_call(self, visit: Visit, page_type: str) -> ImportClick:
        pixel = True if self._campaign.checkout.fraud_pixel and page_type == PAGE_TYPES["checkout"] else None
        if visit.session_id:
            return ImportClick(pageType=page_type, sessionId=visit.session_id, fraudPixel=pixel)
        campaign_id = self._campaign.campaignId
        return ImportClick(pageType=page_type, campaignId=campaign_id, fraudPixel=pixel, **_given(visit.arrival))

    def _lead(self, visit: Visit, deadline: float) -> None:
        if visit.person is None or self._order_was_sent(visit):
            return
        told = Told(visit.person, visit.session_id)
        call = self._lead_call(visit, visit.person)
        reply = self._client.import_lead(call, deadline=deadline)
        if not self._is_ours(visit, reply):
            # The CRM may hand the partial of one shopper to the next one behind the same address.
            apart = replace(call, disableCustomerDedup=True, ipAddress=None)
            if not self._is_ours(visit, self._client.import_lead(apart, deadline=deadline)):
                raise ForeignOrder
        self._visits.learn_told(visit.id, told)
        if told.sessionId is None:
            self._link(visit.id)

    def _link(self, visit_id: str) -> None:
        """A lead that was told without its session is told again; click and lead may have gone out at the same time."""
        visit = self._visits.find(visit_id)
        if visit and visit.session_id and visit.told and visit.told.sessionId is None:
            with self._store.write() as connection:
                self._outbox.owe_lead(connection, visit_id)

    def _is_ours(self, visit: Visit, reply: LeadReply) -> bool:
        """An orderId is adopted when it is unpaid and no other visit's; one that we had already is ours."""
        return (_is_unpaid(reply) or reply.orderId == visit.order_id) and self._visits.learn_order(
            visit.id, reply.orderId
        )

    def _lead_call(self, visit: Visit, person: Contact) -> ImportLead:
        return ImportLead(
            campaignId=self._campaign.campaignId,
            sessionId=visit.session_id,
            orderId=visit.order_id,
            ipAddress=visit.arrival.ipAddress,
            **_given(person),
        )

    def _order_was_sent(self, visit: Visit) -> bool:
        """What Import Lead does to an order that is paid was never published, so none is sent once it may be."""
        orders = [attempt for attempt in self._attempts.of_visit(visit.id) if attempt.slot == ORDER]
        return any(attempt.state not in NOT_YET_SENT for attempt in orders)


def _is_unpaid(reply: LeadReply) -> bool:
    return reply.orderStatus in (None, *NOT_CHARGED)


def _given(facts: Arrival | Contact) -> dict[str, Any]:
    """Without what is empty: a parameter that says nothing is not sent."""
    return {name: value for name, value in asdict(facts).items() if value}
