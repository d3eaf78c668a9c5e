"""What the funnel is compared with: the same page in bare Flask, with session and CSRF, and with the CRM in the view.

Each renders the funnel's own templates in its Jinja environment, and gunicorn serves it by the funnel's own settings.
"""

import secrets
import threading

import requests
from flask import Flask, render_template, request, session
from flask_wtf.csrf import generate_csrf

from app import create_app
from config import load_settings
from funnel.forms.contact import LeadForm
from funnel.settings import Settings

CRM_DEADLINE = 10  # seconds, as the funnel's own relay waits


def plain() -> Flask:
    """No session, no CSRF, no CRM: what Flask and the template cost."""
    app, settings = _app()

    @app.get("/")
    def presell() -> str:
        return _presell(settings)

    return app


def with_session() -> Flask:
    """A visitor is remembered in the cookie, and there is a CSRF token."""
    app, settings = _app()

    @app.get("/")
    def presell() -> str:
        _remember()
        generate_csrf()
        return _presell(settings)

    @app.get("/lead")
    def lead() -> str:
        _remember()
        form = LeadForm(country=settings.campaign.countries[0])
        return render_template("pages/lead.html", notices=(), form=form, known=False, step=1, steps=3)

    return app


def naive() -> Flask:
    """Import Click is sent while the shopper waits, over a connection that each thread keeps."""
    app, settings = _app()
    mine = threading.local()
    login_id, password = settings.crm_login

    @app.get("/")
    def presell() -> str:
        if not hasattr(mine, "crm"):
            mine.crm = requests.Session()
            mine.crm.trust_env = False
        click = {
            "loginId": login_id,
            "password": password,
            "pageType": "presellPage",
            "campaignId": settings.campaign.campaignId,
            "requestUri": request.url,
            "userAgent": request.user_agent.string,
            "ipAddress": request.remote_addr,
        }
        answer = mine.crm.post(f"{settings.crm_url}/landers/clicks/import/", data=click, timeout=CRM_DEADLINE)
        session["sessionId"] = answer.json()["message"]["sessionId"]
        _remember()
        generate_csrf()
        return _presell(settings)

    return app


def _app() -> tuple[Flask, Settings]:
    settings = load_settings()
    app = Flask("peers", static_folder=None)
    app.config.update(SECRET_KEY=settings.secret_key.get_secret_value(), SESSION_REFRESH_EACH_REQUEST=False)
    app.jinja_env = create_app(settings).jinja_env  # with the same words, props and filters; and it stays the same
    return app, settings


def _remember() -> None:
    session.permanent = True
    if "visit" not in session:
        session["visit"] = secrets.token_urlsafe(16)


def _presell(settings: Settings) -> str:
    packages = settings.campaign.packages
    return render_template(
        "pages/presell.html",
        notices=(),
        packages=packages,
        cheapest=min(packages, key=lambda package: package.total),
        next_url="/lead",
        resume=False,
    )
