"""What goes wrong is told to Sentry too, where SENTRY_DSN says so: what and where, never who, nor what was typed."""

import logging
from collections.abc import Mapping
from typing import Any

from funnel.watch.scrub import scrub

try:
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration
except ImportError:  # an extra, which most do without; config.py tells whoever sets the address without it
    sentry_sdk = None  # type: ignore[assignment]

# All that leaves this machine. A request, a user, breadcrumbs and the rest may hold what a shopper typed.
KEPT = ("event_id", "timestamp", "level", "platform", "environment")
SCRUBBED = ("logger", "exception")
TEXTS = ("message", "formatted")  # of a log entry; its params are values


def install(dsn: str, environment: str) -> None:
    """Every line that is logged as an error is reported, with its traceback; nothing else is watched or measured."""
    if dsn:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
                AtexitIntegration(callback=lambda _pending, _timeout: None),
            ],
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            propagate_traces=False,
            before_send=lambda event, _hint: bare(event),
        )


def bare(event: Mapping[str, Any]) -> Any:
    """What of an event is sent."""
    told = {name: event[name] for name in KEPT if name in event}
    told |= {name: _scrubbed(event[name]) for name in SCRUBBED if name in event}
    if entry := event.get("logentry"):
        told["logentry"] = {name: _scrubbed(entry[name]) for name in TEXTS if name in entry}
    return told


def _scrubbed(value: Any) -> Any:
    """The same without cards, secrets, and the variables of a traceback's frames."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {name: _scrubbed(each) for name, each in value.items() if name != "vars"}
    return [_scrubbed(each) for each in value] if isinstance(value, list) else value
