"""The entry for editors, with a real release: called as VS Code's extension calls it, it starts what is pinned."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.wire.run import run
from tests.live.machine import JAVASCRIPT, NATIVE, User, answer
from tests.live.machine import run as command
from tests.live.releases import pinned

pytestmark = pytest.mark.live

BETAS = {"strict": 3, "none": 9}
STREAM = ["--output-format", "stream-json", "--input-format", "stream-json", "--verbose", "-p"]
MESSAGE = {"type": "user", "message": {"role": "user", "content": [{"type": "text", "text": "hi"}]}}


@pytest.fixture
def entry(user: User) -> str:
    """What `ccpin setup --vscode` writes into the settings."""
    settings = user.home / ".config" / "Code" / "User" / "settings.json"
    settings.parent.mkdir(parents=True)
    user.ccpin("setup", "--vscode", cwd=user.root).ok()
    return str(json.loads(settings.read_text())["claudeCode.claudeProcessWrapper"])


@pytest.fixture
def bundled(tmp_path: Path) -> str:
    """The extension's own Claude Code, which must not run."""
    path = tmp_path / "extension" / "resources" / "native-binary" / "claude"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\necho bundled\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("profile", BETAS)
def test_a_conversation_as_the_extension_holds_it(
    user: User, entry: str, bundled: str, profile: str, note: Callable[[str], None]
) -> None:
    project = pinned(user, NATIVE, profile)
    said = json.dumps(MESSAGE).encode() + b"\n"
    found = run([entry, bundled], STREAM, mode="gateway", env={"PATH": user.bare["PATH"]}, cwd=str(project), stdin=said)
    assert found.exit_code == 0, found.stderr
    results = [json.loads(line) for line in found.stdout.splitlines() if '"type":"result"' in line]
    assert [result["result"] for result in results] == ["ok"]
    main = found.main("hi")
    assert f"claude-cli/{NATIVE} " in main.headers["user-agent"]
    assert len(main.betas) == BETAS[profile]
    note(f"as VS Code calls it, {NATIVE}, {profile}: {len(main.betas)} betas")


@pytest.mark.parametrize("version", [JAVASCRIPT, NATIVE])
def test_the_pinned_release_answers(user: User, entry: str, bundled: str, version: str) -> None:
    project = pinned(user, version)
    for first in ([bundled], []):
        assert command([entry, *first, "--version"], project, user.bare, isolated=True).ok().out == answer(version)
