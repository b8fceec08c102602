"""A server that answers with whatever bytes it likes, also for ever."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterable, Iterator

Bytes = Callable[[], Iterable[bytes]]

_MOST = 400 << 20  # bytes that one answer has at most: who reads on fails by memory or time, and the test ends


class Rude:
    """Answers every request with the pieces that `say` makes, and then hangs up. Running inside a `with`."""

    def __init__(self, say: Bytes) -> None:
        self._say = say
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def __enter__(self) -> Rude:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            asked = b""
            while b"\r\n\r\n" not in asked:
                piece = connection.recv(65536)
                if not piece:
                    return
                asked += piece
            sent = 0
            for piece in self._say():
                connection.sendall(piece)
                sent += len(piece)
                if sent > _MOST:
                    return
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):  # or what was sent may be lost with a reset
                pass


def for_ever(start: bytes, again: bytes) -> Bytes:
    """`start`, and then `again` without end."""

    def say() -> Iterator[bytes]:
        yield start
        yield from itertools.repeat(again * (1 + 65536 // len(again)))

    return say


def once(*pieces: bytes) -> Bytes:
    return lambda: pieces
