"""The store away: noticed once in a request, after which nothing in it waits for the store again."""

import logging
from collections.abc import Callable
from typing import TypeVar, cast

from flask import g, request
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger("funnel.web")

Value = TypeVar("Value")


def attempted(act: Callable[[], Value], otherwise: Value) -> Value:
    """What `act` gives, or `otherwise` while the store is away. One failure is enough: each may take seconds."""
    if away():
        return otherwise
    try:
        return act()
    except SQLAlchemyError as error:
        notice(error)
        return otherwise


def away() -> bool:
    return "store_failure" in g


def insist() -> None:
    """For what cannot be told without the store. Raises what kept it away, for which there is a page."""
    if away():
        raise cast(SQLAlchemyError, g.store_failure)


def notice(error: SQLAlchemyError) -> None:
    """The type only: the message holds what was to be written."""
    if not away():
        g.store_failure = error
        log.error("%s %s store=%s", request.method, request.endpoint, type(error).__name__)
