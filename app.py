"""The application: create_app puts the pages around the rooms."""

import sys
from datetime import timedelta
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from config import folders, load_settings
from funnel import failures, headers, props, web
from funnel.assets import Assets
from funnel.campaign.campaign import Campaign
from funnel.cli import commands
from funnel.development import reloading
from funnel.folders import Folders
from funnel.furnishing import furnish
from funnel.gallery import gallery
from funnel.language.words import Words, words
from funnel.mistakes import ConfigError
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
from funnel.rooms import Rooms
from funnel.scenes.stage import Stage
from funnel.settings import Settings
from funnel.store.schema import SchemaBehind
from funnel.watch import access, error_reports, logs

STATIC_URL = "/static"
BIGGEST_BODY = 16 * 1024  # bytes; the longest honest form is a fifth of that
MOST_FIELDS = 64
APP_LOAD_ERROR = 4  # the exit status that keeps gunicorn from starting the worker again and again
YEAR = 365 * 24 * 3600  # seconds


def create_app(settings: Settings | None = None) -> Flask:
    """The funnel as a WSGI application. Without settings it loads them, and tells every mistake and ends."""
    try:
        told = settings or load_settings()
    except ConfigError as error:
        return _unfit(error)
    logs.install(told.log_level, as_json=told.production)
    error_reports.install(told.sentry_dsn, told.funnel_env)
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
        WTF_CSRF_SECRET_KEY=[*reversed(settings.secret_keys)],
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
