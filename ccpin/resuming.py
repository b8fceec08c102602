"""A body that goes on where its connection broke, byte for byte, or not at all.

Who reads it hashes and unpacks as it goes and cannot take a byte back. So what follows must be the rest of the very
same file: asked for with Range and If-Range, and believed only where the server says that it is. Else the body ends as
a broken one, and its reader begins again, if it likes. Part of `ccpin.net`.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import requests
import urllib3

from ccpin.connecting import Rude
from ccpin.errors import CcpinError, RegistryFailed, RegistryUnreachable, Truncated
from ccpin.httpsession import cause_of, reason_of

CHUNK = 256 * 1024  # bytes
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
_LATER = re.compile(r"5|408|425|429|$")  # what a status begins with that is worth another try; "" is none at all
_STRONG = 60  # seconds by which Last-Modified must be older than the answer (RFC 9110, 8.8.2.2)


class Patience(NamedTuple):
    """How long is waited for a body. `stall` is the time without a byte that counts as a broken connection, `waits`
    those before each new one, which begin anew when a chunk's worth has come; all in seconds."""

    stall: float
    waits: tuple[float, ...]


PATIENCE = Patience(60, (0.3, 1, 3, 6))


class Resuming:
    """The body that `first` begins. `ask` opens another answer of the same address with the headers given, whose status
    is a good one, and raises CcpinError; `shown` is for messages."""

    def __init__(
        self,
        first: requests.Response,
        ask: Callable[[dict[str, str]], requests.Response],
        shown: str,
        patience: Patience,
    ) -> None:
        length = first.headers.get("Content-Length", "")
        self.length = int(length) if length.isdecimal() and len(length) < 16 else None
        self._response = first
        self._ask = ask
        self._shown = shown
        self._patience = patience
        self._validator = _validator(first)
        self._position = 0
        self._stopped = threading.Event()
        self._guard = threading.Lock()

    def chunks(self) -> Iterator[bytes]:
        """Raises Truncated, `final` where new connections were tried in vain."""
        waits, mark = iter(self._patience.waits), CHUNK
        while True:
            try:
                while chunk := self._response.raw.read(CHUNK, decode_content=False):
                    self._position += len(chunk)
                    if self._position >= mark:
                        waits, mark = iter(self._patience.waits), self._position + CHUNK
                    yield chunk
                return
            except (urllib3.exceptions.HTTPError, OSError) as error:
                broken = error
            self._go_on(broken, waits)

    def hang_up(self) -> None:
        """Ends a read, or a wait, that goes on in another thread."""
        with self._guard:
            self._stopped.set()
            with contextlib.suppress(AttributeError, OSError, RuntimeError, ValueError):  # over already
                self._response.raw.shutdown()

    def close(self) -> None:
        self._response.close()

    def _go_on(self, broken: Exception, waits: Iterator[float]) -> None:
        """Puts an answer in place that begins at the next byte. Raises Truncated."""
        headers = {"Range": f"bytes={self._position}-", "If-Range": self._validator or ""}
        if self._position == 0:
            headers = {}
        elif self._validator is None:  # nobody can tell whether it is the same file still
            raise self._truncated(broken)
        if isinstance(cause_of(broken), Rude):
            raise self._truncated(broken, final=True)
        for wait in waits:
            if self._stopped.wait(wait):
                break
            self._response.close()
            began = time.monotonic()
            response = self._asked_again(headers, broken)
            if response is None:
                if time.monotonic() - began >= self._patience.stall:  # it is silent: it would be to further ones, too
                    break
                continue
            if not self._take(response):
                response.close()
                raise self._truncated(broken)
            return
        raise self._truncated(broken, final=True)

    def _asked_again(self, headers: dict[str, str], broken: Exception) -> requests.Response | None:
        """Another answer; None where there is none now, and may be later. Raises Truncated."""
        try:
            return self._ask(headers)
        except (RegistryUnreachable, RegistryFailed) as error:
            if not _LATER.match(str(error.facts.get("status", ""))):  # 416: there is nothing behind what came
                raise self._truncated(broken) from None
            return None
        except CcpinError:
            raise self._truncated(broken) from None

    def _take(self, response: requests.Response) -> bool:
        with self._guard:
            if self._stopped.is_set() or not self._continues(response):
                return False
            self._response = response
            return True

    def _continues(self, response: requests.Response) -> bool:
        """Whether an answer is the rest of the same file, or all of it where nothing has come."""
        headers = response.headers
        if headers.get("Content-Encoding", "identity") != "identity" or _validator(response) != self._validator:
            return False
        if self._position == 0:
            return response.status_code == 200 and headers.get("Content-Length", "") == str(self.length or "")
        found = _RANGE.fullmatch(headers.get("Content-Range", ""))
        if response.status_code != 206 or found is None:
            return False
        first, last, size = map(int, found.groups())
        return first == self._position and last == size - 1 and self.length in (None, size)

    def _truncated(self, broken: Exception, *, final: bool = False) -> Truncated:
        cause = cause_of(broken)
        cut = isinstance(cause, urllib3.exceptions.IncompleteRead)
        reason = f"{self._position:,} bytes came" + ("" if cut else f", then {reason_of(broken)}")
        truncated = Truncated(what=self._shown, reason=reason)
        truncated.final = final
        return truncated


def _validator(response: requests.Response) -> str | None:
    """What tells the file from any other under its address: a strong ETag, else a date that is old enough."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"') and etag.isascii():
        return str(etag)
    modified, now = (response.headers.get(name, "") for name in ("Last-Modified", "Date"))
    try:
        age = parsedate_to_datetime(now) - parsedate_to_datetime(modified)
    except (ValueError, TypeError):
        return None
    return None if etag or age.total_seconds() < _STRONG else str(modified)
