"""The funnel with one page more, on which a card goes astray in every way that ends in a log; gunicorn serves it."""

import logging
from threading import Thread

from canary import AMEX
from flask import Flask

from app import create_app

LOGGERS = ("urllib3.connectionpool", "werkzeug", "gunicorn.error", "gunicorn.access", "sqlalchemy.engine", "funnel.web")
PATH = "/careless"


def careless_app() -> Flask:
    app = create_app()
    app.add_url_rule(PATH, view_func=_go_astray)
    return app


def _go_astray() -> str:
    for name in LOGGERS:
        log = logging.getLogger(name)
        log.error("as typed %s, %s", AMEX.number, {"cardSecurityCode": AMEX.code})
        log.error("by mistake %d", AMEX.digits)
        try:
            _fail()
        except ValueError:
            log.exception("with a traceback")
    dying = Thread(target=_fail)
    dying.start()
    dying.join()
    return "done"


def _fail() -> None:
    raise ValueError(f"odd card {AMEX.digits}, cardSecurityCode={AMEX.code}")
