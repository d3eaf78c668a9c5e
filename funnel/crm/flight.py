"""One call on its way: how far it came, and its end at its deadline."""

import os
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from requests.exceptions import ContentDecodingError

from funnel.crm.errors import DEADLINE, CrmError, Garbled, NoAnswer, NotSent
from funnel.crm.watchdog import Watchdog


class Flight:
    """Begins with the call and ends with it, as a context.

    `up` tells whether TCP and, for https, TLS came up; `expired` whether the watchdog had to end the call.
    """

    def __init__(self, seconds: float, connect_timeout: float, watchdog: Watchdog) -> None:
        self.up = False
        self.expired = False
        self.landed = False
        self._until = time.monotonic() + seconds
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._lever: socket.socket | None = None
        self._watchdog = watchdog

    def __enter__(self) -> Self:
        self._watchdog.watch(self._until, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self.landed = True
            self._let_go()

    def patience(self) -> float:
        """Seconds one attempt to connect may take. Raises TimeoutError past the deadline."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._connect_timeout)

    def hold(self, sock: socket.socket) -> None:
        """Put this socket into the watchdog's reach. Raises TimeoutError if it has barked already.

        It gets a descriptor of its own: the socket's may be wrapped in TLS, closed, or another's by then.
        """
        with self._lock:
            self._let_go()
            if self.expired:
                raise TimeoutError
            self._lever = socket.socket(fileno=os.dup(sock.fileno()))

    def failure(self, error: Exception) -> CrmError:
        """What an error means, by how far the call came: a TLS error, say, can be a damaged answer too."""
        # A socket's own timeout may end a read a moment before the watchdog does.
        late = self.expired or time.monotonic() >= self._until
        reason = DEADLINE if late else type(error).__name__
        if not self.up:
            return NotSent(reason)
        if isinstance(error, ContentDecodingError) and not late:
            return Garbled("not unpackable")
        return NoAnswer(reason)

    def expire(self) -> None:
        """What the watchdog does at the deadline."""
        with self._lock:
            if not self.landed:
                self.expired = True
                if self._lever:
                    with suppress(OSError):
                        self._lever.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._lever:
            self._lever.close()
            self._lever = None
