"""What commands answer with `--json`, run anew, each in a box of its own: those of tests/cli/test_json.py, and more in
which keys have other kinds of values."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from tests.cli.arrange import ccpin, pin, set_up
from tests.cli.test_json import SET_UP, SUCCESSES
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream, usual

_GIT = "!git init -q . && git -c user.name=a -c user.email=a@b"
_DAMAGE = '!f=$(find "$CCPIN_HOME/releases" -name cli.js) && chmod u+w "$f" && echo >>"$f"'
_SESSION = r"""!
time=$(date -u -d '+1 minute' +%FT%T.000Z) # behind the lock
folder=~/.claude/projects/$(pwd | sed 's/[^A-Za-z0-9]/-/g')
mkdir -p "$folder"
row() { # release, what else
  printf '{"cwd":"%s","sessionId":"a","version":"%s",%s,"timestamp":"%s"}\n' "$PWD" "$1" "$2" "$time"
}
{
  row 2.0.14 '"type":"user","message":{"role":"user","content":""},"uuid":"1"'
  row 2.1.330 '"type":"assistant","message":{"id":"m","model":"claude-x","role":"assistant","content":'\
'[{"type":"tool_use","id":"t","name":"Read","input":{}}],"usage":{"output_tokens":1}},"uuid":"2","effort":"high"'
} >"$folder/a.jsonl"
ln -s a.jsonl "$folder/b.jsonl"
"""

MORE: tuple[tuple[str, ...], ...] = (
    ("use 2.1.330",),
    ("use 2.1.206 --profile none",),
    ("use 2.0.14 --node 22",),
    ("use '>=2.1.200'",),
    ("use 2.0.14", "!echo '<<<<<<< a' >>.ccpin.lock", "use 2.0.15"),
    ("use 2.0.14", "outdated --wire"),
    ("use 2.0.14 --node 22", "upgrade latest --wire"),
    ("use 2.0.14 --node 22", "upgrade 2.0.15"),
    ("use 2.1.200", "upgrade 2.1.206"),
    ("use 2.0.14", f"{_GIT} add .ccpin.lock && git -c user.name=a -c user.email=a@b commit -qm a", "use 2.0.15",
     '!rm -r "$CCPIN_HOME/previous"', "rollback"),
    ("use 2.0.14 --node 22", "use 2.1.330", "rollback"),
    ("use 2.0.14", "check"),
    ("use 2.0.14 --fingerprint", "!mkdir .claude && echo '{}' >.mcp.json", "check --wire"),
    ("use 2.0.14 --node 22", "current"),
    ("use 2.0.14 --node 22", "list"),
    ("list --remote", "list --remote --offline"),
    ("use 2.0.14", "fingerprint 2.0.66 --runs 2"),
    ("use 2.1.330", "fingerprint"),
    ("diff 2.0.14 2.1.330 --profile strict",),
    ("diff 2.1.330 --profile none --profile strict",),
    ("diff 2.0.66 2.0.14 --details",),
    ("install 2.0.66", "install 2.0.67", "history"),
    ("env explain DISABLE_MICROCOMPACT",),
    ("env profile",),
    ("env list --all",),
    ("use 2.0.14", "env set DISABLE_TELEMETRY"),
    ("install 0.2.9",),
    ("use 2.0.14", _DAMAGE, "verify"),
    ("use 2.0.14", _DAMAGE, "verify --repair"),
    ("install 2.0.14", "!echo >$CCPIN_HOME/releases/odd", "verify"),
    ("install 2.0.14", "install 2.0.15", "prune --keep 0"),
    ("install 2.0.14", "config minimum-version 2.0.14"),
    ("config keep-flag ANTHROPIC_MODEL", "config allow-flag FOO", "config minimum-version 2.0.14", "config"),
    ("setup",),
    ("setup", "setup --undo"),
    ("!mkdir ~/.vscode", "setup --vscode"),
    ("init --yes 2.0.14 --install-source git+https://h.example/ccpin@0",),
    ("doctor",),
    ("use 2.0.14", "setup", "doctor"),
    ("use 2.0.14", _SESSION, "sessions --since 30d --stats"),
    (_SESSION, "sessions --all --every"),
    ("bisect --good 2.0.15 --bad 2.1.110 --profile strict -- sh -c '! claude --version | grep -q 2.1'",),
    ("bisect --good 2.0.14 --bad 2.1.110 --skip 2.0.15 --wire model=new",),
)  # fmt: skip
"""Commands in an empty box; the last one's answer counts. With `!` before it, one for `sh`."""


def recorded() -> dict[str, list[dict[str, Any]]]:
    """Command -> its answers."""
    found = {command: [_of_the_test(command)] for command in SUCCESSES}
    for commands in MORE:
        found.setdefault(commands[-1], []).append(_of(commands))
    return found


def _of_the_test(command: str) -> dict[str, Any]:
    with _box() as (box, upstream):
        pin(box, "1.0.20")
        pin(box, "2.0.14")
        if command == "outdated":
            upstream.tags["latest"] = "2.0.14"
        if command in SET_UP:
            set_up(box)
        return _answer(box, command)


def _of(commands: Sequence[str]) -> dict[str, Any]:
    with _box() as (box, _):
        for command in commands[:-1]:
            if command.startswith("!"):
                box.run(["sh", "-c", command[1:]]).ok()
            else:
                ccpin(box, *shlex.split(command))
        return _answer(box, commands[-1])


def _answer(box: Box, command: str) -> dict[str, Any]:
    words = shlex.split(command)
    end = words.index("--") if "--" in words else len(words)  # what follows is another command's
    data: dict[str, Any] = ccpin(box, *words[:end], "--json", *words[end:]).json["data"]
    assert data, f"`ccpin {command}` answers nothing"
    return data


@contextmanager
def _box() -> Iterator[tuple[Box, Upstream]]:
    upstream = usual()
    upstream.add_js("2.1.88")  # withdrawn
    for version in ("2.0.66", "2.0.67"):  # one that varies, one that cannot be captured (tests/fakes/talking.py)
        upstream.add_js(version)
    with (
        tempfile.TemporaryDirectory(prefix="ccpin-docs-") as folder,
        Registry(upstream) as registry,
        patch.object(psutil, "process_iter", lambda: psutil.Process().children(recursive=True)),
    ):  # whoever makes the documentation may run Claude Code, too
        yield Box(Path(folder), registry.url), upstream
