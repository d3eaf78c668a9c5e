"""The application: create_app puts the rooms together; the only file that imports them all."""

import sys
from datetime import timedelta
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from config import folders, load_settings
from funnel import access, failures, headers, logs, props, standing, web
from funnel.assets import Assets
from funnel.attempts import Attempts
from funnel.backlog import Backlog
from funnel.breaker import Breaker
from funnel.campaign import Campaign
from funnel.challenge import PROVIDERS, Challenge
from funnel.charging import Charging, Deadlines
from funnel.cli import commands
from funnel.crm.client import Client
from funnel.crm.client import Deadlines as CallDeadlines
from funnel.delivery import Delivery
from funnel.development import reloading
from funnel.erasure import Erasure
from funnel.floods import Floods
from funnel.flow import Flow
from funnel.folders import Folders
from funnel.gallery import gallery
from funnel.housekeeping import Housekeeping
from funnel.judge import Judge
from funnel.leads import Leads
from funnel.metrics import Metrics
from funnel.mistakes import ConfigError
from funnel.origin import Origins
from funnel.outbox import Outbox
from funnel.pages import (
    away,
    capture,
    checkout,
    confirming,
    figures,
    health,
    lead,
    person,
    pixel,
    prepaid,
    presell,
    reports,
    returns,
    thankyou,
    upsell,
)
from funnel.pay_token import PayTokens
from funnel.payments import Payments
from funnel.permissions import Permissions
from funnel.prices import Prices
from funnel.pricing import Pricing
from funnel.reconciliation import Reconciliation
from funnel.relay import Relay
from funnel.restoration import Restoration
from funnel.return_token import ReturnTokens
from funnel.rooms import Rooms
from funnel.scenes.stage import Stage
from funnel.schema import SchemaBehind
from funnel.settings import Settings
from funnel.store import Store
from funnel.tries import Limits, Tries
from funnel.unresolved import Unresolved
from funnel.violations import Violations
from funnel.visits import Visits
from funnel.whereabouts import Whereabouts
from funnel.words import Words, words

STATIC_URL = "/static"
BIGGEST_BODY = 16 * 1024  # bytes; the longest honest form is a fifth of that
MOST_FIELDS = 64
CHARGES_AT_A_TIME = 32  # in one process
APP_LOAD_ERROR = 4  # the exit status that keeps gunicorn from starting the worker again and again
YEAR = 365 * 24 * 3600  # seconds


def create_app(settings: Settings | None = None) -> Flask:
    """The funnel as a WSGI application. Without settings it loads them, and tells every mistake and ends."""
    try:
        told = settings or load_settings()
    except ConfigError as error:
        return _unfit(error)
    logs.install(told.log_level, as_json=told.production)
    app = _open(told, _furnish_or_end(told))
    if settings is None and not told.production:
        reloading.install(app, told, lambda saved: _open(saved, furnish(saved)))
    return app


def _open(settings: Settings, rooms: Rooms) -> Flask:
    app, scenes = build(settings, rooms), stage(settings)
    app.extensions["funnel-stage"] = scenes
    if not settings.production:
        gallery.install(app, scenes)
    return app


def stage(settings: Settings) -> Stage:
    """Where every page in every mood is drawn, without CRM and store."""
    return Stage(settings, furnish, build)


def build(settings: Settings, rooms: Rooms) -> Flask:
    """The application around its rooms."""
    found_in = folders(settings.campaign, settings.funnel_file)
    app = Flask(__name__, static_folder=str(found_in.shipped / "static"), static_url_path=STATIC_URL)
    app.jinja_loader = found_in.loader()
    _configure(app, settings)
    _stand_behind_proxies(app, settings, found_in)
    access.install(app, rooms.metrics, behind_proxy=settings.proxy_hops > 0)
    web.install(app, rooms)
    props.install(app, settings.campaign, Assets(found_in, STATIC_URL), _words(settings.campaign, found_in))
    failures.install(app)
    for page in (
        *(presell, lead, capture, checkout, confirming, person, prepaid),
        *(away, returns, pixel, upsell, thankyou, reports, health, figures),
    ):
        app.register_blueprint(page.bp)
    app.cli.add_command(commands)
    return app


def _words(campaign: Campaign, found_in: Folders) -> Words:
    return words(campaign.language, countries=campaign.countries, currency=campaign.currency, folders=found_in.locale)


def _unfit(error: ConfigError) -> Flask:
    """Only `flask funnel check` can use an application without settings: it tells their mistakes by file and line.

    Flask makes the application before it reads which command is wanted, so the command line itself is looked at.
    """
    commanded = click.get_current_context(silent=True) is not None
    if not (commanded and "check" in sys.argv):
        print(f"The funnel cannot start:\n{error}", file=sys.stderr)
        sys.exit(APP_LOAD_ERROR)
    app = Flask(__name__, static_folder=None)
    app.extensions["funnel-mistakes"] = error.mistakes
    app.cli.add_command(commands)
    return app


def _furnish_or_end(settings: Settings) -> Rooms:
    # A command opens the store by itself (cli.py): one of them migrates it.
    commanded = click.get_current_context(silent=True) is not None
    try:
        return furnish(settings, prepare=not commanded)
    except SchemaBehind as error:
        reason = str(error)
    except (OSError, SQLAlchemyError) as error:
        reason = f"the store of DATABASE_URL cannot be opened: {str(error).splitlines()[0]}"
    print(f"The funnel cannot start:\n{reason}", file=sys.stderr)
    sys.exit(APP_LOAD_ERROR)


def furnish(settings: Settings, *, prepare: bool = True) -> Rooms:
    """Every room, wired; the store's tables are there afterwards. Raises SchemaBehind."""
    timing, campaign = settings.timing, settings.campaign
    store = Store(settings.database_url)
    if prepare:
        store.prepare()
    visits, outbox = Visits(store, life=timing.visit_life), Outbox(store)
    tries, floods = Tries(store, _limits(settings)), Floods(store, limit=settings.address_forms)
    attempts = Attempts(store, decline_limit=settings.decline_limit, tries=tries)
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
    pricing = Pricing(client=client, campaign=campaign, visits=visits)
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
    whereabouts = Whereabouts(store=store, attempts=attempts, campaign=campaign, upsell_window=timing.upsell_window)
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
    keys = [settings.secret_key.get_secret_value(), *settings.secret_key_fallbacks]
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
        wary=not settings.challenge,
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


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SESSION_COOKIE_NAME="__Host-funnel" if settings.https else "funnel",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=settings.timing.visit_life),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SECRET_KEY=[*reversed(settings.secret_key_fallbacks), settings.secret_key.get_secret_value()],
        MAX_CONTENT_LENGTH=BIGGEST_BODY,
        MAX_FORM_MEMORY_SIZE=BIGGEST_BODY,
        MAX_FORM_PARTS=MOST_FIELDS,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        TEMPLATES_AUTO_RELOAD=not settings.production,
    )


def _stand_behind_proxies(app: Flask, settings: Settings, found_in: Folders) -> None:
    hops = settings.proxy_hops
    files = WhiteNoise(
        app.wsgi_app,
        autorefresh=not settings.production,
        max_age=YEAR,
        allow_all_origins=False,
        add_headers_function=headers.of_files(settings),
    )
    for folder in filter(Path.is_dir, reversed(found_in.static)):  # what is added last is found first
        files.add_files(str(folder), prefix=STATIC_URL)
    app.wsgi_app = ProxyFix(files, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]
