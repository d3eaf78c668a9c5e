"""Servers that play the CRM badly or well, on sockets: they count what they get and do what a script says."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

DRIP_PAUSE = 0.02  # seconds between two bytes of a peer that drips


class Guest:
    """One connection, as a script sees it."""

    def __init__(self, sock: socket.socket, peer: "Peer") -> None:
        self.sock = sock
        self._peer = peer

    def hear(self) -> bool:
        """Reads one whole request; False when the client hung up instead."""
        head, body = b"", b""
        while b"\r\n\r\n" not in head:
            piece = self.sock.recv(65536)
            if not piece:
                return False
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        while len(body) < _content_length(head):
            body += self.sock.recv(65536)
        self._peer.requests.append((head.decode("latin-1"), body.decode()))
        return True

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)

    def drip(self, text: bytes) -> None:
        """Byte by byte, for ever, until the peer is closed or the client hangs up."""
        while not self._peer.closing.wait(DRIP_PAUSE):
            self.sock.sendall(text[:1])
            text = text[1:] + text[:1]

    def linger(self) -> None:
        """Says nothing until the client hangs up or the peer is closed."""
        self.sock.recv(1)

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Script = Callable[[Guest], None]


class Peer:
    """A server on a free port of this machine, as a context. `requests` holds (head, body) of each."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, str]] = []
        self.connections = 0
        self.closing = threading.Event()
        self.hung_up = threading.Event()
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._guests: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for guest in self._guests:
            with suppress(OSError):
                socket.socket.shutdown(guest, socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.closing.is_set():
                sock, _ = self._listener.accept()
                self.connections += 1
                self._guests.append(sock)
                self._threads.append(threading.Thread(target=self._serve, args=(sock,)))
                self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError), sock:
            if self._tls:
                with self._tls.wrap_socket(sock, server_side=True) as wrapped:
                    self._guests.append(wrapped)
                    self._script(Guest(wrapped, self))
            else:
                self._script(Guest(sock, self))
        self.hung_up.set()


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole HTTP answer, as the CRM's are: JSON text labelled as HTML."""
    lines = (f"HTTP/1.1 {status}", "Content-Type: text/html; charset=UTF-8", f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, *headers, "", "")).encode() + body


def says(*pieces: bytes) -> Script:
    """Hears one request, says this, hangs up."""

    def script(guest: Guest) -> None:
        if guest.hear():
            guest.say(*pieces)

    return script


def keeps_saying(body: bytes, *headers: str) -> Script:
    """Answers every request on the connection, as a server that keeps connections alive does."""

    def script(guest: Guest) -> None:
        while guest.hear():
            guest.say(answer(body, *headers))

    return script


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
