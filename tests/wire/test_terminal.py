"""Interactive runs: what the program sees of its terminal, what it is asked for, and that nothing of it remains."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from ccpin.wire import terminal
from ccpin.wire.answers import Turn
from ccpin.wire.capture import Request
from ccpin.wire.loopback import Api
from ccpin.wire.run import DUMMY_KEY
from ccpin.wire.terminal import NeverCame, Session, interactive, ready_home
from ccpin.wire.xterm import plain
from tests.wire import typist
from tests.wire.test_run import assert_gone, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no terminals of this kind")

FAKE = [sys.executable, "-I", typist.__file__]


def start(*args: str, **options: Any) -> AbstractContextManager[Session]:
    return interactive(FAKE, args, **{"mode": "gateway", **options})


def asked(requests: tuple[Request, ...]) -> bool:
    return bool(requests)


class TestAConversation:
    @pytest.mark.parametrize("isolate", [True, False])
    def test_two_turns_and_a_clean_end(self, isolate: bool) -> None:
        with start("talk", api=Api([Turn("one"), Turn("two")]), isolate=isolate) as session:
            session.wait_for("ready")
            session.wait_until_raw()
            session.type("hello\r")
            session.wait_for("answer: one")
            session.type("again\r")
            session.wait_for(lambda requests: len(requests) == 2)
            session.wait_for("answer: two")
            capture = session.end("/exit\r")
        assert capture.exit_code == 0
        assert [capture.main(prompt).order for prompt in ("hello", "again")] == [0, 1]
        assert capture.requests == session.requests
        assert capture.argv == (*FAKE, "talk")
        assert capture.mode == "gateway"
        assert 0.3 < capture.seconds < 30
        assert capture.stdout.startswith("ready\r\n")
        assert capture.stdout.endswith("bye\r\n")
        assert capture.isolated or not isolate or capture.isolation.startswith("proxies only")

    def test_keys_arrive_one_by_one_whatever_the_program_is_busy_with(self) -> None:
        with start("talk") as session:
            session.wait_until_raw()
            session.type("hé\x1b[A \r")
            session.wait_for("answer: ok")
            read = [line for line in session.shown.splitlines() if line.startswith("read")]
        assert read == [f"read {key!r}  so" for key in ("h", "é", "\x1b[A", " ", "\r")]

    def test_only_requests_of_this_run(self) -> None:
        api = Api()
        for _ in range(2):
            with start("talk", api=api) as session:
                session.wait_until_raw()
                assert session.requests == ()
                session.type("hi\r")
                session.wait_for(asked)
                assert len(session.end("\x03").requests) == 1
        assert len(api.requests) == 2

    def test_a_line_as_it_is_read_by_a_program_without_raw_mode(self) -> None:
        with start("line") as session:
            session.wait_for("name?")
            session.type("Ann\r")
            session.wait_for("hello Ann")

    def test_control_c_reaches_the_group(self) -> None:
        with start("line") as session:
            session.wait_for("name?")
            assert session.end("\x03").exit_code in (-signal.SIGINT, 1)  # Python leaves by the signal, or with 1

    def test_what_a_script_raises_reaches_the_caller(self) -> None:
        def script(request: Request) -> Turn:
            raise KeyError(request.path)

        def go() -> None:
            with start("talk", api=Api(script)) as session:
                session.wait_until_raw()
                session.type("hi\r")
                session.wait_for(asked)

        with pytest.raises(KeyError):
            go()


class TestWaiting:
    def test_for_what_was_shown_since_something_was_typed(self) -> None:
        with start("talk") as session:
            session.wait_for("ready")
            session.wait_until_raw()
            session.type("x")
            session.wait_for("read 'x'so")  # the program moves the cursor where a space would be
            with pytest.raises(NeverCame, match=r"'ready' never came: 0\.2 seconds.*read 'x'"):
                session.wait_for("ready", timeout=0.2)

    def test_ends_with_the_program(self) -> None:
        with start("show") as session:
            session.wait_for("said")
            began = time.monotonic()
            with pytest.raises(NeverCame, match="it ended with 0"):
                session.wait_for("more", timeout=60)
            with pytest.raises(NeverCame, match="single keys"):
                session.wait_until_raw()
            assert time.monotonic() - began < 10
            session.type("x")
            assert session.end("x").exit_code == 0

    def test_for_raw_mode_that_never_comes(self) -> None:
        with start("line") as session, pytest.raises(NeverCame, match=r"name\?"):
            session.wait_until_raw(timeout=1)

    def test_what_was_written_last_is_seen_although_it_ended(self) -> None:
        with start("show") as session:
            wait_until(lambda: session.end().exit_code == 0)
            session.wait_for("said")


class TestWhatAProgramIsGiven:
    def test_a_terminal_of_its_own(self, tmp_path: Path) -> None:
        with start("show", home=str(tmp_path), cwd=str(tmp_path), size=(77, 11)) as session:
            session.wait_for("}")
            said = json.loads(session.shown.replace("\n", "").partition("said")[2])
        assert said == {
            "size": [77, 11],
            "terminals": [True, True, True],
            "foreground": True,
            "term": "xterm-256color",
            "home": str(tmp_path),
            "cwd": str(tmp_path),
        }

    def test_another_kind_of_terminal(self) -> None:
        with start("show", env={"TERM": "dumb"}) as session:
            session.wait_for('"term": "dumb"')

    def test_no_way_out(self) -> None:
        with pytest.raises(ValueError, match="HTTPS_PROXY"), start("show", env={"HTTPS_PROXY": "x"}):
            pass

    @pytest.mark.parametrize(
        ("question", "answer"),
        [
            ("\x1b[6n", "\x1b[1;1R"),
            ("\x1b[?6n", "\x1b[?1;1R"),
            ("\x1b[5n", "\x1b[0n"),
            ("\x1b[c", "\x1b[?62;22c"),
            ("\x1b[0c", "\x1b[?62;22c"),
            ("\x1b[>c", "\x1b[>41;390;0c"),
            ("\x1b[>0q", "\x1bP>|XTerm(390)\x1b\\"),
            ("\x1b[?2026$p", "\x1b[?2026;0$y"),
            ("\x1b]11;?\x07", "\x1b]11;rgb:0000/0000/0000\x1b\\"),
            ("\x1b]10;?\x1b\\", "\x1b]10;rgb:0000/0000/0000\x1b\\"),
            ("\x1b[?u\x1b[c", "\x1b[?62;22c"),  # kitty's keyboard: no
            ("\x1b[c\x1b[6n\x1b[c", "\x1b[?62;22c\x1b[1;1R\x1b[?62;22c"),
            ("\x1b[16m6n c", ""),
        ],
    )
    def test_an_answer(self, question: str, answer: str) -> None:
        with start("ask", question, isolate=False) as session:
            session.wait_for("end")
            said = json.loads(session.shown.replace("\n", "").partition("answer: ")[2].rpartition(" end")[0])
        assert said == answer


class TestTheEnd:
    def test_when_time_is_up(self, tmp_path: Path) -> None:
        pids = tmp_path / "pids"
        with start("deaf", str(pids)) as session:
            wait_until(pids.exists)
            began = time.monotonic()
            capture = session.end(timeout=0.5)
            assert time.monotonic() - began < 15
            assert capture.exit_code is None
            assert_gone(pids)
            assert session.end().exit_code is None

    @pytest.mark.parametrize("isolate", [True, False])
    def test_when_nobody_waits_for_it(self, tmp_path: Path, isolate: bool) -> None:
        pids = tmp_path / "pids"
        with start("deaf", str(pids), isolate=isolate):
            wait_until(pids.exists)
        assert_gone(pids)

    def test_when_the_caller_fails(self, tmp_path: Path) -> None:
        pids = tmp_path / "pids"
        with pytest.raises(ZeroDivisionError), start("deaf", str(pids)):
            wait_until(lambda: pids.exists() and 1 / 0)
        assert_gone(pids)

    def test_a_program_that_does_not_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(terminal, "_PATIENCE", 0.3)
        pids = tmp_path / "pids"
        with start("deaf", str(pids)) as session:
            session.wait_until_raw()
            with pytest.raises(TimeoutError, match="nobody reads what is typed: 'x'"):
                session.type("xy")

    def test_a_command_that_is_not_there(self, tmp_path: Path) -> None:
        with (
            pytest.raises(FileNotFoundError, match="nothing"),
            interactive([str(tmp_path / "nothing")], mode="gateway") as session,
        ):
            session.wait_for("x")

    def test_no_thread_and_no_descriptor_remains(self) -> None:
        before: list[int] = []
        for _ in range(2):
            with start("show", mode="first-party") as session:
                session.end()
            before.append(len(os.listdir("/dev/fd")))
        assert before[0] == before[1]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07x\x1b]8;;http://x\x1b\\link", "red xlink"),
        (b"a\x1b[Cb\x1b[3Cc", "a b   c"),
        (b"a\x1b[2Gb\x1b[1;1Hc\x1b[Ad", "a\nb\nc\nd"),
        (b"\x1b[?2004h\x1b[>1u\x1b(B\x1b=\x1b7\x1bP>|x\x1b\\ok\x08\r\n", "ok\n"),
        ("❯ é".encode() + b"\xff", "❯ é\ufffd"),
    ],
)
def test_plain_text(written: bytes, text: str) -> None:
    assert plain(written) == text


class TestReadyHome:
    def state(self, home: Path) -> Any:
        return json.loads((home / ".claude.json").read_text())

    def test_an_empty_one(self, tmp_path: Path) -> None:
        ready_home(str(tmp_path), "/work")
        assert self.state(tmp_path) == {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"rejected": [], "approved": [DUMMY_KEY[-20:]]},
            "projects": {"/work": {"hasTrustDialogAccepted": True}},
        }

    def test_what_it_held_stays(self, tmp_path: Path) -> None:
        held = {
            "theme": "light",
            "cachedGrowthBookFeatures": {"x": True},
            "customApiKeyResponses": {"approved": ["other"], "rejected": ["x"]},
            "projects": {"/work": {"allowedTools": ["Bash"], "hasTrustDialogAccepted": False}, "/else": {}},
        }
        (tmp_path / ".claude.json").write_text(json.dumps(held))
        for _ in range(2):
            ready_home(str(tmp_path), "/work", key="sk-" + "k" * 30)
        assert self.state(tmp_path) == {
            **held,
            "hasCompletedOnboarding": True,
            "customApiKeyResponses": {"approved": ["other", "k" * 20], "rejected": ["x"]},
            "projects": {"/work": {"allowedTools": ["Bash"], "hasTrustDialogAccepted": True}, "/else": {}},
        }

    @pytest.mark.parametrize("held", ["[]", '{"projects": []}', '{"customApiKeyResponses": 1}', "{"])
    def test_a_file_that_is_something_else_is_left_alone(self, tmp_path: Path, held: str) -> None:
        (tmp_path / ".claude.json").write_text(held)
        with pytest.raises(ValueError, match=r"\.claude\.json|Expecting"):
            ready_home(str(tmp_path), "/work")
        assert (tmp_path / ".claude.json").read_text() == held
