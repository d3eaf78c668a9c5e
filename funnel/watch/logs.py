"""How a log line is drawn: readable in development, JSON in production; what it must not tell is taken out last."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import structlog
from structlog.typing import Processor

from funnel.watch.scrub import Scrubbed

log = logging.getLogger("funnel")

GUNICORN = ("gunicorn.error", "gunicorn.access")  # they have handlers of their own, and their lines stand between ours
FIELDS = {
    *("call", "ms", "outcome", "method", "route", "status"),
    *("attempt", "visit", "slot", "order", "from", "to", "reason", "by"),
}


def install(level: str, *, as_json: bool) -> None:
    """Every line of this process, ours or a library's, goes to standard error in one form.

    A line bears the visit and the request that structlog's context holds when it is written. What ends the process or a
    thread is such a line too, for Python itself would print it as it is.
    """
    formatter = Scrubbed(_formatter(as_json))
    ours = logging.StreamHandler(sys.stderr)
    logging.basicConfig(level=level, handlers=[ours])
    for each in (ours, *(handler for name in GUNICORN for handler in logging.getLogger(name).handlers)):
        each.setFormatter(formatter)
    if sys.excepthook is sys.__excepthook__:  # not where somebody else, like a test's runner, looks after them
        sys.excepthook = _process_ended
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_ended


@contextmanager
def only_what_is_wrong() -> Iterator[None]:
    """While a command answers a person: what it asks and draws on the way is not told, unless LOG_LEVEL is DEBUG."""
    everything = logging.getLogger()
    usual = everything.level
    everything.setLevel(logging.WARNING if usual == logging.INFO else usual)
    try:
        yield
    finally:
        everything.setLevel(usual)


def _process_ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, Exception):
        log.critical("the process has failed", exc_info=(kind, error, trace))
    else:  # Ctrl-C
        sys.__excepthook__(kind, error, trace)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value:
        log.critical("a thread has failed", exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback))


def _formatter(as_json: bool) -> logging.Formatter:
    known: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(FIELDS),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    drawn: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        drawn += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        # Without the frames' variables, which may hold what a shopper typed.
        drawn += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=known, processors=drawn)
