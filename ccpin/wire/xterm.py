"""The terminal of an interactive run: it keeps what is written to it, and answers what an xterm is asked."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import struct
import termios
import threading
import time

from ccpin.wire.run import OUTPUT_LIMIT

_POLL = 0.05  # seconds
_LONGEST = 32  # bytes of a question
_PATIENCE = 10  # seconds until a program that reads nothing is given up


class Terminal:
    """Both ends of a terminal. What is written to it is read all the time, its first
    OUTPUT_LIMIT bytes are kept, and questions in these are answered."""

    def __init__(self, ours: int, theirs: int) -> None:
        self._fd, self._theirs = ours, theirs
        self._data = bytearray()
        self._asked = 0  # where the questions begin that are not answered yet
        self._guard = threading.Lock()
        self._stop = threading.Event()
        os.set_blocking(ours, False)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def length(self) -> int:
        with self._guard:
            return len(self._data)

    @property
    def reads_lines(self) -> bool:
        return bool(termios.tcgetattr(self._theirs)[3] & termios.ICANON)

    @property
    def unread(self) -> int:
        """How many bytes were typed and not read; while it reads lines, of whole ones."""
        (count,) = struct.unpack("i", fcntl.ioctl(self._theirs, termios.FIONREAD, b"\0" * 4))
        return int(count)

    def written(self, start: int) -> bytes:
        with self._guard:
            return bytes(self._data[start:])

    def send(self, keys: bytes) -> None:
        """Raises TimeoutError."""
        end = time.monotonic() + _PATIENCE
        while keys:
            if time.monotonic() > end:
                raise TimeoutError("nobody reads what is typed")
            if select.select([], [self._fd], [], _POLL)[1]:
                with contextlib.suppress(BlockingIOError):
                    keys = keys[os.write(self._fd, keys) :]

    def drain(self) -> None:
        """Reads what is there already."""
        while select.select([self._fd], [], [], 0)[0] and self._thread.is_alive():
            time.sleep(_POLL / 10)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stop.is_set():
            if select.select([self._fd], [], [], _POLL)[0]:
                with self._guard:  # reading too: what was drained is in `written`
                    self._take(os.read(self._fd, 65536))

    def _take(self, data: bytes) -> None:
        self._data += data[: OUTPUT_LIMIT - len(self._data)]
        for found in _QUESTION.finditer(self._data, self._asked):
            self._asked = found.end()
            with contextlib.suppress(OSError):  # it does not read
                os.write(self._fd, _answer(found))
        self._asked = max(self._asked, len(self._data) - _LONGEST)


# --- what a terminal is asked. An xterm has no answer to `CSI ? u`, the question for kitty's keyboard: the answer to
# `CSI c`, which programs ask after it, tells them so, and keys stay what they are.

_ANSWERS: tuple[tuple[bytes, bytes], ...] = (
    (rb"\x1b\[6n", b"\x1b[1;1R"),  # where the cursor is
    (rb"\x1b\[\?6n", b"\x1b[?1;1R"),
    (rb"\x1b\[5n", b"\x1b[0n"),  # whether it works
    (rb"\x1b\[0?c", b"\x1b[?62;22c"),  # what it is: a VT220 with colours
    (rb"\x1b\[>0?c", b"\x1b[>41;390;0c"),  # xterm, patch 390
    (rb"\x1b\[>0?q", b"\x1bP>|XTerm(390)\x1b\\"),
    (rb"\x1b\[\?(?P<mode>\d+)\$p", b"\x1b[?%(mode)s;0$y"),  # a mode: not known
    (rb"\x1b\](?P<colour>1[01]);\?(?:\x07|\x1b\\)", b"\x1b]%(colour)s;rgb:0000/0000/0000\x1b\\"),
)
_QUESTION = re.compile(b"|".join(b"(" + re.sub(rb"\(\?P<\w+>", b"(?:", asked) + b")" for asked, _ in _ANSWERS))


def _answer(question: re.Match[bytes]) -> bytes:
    for asked, answer in _ANSWERS:
        if found := re.fullmatch(asked, question[0]):
            return answer % {name.encode(): value for name, value in found.groupdict().items()}
    raise AssertionError(question)


# --- texts

_RIGHT = re.compile(rb"\x1b\[(\d*)C")
_MOVES = re.compile(rb"\x1b\[[0-9;]*[ABDEFGHfd]")
_CONTROL = re.compile(
    rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, links, colours
    rb"|\x1b[PX^_][^\x1b]*\x1b\\"
    rb"|\x1b\[[0-?]*[ -/]*[@-~]"
    rb"|\x1b[ -/]*[0-~]"
    rb"|[\x00-\x08\x0b-\x1f\x7f]"
)


def plain(written: bytes) -> str:
    """The text in what was written to a terminal: spaces for steps to the right, a new line for other movements."""
    moved = _MOVES.sub(b"\n", _RIGHT.sub(lambda found: b" " * int(found[1] or 1), written))
    return _CONTROL.sub(b"", moved).decode("utf-8", "replace")
