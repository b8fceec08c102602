"""Downloads that break off: what goes on, byte for byte; what begins again; and how long anybody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from ccpin import pace
from ccpin.errors import RegistryUnreachable, Truncated
from ccpin.net import CHUNK, Body, Http
from ccpin.releases.again import again
from ccpin.resuming import PATIENCE, Patience
from tests.fakes import faults
from tests.fakes.faults import Answer, Asked, Fault
from tests.fakes.registry import Registry

BODY = bytes(range(256)) * (5 * CHUNK // 256) + b"the end"
QUICK = Patience(stall=5, waits=(0.01, 0.01, 0.01))


@pytest.fixture
def address(registry: Registry) -> str:
    registry.fault("*", faults.other_bytes(BODY))
    return registry.url + "@anthropic-ai/claude-code/-/claude-code-2.0.14.tgz"


def fetched(address: str, patience: Patience = QUICK) -> bytes:
    with Http(patience=patience).stream(address) as body:
        data = b"".join(body.chunks)
        assert body.length in (None, len(data))
        return data


def ranges(registry: Registry) -> list[str]:
    return [seen.headers.get("range", "") for seen in registry.requests]


def header(name: str, value: str | Callable[[int], str]) -> Fault:
    """Another header, of the nth answer."""
    count = 0

    def late(answer: Answer, _asked: Asked) -> None:
        nonlocal count
        count += 1
        answer.headers[name] = value if isinstance(value, str) else value(count)

    return Fault(late=late)


def only_ranges(change: Callable[[Answer], None]) -> Fault:
    def late(answer: Answer, asked: Asked) -> None:
        if "range" in asked.headers:
            change(answer)

    return Fault(late=late)


def of_the_rest(fault: Fault) -> Fault:
    """A fault, only where the rest of a file is asked for."""

    def if_asked(change: Callable[[Answer, Asked], None] | None) -> Callable[[Answer, Asked], None] | None:
        return change and (lambda answer, asked: change(answer, asked) if "range" in asked.headers else None)

    return Fault(if_asked(fault.early), if_asked(fault.late))


class TestGoesOn:
    @pytest.mark.parametrize("at", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, len(BODY) - 1])
    def test_where_it_was_cut(self, registry: Registry, address: str, at: int) -> None:
        registry.fault("*", faults.cut(at), times=1)
        assert fetched(address) == BODY
        assert ranges(registry) == ["", f"bytes={at}-"]
        assert registry.requests[1].headers["if-range"].startswith('"')
        end = time.monotonic() + 5  # the server counts after it has sent
        while (sent := sum(seen.sent for seen in registry.requests)) < len(BODY) and time.monotonic() < end:
            time.sleep(0.01)
        assert sent == len(BODY)

    def test_from_the_beginning_where_nothing_came(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.cut(0), times=2)
        assert fetched(address) == BODY
        assert ranges(registry) == ["", "", ""]

    def test_again_and_again_as_long_as_it_helps(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.cut(CHUNK, ranges=True))
        assert fetched(address) == BODY
        assert len(registry.requests) == 6

    def test_but_not_for_drops(self, registry: Registry, address: str) -> None:
        """A server that gives a little each time would be asked for days."""
        registry.fault("*", faults.cut(1000, ranges=True))
        with pytest.raises(Truncated, match="4,000 bytes came") as raised:
            fetched(address)
        assert raised.value.final
        assert len(registry.requests) == 1 + len(QUICK.waits)

    def test_without_a_length(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.no_length(), faults.cut(2 * CHUNK), times=1)
        assert fetched(address) == BODY
        assert len(registry.requests) == 2

    def test_after_a_bad_moment_of_the_server(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.cut(2 * CHUNK), times=1)
        registry.fault("*", Fault(early=_busy_once()))
        assert fetched(address) == BODY
        assert ranges(registry)[-1] == f"bytes={2 * CHUNK}-"

    def test_by_date_where_there_is_no_tag(self, registry: Registry, address: str) -> None:
        long_ago = "Mon, 02 Jan 2017 03:04:05 GMT"
        registry.fault("*", faults.no_etag(), header("Last-Modified", long_ago))
        registry.fault("*", faults.cut(CHUNK), times=1)
        registry.fault("*", only_ranges(lambda answer: _cut_out(answer, CHUNK)))
        assert fetched(address) == BODY
        assert registry.requests[1].headers["if-range"] == long_ago


class TestBeginsAgain:
    """The body ends as a broken one, and another try may help."""

    def broken(self, registry: Registry, address: str, requests: int) -> None:
        with pytest.raises(Truncated) as raised:
            fetched(address)
        assert not raised.value.final
        assert len(registry.requests) == requests

    @pytest.mark.parametrize(
        "fault",
        [
            faults.changed_etag(),
            faults.no_range(),
            header("ETag", lambda count: f'"{count}"'),
            only_ranges(
                lambda answer: answer.headers.update({"Content-Range": f"bytes 0-{len(BODY) - 1}/{len(BODY)}"})
            ),
            only_ranges(
                lambda answer: answer.headers.update({"Content-Range": f"bytes {CHUNK}-{CHUNK + 9}/{len(BODY)}"})
            ),
            only_ranges(
                lambda answer: answer.headers.update({"Content-Range": f"bytes {CHUNK}-{len(BODY)}/{len(BODY) + 1}"})
            ),
            only_ranges(lambda answer: answer.headers.update({"Content-Range": "bytes */*"})),
            only_ranges(lambda answer: answer.headers.__delitem__("Content-Range")),
            only_ranges(lambda answer: answer.headers.update({"Content-Encoding": "gzip"})),
        ],
        ids=[
            "another file",
            "no ranges",
            "another tag",
            "from 0",
            "a part",
            "another size",
            "no size",
            "no range",
            "packed",
        ],
    )
    def test_what_is_not_the_rest_of_the_file(self, registry: Registry, address: str, fault: Fault) -> None:
        registry.fault("*", faults.cut(CHUNK), times=1)
        registry.fault("*", fault)
        self.broken(registry, address, 2)

    @pytest.mark.parametrize("status", [403, 404, 416])
    def test_an_answer_that_ends_it(self, registry: Registry, address: str, status: int) -> None:
        registry.fault("*", faults.cut(CHUNK), times=1)
        registry.fault("*", Fault(early=_status_for_ranges(status)))
        self.broken(registry, address, 2)

    def test_a_lie_about_the_length(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.lies_about_length(7))
        self.broken(registry, address, 2)

    @pytest.mark.parametrize("fault", [faults.no_etag(), header("ETag", 'W/"weak"')])
    def test_nothing_to_know_the_file_by(self, registry: Registry, address: str, fault: Fault) -> None:
        registry.fault("*", faults.cut(CHUNK))
        registry.fault("*", fault)
        self.broken(registry, address, 1)

    def test_a_date_of_just_now_is_nothing_to_know_it_by(self, registry: Registry, address: str) -> None:
        now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        registry.fault("*", faults.no_etag(), faults.cut(CHUNK), header("Last-Modified", now))
        self.broken(registry, address, 1)


class TestStalls:
    def test_count_as_a_cut(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.stall(60, 2 * CHUNK), times=1)
        began = time.monotonic()
        assert fetched(address, QUICK._replace(stall=0.3)) == BODY
        assert 0.3 <= time.monotonic() - began < 10
        assert ranges(registry) == ["", f"bytes={2 * CHUNK}-"]

    def test_silence_from_then_on(self, registry: Registry, address: str) -> None:
        """A connection that is taken, and never answered again: that is waited for once or twice, and not for each of
        the further tries."""
        registry.fault("*", faults.cut(CHUNK), times=1)
        registry.fault("*", of_the_rest(faults.stall(60)))
        began = time.monotonic()
        with pytest.raises(Truncated) as raised:
            fetched(address, QUICK._replace(stall=0.5))
        assert raised.value.final
        assert time.monotonic() - began < 3

    @pytest.mark.parametrize(("status", "times"), [(408, 2), (425, 2), (429, 5), (503, 5)])
    def test_asked_to_come_later(self, registry: Registry, address: str, status: int, times: int) -> None:
        registry.fault("*", faults.cut(CHUNK), times=1)
        registry.fault("*", of_the_rest(faults.status(status)), times=1 + times)
        assert fetched(address) == BODY
        assert ranges(registry) == ["", *[f"bytes={CHUNK}-"] * (times + 1)]

    def test_slow_is_no_stall(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.slow(len(BODY)))
        assert fetched(address, QUICK._replace(stall=0.5)) == BODY
        assert len(registry.requests) == 1

    def test_drops_count_as_a_stall(self, registry: Registry, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A byte now and then is never silence."""
        monkeypatch.setattr(pace, "SPAN", 0.5)
        monkeypatch.setattr(pace, "LEAST", 4000)
        registry.fault("*", faults.slow(1000), times=1)
        began = time.monotonic()
        assert fetched(address) == BODY
        assert 0.4 <= time.monotonic() - began < 10
        assert len(registry.requests) == 2

    def test_drops_for_ever(self, registry: Registry, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pace, "SPAN", 0.3)
        monkeypatch.setattr(pace, "LEAST", 4000)
        registry.fault("*", faults.slow(1000))
        with pytest.raises(Truncated, match=r"only \d+ bytes in \d seconds") as raised:
            fetched(address)
        assert raised.value.final
        assert len(registry.requests) == 1 + len(QUICK.waits)

    def test_drops_of_a_document_too(self, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pace, "DOCUMENT_SPAN", 0.3)
        monkeypatch.setattr(pace, "LEAST", 4000)
        registry.fault("*", faults.slow(1000))
        began = time.monotonic()
        with pytest.raises(RegistryUnreachable, match=r"only \d+ bytes in \d seconds"):
            Http().document(registry.url + "@anthropic-ai/claude-code")
        assert time.monotonic() - began < 10

    def test_who_reads_may_take_his_time(
        self, registry: Registry, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pace, "SPAN", 0.2)
        monkeypatch.setattr(pace, "LEAST", len(BODY) // 2)
        with Http(patience=QUICK).stream(address) as body:
            got = b""
            for chunk in body.chunks:
                got += chunk
                time.sleep(0.25)
        assert got == BODY
        assert len(registry.requests) == 1

    def test_a_proxy_that_looks_for_viruses_first(
        self, registry: Registry, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Until it has all of a body it sends drops: for longer than a document may take."""
        monkeypatch.setattr(pace, "DOCUMENT_SPAN", 0.1)
        monkeypatch.setattr(pace, "LEAST", 1_000_000)
        registry.fault("*", faults.slow(len(BODY)))
        assert fetched(address) == BODY
        assert len(registry.requests) == 1

    def test_what_everybody_bears(self) -> None:
        assert pace.LEAST == 1000
        assert pace.SPAN == 300
        assert pace.DOCUMENT_SPAN == 60

    def test_for_ever(self, registry: Registry, address: str) -> None:
        registry.fault("*", faults.stall(60, 100))
        with pytest.raises(Truncated, match=r"100 bytes came|0 bytes came") as raised:
            fetched(address, QUICK._replace(stall=0.1))
        assert raised.value.final
        assert len(registry.requests) == 1 + len(QUICK.waits)


def test_hanging_up_ends_a_wait(registry: Registry, address: str) -> None:
    registry.fault("*", faults.cut(CHUNK), times=1)
    got: list[Truncated] = []

    def read(body: Body) -> None:
        try:
            list(body.chunks)
        except Truncated as error:
            got.append(error)

    with Http(patience=Patience(5, (60,))).stream(address) as body:
        reader = threading.Thread(target=read, args=(body,), daemon=True)
        reader.start()
        reader.join(0.5)
        body.hang_up()
        reader.join(5)
    assert len(got) == 1


def test_what_everybody_waits() -> None:
    waits = PATIENCE.waits
    assert PATIENCE.stall == 60
    assert list(waits) == sorted(waits)
    assert 5 < sum(waits) < 20


class TestAgain:
    def attempts(self, *outcomes: bool | None) -> tuple[Callable[[], str], list[int]]:
        """An attempt that breaks off (True: for good), or comes through (None)."""
        left, made = list(outcomes), []

        def attempt() -> str:
            made.append(1)
            outcome = left.pop(0)
            if outcome is None:
                return "done"
            error = Truncated(what="it", reason="cut")
            error.final = outcome
            raise error

        return attempt, made

    def test_twice_more(self) -> None:
        attempt, made = self.attempts(False, False, None)
        assert again(attempt) == "done"
        assert len(made) == 3

    def test_no_more_than_that(self) -> None:
        attempt, made = self.attempts(False, False, False, None)
        with pytest.raises(Truncated):
            again(attempt)
        assert len(made) == 3

    def test_not_where_going_on_was_tried(self) -> None:
        attempt, made = self.attempts(True, None)
        with pytest.raises(Truncated):
            again(attempt)
        assert len(made) == 1

    def test_not_for_anything_else(self) -> None:
        with pytest.raises(ZeroDivisionError):
            again(lambda: 1 // 0)


def _busy_once() -> Callable[[Answer, Asked], None]:
    left = [4]  # the session itself asks four times

    def early(answer: Answer, asked: Asked) -> None:
        if "range" in asked.headers and left[0]:
            left[0] -= 1
            answer.status, answer.body, answer.etag, answer.ranges = 503, b"", None, False

    return early


def _status_for_ranges(status: int) -> Callable[[Answer, Asked], None]:
    def early(answer: Answer, asked: Asked) -> None:
        if "range" in asked.headers:
            answer.status, answer.body, answer.ranges = status, b"", False

    return early


def _cut_out(answer: Answer, first: int) -> None:
    answer.status, answer.body = 206, BODY[first:]
    answer.headers["Content-Range"] = f"bytes {first}-{len(BODY) - 1}/{len(BODY)}"
