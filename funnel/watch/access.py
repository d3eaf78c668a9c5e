"""One log line and one figure for every request: its route, never its address, and whose visit it was."""

import logging
import re
import secrets
import time

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from funnel.watch.metrics import Metrics

log = logging.getLogger("funnel.access")

GIVEN_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")  # nginx's $request_id, so that both logs can be laid side by side
ID_BYTES = 6
UNTOLD = ("static", "health.show", "health.ready", "metrics.show")  # probes ask every few seconds


def install(app: Flask, metrics: Metrics, *, behind_proxy: bool) -> None:
    """To be installed before all that may refuse a request, for a refused one is told as well."""

    def begin() -> None:
        clear_contextvars()
        g.begun = time.perf_counter()
        bind_contextvars(request=_request_id(behind_proxy))

    def end(response: Response) -> Response:
        if "begun" in g and request.endpoint not in UNTOLD:  # a scene is drawn without anybody asking
            _tell(metrics, response)
        return response

    app.before_request(begin)
    app.after_request(end)


def _tell(metrics: Metrics, response: Response) -> None:
    spent = time.perf_counter() - g.begun
    route = request.url_rule.rule if request.url_rule else "none"
    told = {"method": request.method, "route": route, "status": response.status_code, "ms": round(1000 * spent, 1)}
    log.info("request", extra=told)
    metrics.answered(request.method, route, response.status_code, spent)


def _request_id(behind_proxy: bool) -> str:
    given = request.headers.get("X-Request-ID", "") if behind_proxy else ""
    return given if GIVEN_ID.fullmatch(given) else secrets.token_hex(ID_BYTES)
