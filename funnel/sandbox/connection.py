"""The caller's socket, as werkzeug's server hands it over: watching for its end, and ending it."""

import contextlib
import selectors
import socket
import time
from collections.abc import Iterator
from typing import Any

from flask import Response

LOOK_EVERY = 0.2  # seconds between two looks whether a waiting caller has left


def hang_up(environ: dict[str, Any]) -> Response:
    """A response that closes the connection without a byte of answer.

    A WSGI application cannot refuse a connection, for the server has accepted it already: what a caller sees
    is a connection that comes up and ends. Stop the sandbox to see one really refused.
    """
    caller = environ.get("werkzeug.socket")
    if isinstance(caller, socket.socket):
        with contextlib.suppress(OSError):
            caller.shutdown(socket.SHUT_RDWR)
    return Response(nothing())


def nothing() -> Iterator[bytes]:
    """Ends before the first byte in the one way a WSGI server takes for a lost connection."""
    raise ConnectionAbortedError("the sandbox hung up")
    yield b""


def wait_for_leaving(environ: dict[str, Any], seconds: float) -> None:
    """Returns when the caller has closed the connection, or after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not has_left(environ.get("werkzeug.socket")):
        time.sleep(min(LOOK_EVERY, max(0.0, end - time.monotonic())))


def has_left(caller: socket.socket | None) -> bool:
    if caller is None:
        return False
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(caller, selectors.EVENT_READ)
            return bool(selector.select(timeout=0)) and caller.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True
