"""Every room made and wired to the others; the only file that knows them all."""

from funnel.charges.attempts import Attempts
from funnel.charges.charge import Deadlines
from funnel.charges.charging import Charging
from funnel.charges.judge import Judge
from funnel.charges.pay_token import PayTokens
from funnel.charges.pricing import Pricing
from funnel.charges.reconciliation import Reconciliation
from funnel.charges.refusals import Refusals
from funnel.charges.restoration import Restoration
from funnel.charges.return_token import ReturnTokens
from funnel.charges.unresolved import Unresolved
from funnel.crm.client import Client
from funnel.crm.client import Deadlines as CallDeadlines
from funnel.erasure import Erasure
from funnel.flow import Flow
from funnel.limits.challenge import PROVIDERS, Challenge
from funnel.limits.floods import Floods
from funnel.limits.origin import Origins
from funnel.limits.tries import Limits, Tries
from funnel.outbox.backlog import Backlog
from funnel.outbox.breaker import Breaker
from funnel.outbox.delivery import Delivery
from funnel.outbox.housekeeping import Housekeeping
from funnel.outbox.leads import Leads
from funnel.outbox.outbox import Outbox
from funnel.outbox.relay import Relay
from funnel.payments import Payments
from funnel.permissions import Permissions
from funnel.prices import Prices
from funnel.rooms import Rooms
from funnel.settings import Settings
from funnel.store.store import Store
from funnel.visits.visits import Visits
from funnel.watch import standing
from funnel.watch.metrics import Metrics
from funnel.watch.violations import Violations
from funnel.whereabouts import Whereabouts

CHARGES_AT_A_TIME = 32  # in one process


def furnish(settings: Settings, *, prepare: bool = True) -> Rooms:
    """Every room, wired; the store's tables are there afterwards. Raises SchemaBehind."""
    timing, campaign = settings.timing, settings.campaign
    store = Store(settings.database_url)
    if prepare:
        store.prepare()
    visits, outbox = Visits(store, life=timing.visit_life, limit=timing.visit_limit), Outbox(store)
    tries, floods = Tries(store, _limits(settings)), Floods(store, limit=settings.address_forms)
    attempts = Attempts(store, decline_limit=settings.decline_limit, tries=tries)
    refusals = Refusals(store)
    breaker = Breaker(store, when_back=outbox.hasten)
    metrics = Metrics(lambda: standing.look(store))
    login_id, password = settings.crm_login
    client = Client(
        settings.crm_url,
        login_id,
        password,
        deadlines=CallDeadlines(query=timing.owed_deadline, owed=timing.owed_deadline, charge=timing.charge_deadline),
        on_outcome=breaker.report,
        on_call=metrics.called,
    )
    pricing = Pricing(client=client, campaign=campaign, store=store, visits=visits)
    delivery = Delivery(
        client=client,
        store=store,
        visits=visits,
        outbox=outbox,
        attempts=attempts,
        campaign=campaign,
        pricing=pricing,
    )
    judge = Judge(
        quiet_time=timing.quiet_time,
        read_lag=timing.read_lag,
        redirect_time=timing.redirect_time,
        give_up=timing.give_up,
    )
    charging = Charging(
        attempts=attempts,
        judge=judge,
        deadlines=Deadlines(ready=timing.owed_deadline, send=timing.charge_deadline, wait=timing.pay_wait),
        seats=CHARGES_AT_A_TIME,
        clock=store.clock,
        crm_is_down=breaker.is_open,
    )
    leads = Leads(store=store, visits=visits, outbox=outbox, delivery=delivery)
    flow = Flow(
        campaign=campaign,
        timing=timing,
        store=store,
        visits=visits,
        outbox=outbox,
        attempts=attempts,
        refusals=refusals,
        leads=leads,
    )
    payments = Payments(
        campaign=campaign,
        visits=visits,
        attempts=attempts,
        leads=leads,
        charging=charging,
        client=client,
        lead_deadline=timing.owed_deadline,
    )
    whereabouts = Whereabouts(
        store=store, attempts=attempts, refusals=refusals, campaign=campaign, upsell_window=timing.upsell_window
    )
    housekeeping = Housekeeping(
        store=store, outbox=outbox, floods=floods, timing=timing, confirm_order=campaign.confirm_order
    )
    relay = Relay(
        store=store,
        outbox=outbox,
        attempts=attempts,
        unresolved=Unresolved(store),
        delivery=delivery,
        client=client,
        breaker=breaker,
        campaign_id=campaign.campaignId,
        judge=judge,
        tidy=housekeeping.run,
        deadline=timing.owed_deadline,
        quiet_time=timing.quiet_time,
    )
    keys = settings.secret_keys
    reconciliation = Reconciliation(store=store, attempts=attempts, client=client)
    restoration = Restoration(
        store=store, visits=visits, attempts=attempts, quiet_time=timing.quiet_time, visit_life=timing.visit_life
    )
    return Rooms(
        settings=settings,
        store=store,
        visits=visits,
        outbox=outbox,
        attempts=attempts,
        breaker=breaker,
        charging=charging,
        flow=flow,
        payments=payments,
        pricing=pricing,
        prices=Prices(client=client, campaign=campaign, deadline=timing.owed_deadline),
        permissions=Permissions(client, campaign.campaignId, timing.owed_deadline),
        whereabouts=whereabouts,
        relay=relay,
        reconciliation=reconciliation,
        restoration=restoration,
        backlog=Backlog(store),
        housekeeping=housekeeping,
        erasure=Erasure(store),
        metrics=metrics,
        client=client,
        tokens=PayTokens(keys),
        return_tokens=ReturnTokens(keys),
        violations=Violations(),
        origins=Origins(keys),
        floods=floods,
        tries=tries,
        challenge=_challenge(settings),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        address=settings.address_declines,
        network=settings.network_declines,
        shop=settings.shop_declines,
        alarm=settings.alarm_declines,
        charges=settings.hourly_charges,
    )


def _challenge(settings: Settings) -> Challenge | None:
    if not settings.challenge:
        return None
    return Challenge(
        PROVIDERS[settings.challenge],
        settings.challenge_site_key,
        settings.challenge_secret_key.get_secret_value(),
        settings.challenge_verify_url or "",
    )
