"""How a log line is drawn: readable in development, JSON in production; what it must not tell is taken out last."""

import logging
import sys

import structlog
from structlog.typing import Processor

from funnel.scrub import Scrubbed

GUNICORN = "gunicorn.error"  # it has handlers of its own, and its lines stand between ours
FIELDS = {"call", "ms", "outcome", "method", "route", "status"}


def install(level: str, *, as_json: bool) -> None:
    """Every line of this process, ours or a library's, goes to standard error in one form.

    A line bears the visit and the request that structlog's context holds when it is written.
    """
    formatter = Scrubbed(_formatter(as_json))
    ours = logging.StreamHandler(sys.stderr)
    logging.basicConfig(level=level, handlers=[ours])
    for each in (ours, *logging.getLogger(GUNICORN).handlers):
        each.setFormatter(formatter)


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
