"""Real releases on a terminal: two turns that somebody types, a tool call among them, and a clean end."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from ccpin.wire.answers import ToolUse, Turn
from ccpin.wire.capture import Capture, Mode
from ccpin.wire.loopback import Api
from ccpin.wire.normal import Normal, normalised
from ccpin.wire.terminal import Awaited, NeverCame, Session, interactive, ready_home
from tests.live import test_wire
from tests.live.releases import conversation
from tests.live.test_wire import MODEL, STRICT, Command

pytestmark = pytest.mark.live

command = test_wire.command

PROMPT = {"2.1.330": "❯"}
"""What is shown once something can be typed, where it is not `? for shortcuts`."""


def answered(count: int) -> Awaited:
    return lambda requests: len(conversation(requests)) == count


def say(session: Session, version: str, text: str) -> None:
    """Types a line. On a busy machine a release that is still drawing has lost a key, so it is looked at before Return;
    2.1.330 draws its mascot between the keys, and has not."""
    for _ in range(3):
        session.type(text)
        if version in PROMPT:
            break
        with contextlib.suppress(NeverCame):
            session.wait_for(text, 5)
            break
        session.type("\x15")  # clears the line
    session.type("\r")


def converse(start: list[str], version: str, root: Path, mode: Mode) -> Capture:
    home, cwd = root / "home", root / "work"
    for folder in (home, cwd):
        folder.mkdir(parents=True)
    ready_home(str(home), str(cwd))
    call = ToolUse("Bash", {"command": "echo from-$((40+2))", "description": "x"})
    api = Api([Turn("", (call,)), Turn("all done"), Turn("once more")])
    args = ["--allowedTools", "Bash"]
    with interactive(start, args, mode=mode, api=api, env=STRICT, home=str(home), cwd=str(cwd)) as session:
        session.wait_until_raw()
        session.wait_for(PROMPT.get(version, "? for shortcuts"))
        say(session, version, "hello there")
        session.wait_for(answered(2))
        session.wait_for("all done")
        say(session, version, "a second word")
        session.wait_for(answered(3))
        session.wait_for("once more")
        return session.end("/exit\r")


@pytest.mark.parametrize(
    ("version", "mode"), [*((version, "first-party") for version in MODEL), ("2.1.330", "gateway")]
)
def test_two_turns(command: Command, tmp_path: Path, version: str, mode: Mode) -> None:
    """By two users, whose requests are equal but for what the normaliser takes away, calls and history included."""
    start = command(version)
    seen: list[list[Normal]] = []
    for name in ("ann", "bob"):
        root = tmp_path / name
        capture = converse(start, version, root, mode)
        assert capture.exit_code == 0
        assert not [entry for entry in capture.refused if entry.why != "host"]
        first, result, second = conversation(capture.requests)
        assert capture.main("hello there") is first
        assert capture.main("a second word") is second
        assert {request.model for request in (first, result, second)} == {MODEL[version]}
        assert b"from-42" in result.body
        folders = {str(root / "home"): "home", str(root / "work"): "cwd"}
        seen.append([normalised(request, folders) for request in (first, result, second)])
    assert seen[0] == seen[1]
    assert len({normal.digest() for normal in seen[0]}) == 3
    assert len({normal.digest("tools") for normal in seen[0]}) == 1
