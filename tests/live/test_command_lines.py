"""Command lines, each run by the release itself and through the shim: what ccpin passes harms none of them.

The release itself gets what a person could do by hand: the lock's flags as exports, and settings of their own that say
nothing against them. `claude` in a pinned project gets neither, and settings that set every locked flag the other way.
Exit code, stdout, stderr and every request of the conversation are then the same.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ccpin.pinning import flags
from ccpin.wire.answers import ToolUse, Turn
from ccpin.wire.capture import Capture, Request
from ccpin.wire.loopback import Api
from ccpin.wire.normal import Normal, normalised
from ccpin.wire.run import run
from tests.live.machine import User
from tests.live.people import CONTRARY
from tests.live.releases import command, conversation, pinned

pytestmark = pytest.mark.live

HAIKU = "claude-haiku-4-5"
"""What the user's own settings ask for, and no release takes by itself."""

OWN: Mapping[str, Any] = {"model": HAIKU, "env": {"OF_MINE": "kept"}}


@dataclass(frozen=True)
class Line:
    """`words` behind `claude`. `{own}` is the user's own settings as JSON, `{folder}` the project's path.

    `prompt` is what the model is asked ("" for a line that asks it nothing), `own` whether those settings count.
    """

    words: tuple[str, ...]
    prompt: str = ""
    own: bool = False
    stdin: str = ""
    code: int = 0
    profile: str = "default"


def line(
    *words: str, prompt: str = "", own: bool = False, stdin: str = "", code: int = 0, strict: bool = False
) -> Line:
    return Line(words, prompt, own, stdin, code, "strict" if strict else "default")


LINES = (
    # the user's own settings: JSON or a file, in every place
    line("--settings", "{own}", "-p", "hi", prompt="hi", own=True),
    line("-p", "hi", "--settings", "{own}", prompt="hi", own=True, strict=True),
    line("-p", "--settings={own}", "hi", prompt="hi", own=True),
    line("-p", "hi", "--settings=own.json", prompt="hi", own=True, strict=True),
    line("-p", "--settings", "own.json", "--model", "sonnet", "hi", prompt="hi"),
    line("-p", "hi", "--settings", "{folder}/a b/o w n.json", prompt="hi", own=True),
    line("-p", "hi", "--settings", "bom.json", prompt="hi", own=True),
    line("--settings", "{own}", "-p", "hi", "--settings", "{}", prompt="hi"),
    line("--settings", "{}", "-p", "hi", "--settings", "{own}", prompt="hi", own=True),
    line("--settings", "{}", "-p", "hi", prompt="hi"),
    line("-p", "hi", "--settings", "", prompt="hi"),
    line("-p", "--settings", "{own}", "--setting-sources", "user", "hi", prompt="hi", own=True),
    line("--settings", "{own}", "mcp", "list"),
    line("--settings", code=1),
    # the word where it is none of the options
    line("-p", "what does --settings do?", prompt="what does --settings do?", strict=True),
    line("-p", "--settings", "own.json", "--", "--settings own.json", prompt="--settings own.json", own=True),
    line("-p", "--", "--settings", prompt="--settings"),
    line("-p", "--settings", "{own}", stdin="read --settings", prompt="read --settings", own=True),
    line("mcp", "add", "x", "--", "true", "--settings", "own.json"),
    # nothing of the user's own: prompts
    line("-p", "hi", prompt="hi"),
    line("-p", stdin="from a pipe", prompt="from a pipe", strict=True),
    line("-p", "hi", stdin="from a pipe", prompt="hi\nfrom a pipe"),
    line("-p", "hi", "--output-format", "json", prompt="hi"),
    line("-p", "hi", "--output-format", "stream-json", "--verbose", prompt="hi", strict=True),
    line("-p", "hi", "--model", HAIKU, prompt="hi", own=True),
    line("-p", "hi", "--append-system-prompt", "In rhyme.", prompt="hi"),
    line("--continue", "-p", "hi", prompt="hi", strict=True),
    line("config", "list", prompt="config"),
    # and other commands
    line("mcp", "list"),
    line("mcp", "get", "x", code=1),
    line("plugin", "list", strict=True),
    line("agents", "--json"),
    line("doctor", strict=True),
    line("--help"),
    line("-h"),
    line("--version"),
    line("-v", strict=True),
    line("--no-such-option", code=1),
)

TELLING = {
    "2.0.14": (
        line("-p", "hi", "--settings", "{own}", prompt="hi", own=True, strict=True),
        line("--settings", "{own}", "-p", "hi", "--settings", "{}", prompt="hi", own=True),
        line("-p", "--settings", "a b/o w n.json", "--", "say --settings", prompt="say --settings", own=True),
        line("config", "list", prompt="config"),
        line("--settings", "{own}", "mcp", "list"),
    ),
    "2.1.112": (
        line("-p", "--settings={own}", "hi", prompt="hi", own=True, strict=True),
        line("--settings", "{own}", "-p", "hi", "--settings", "{}", prompt="hi", own=True),
        line("-p", "--settings", "bom.json", "--", "say --settings", prompt="say --settings", own=True),
        line("-p", "hi", "--settings", "", stdin="from a pipe", prompt="hi\nfrom a pipe"),
        line("--settings", "{own}", "mcp", "list"),
        line("agents", "--json", code=1),
    ),
    "2.1.200": (
        line("-p", "--settings={own}", "hi", prompt="hi", own=True, strict=True),
        line("--settings", "{}", "-p", "hi", "--settings", "{own}", prompt="hi", own=True),
        line("-p", "--settings", "bom.json", "--", "say --settings", prompt="say --settings", own=True),
        line("-p", "--", "--settings", "{own}", prompt="--settings"),
        line("--settings", "{own}", "mcp", "list"),
        line("agents", "--json"),
    ),
    "2.1.330": LINES,
}
"""`doctor` of the first three needs a terminal, and without one waits for ever: with ccpin and without."""

DIFFERENT = (
    ("2.0.14", line("-p", "--settings={own}", "hi"), ["claude-sonnet-4-5-20250929", HAIKU]),
    ("2.1.112", line("-p", "--", "--settings", "{own}"), [HAIKU, "claude-sonnet-4-6"]),
    ("2.1.330", line("mcp", "list", "--settings", "{own}"), [1, 0]),
)
"""Where ccpin knows better than the release: what overlooks `=`, looks behind `--`, or refuses it behind a command.
With the model or the exit code of the release itself, and those of `claude`."""

MUCH: Mapping[str, Any] = {
    **OWN,
    "outputStyle": "Explanatory",
    "permissions": {"allow": ["Bash"], "deny": ["WebFetch", "Read(/secret.txt)"]},
    "hooks": {"UserPromptSubmit": [{"hooks": [{"type": "command", "command": "echo said-by-a-hook"}]}]},
}
"""`Read(/x)` in a file is about `x` beside that file."""

_CHANGING = (
    (r"Managed settings \(remote\): .*", "<fetched, or not yet>"),
    (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"msg_loopback_\d+", "<message>"),  # counts requests, and how many a run sends besides is a matter of time
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>"),
    (r'(_ms":)\d+', r"\1<time>"),
    (r'"[^"]*/ccpin-wire-[^"]*"', '"<temporary>"'),
)


@dataclass(frozen=True)
class Ran:
    """One run, and the folder of its home and its project."""

    capture: Capture
    root: Path

    @property
    def requests(self) -> list[Request]:
        return conversation(self.capture.requests)

    def normalised(self) -> list[Normal]:
        folders = {str(self.root / name): name for name in ("home", "project")}
        return [normalised(request, folders) for request in self.requests]

    def said(self) -> list[str]:
        """Both streams, without what names a path, a time or an id."""
        slug = re.sub(r"\W|_", "-", str(self.root))  # folders of transcripts are named so
        texts = [text.replace(str(self.root), "<root>") for text in (self.capture.stdout, self.capture.stderr)]
        for pattern, instead in ((slug, "<root>"), *_CHANGING):
            texts = [re.sub(pattern, instead, text) for text in texts]
        return texts


class Desk:
    """Where one release is started: by itself, and as `claude` in a project that pins it."""

    def __init__(self, user: User, version: str) -> None:
        self._user, self._itself = user, command(user, version)
        self._projects = {name: pinned(user, version, name) for name in ("default", "strict")}

    def itself(self, root: Path, line: Line, own: Mapping[str, Any] = OWN, script: Iterable[Turn] = ()) -> Ran:
        """The release, with the lock's flags as exports."""
        env = {**flags.PROFILES[line.profile].env, "PATH": self._user.bare["PATH"]}
        return self._run(self._itself, root / "itself", line, own, script, env)

    def pinned(self, root: Path, line: Line, own: Mapping[str, Any] = OWN, script: Iterable[Turn] = ()) -> Ran:
        """`claude` beside a lock, with every locked flag the other way in the user's settings."""
        (root / "pinned" / "project").mkdir(parents=True)  # as long as "itself": lengths are counted as tokens
        shutil.copy(self._projects[line.profile] / ".ccpin.lock", root / "pinned" / "project")
        env = {"PATH": self._user.bare["PATH"]}
        return self._run([self._user.layout.shim()], root / "pinned", line, against(own, line), script, env)

    def _run(
        self,
        start: list[str],
        root: Path,
        line: Line,
        own: Mapping[str, Any],
        script: Iterable[Turn],
        env: Mapping[str, str],
    ) -> Ran:
        home, folder, text = root / "home", root / "project", json.dumps(own)
        home.mkdir(parents=True)
        (folder / "a b").mkdir(parents=True)
        for path, mark in (("own.json", ""), ("bom.json", "\ufeff"), ("a b/o w n.json", "")):
            (folder / path).write_text(mark + text, encoding="utf-8")
        for path in ("secret.txt", "a b/secret.txt"):
            (folder / path).write_text(f"read from {path}")
        args = [word.replace("{own}", text).replace("{folder}", str(folder)) for word in line.words]
        at, stdin, api = (str(home), str(folder)), line.stdin.encode(), Api(script)
        return Ran(run(start, args, mode="first-party", api=api, env=env, home=at[0], cwd=at[1], stdin=stdin), root)


def against(own: Mapping[str, Any], line: Line) -> dict[str, Any]:
    contrary = {name: CONTRARY[name] for name in flags.PROFILES[line.profile].env}
    return {**own, "env": {**own["env"], **contrary}}


@pytest.mark.parametrize("version", TELLING)
def test_a_command_line_is_unharmed(user: User, tmp_path: Path, version: str, note: Callable[[str], None]) -> None:
    desk = Desk(user, version)

    def compared(number: int, line: Line) -> list[str]:
        root = tmp_path / f"line {number}"
        return [
            f"{line.words}: {wrong}" for wrong in complaints(line, desk.itself(root, line), desk.pinned(root, line))
        ]

    lines = TELLING[version]
    with ThreadPoolExecutor(2) as pool:
        found = [wrong for wrongs in pool.map(compared, range(len(lines)), lines) for wrong in wrongs]
    assert not found, "\n".join(found)
    note(f"{version:<7} {len(lines)} command lines do the same by themselves and pinned")


def complaints(line: Line, theirs: Ran, ours: Ran) -> Iterator[str]:
    if not ours.capture.exit_code == theirs.capture.exit_code == line.code:
        yield f"exit codes {theirs.capture.exit_code} and {ours.capture.exit_code}"
    if ours.said() != theirs.said():
        yield f"it said {theirs.said()}, and pinned {ours.said()}"
    if ours.normalised() != theirs.normalised():
        yield f"different requests, {len(theirs.requests)} and {len(ours.requests)}"
    asked = [(request.said.endswith(line.prompt), request.model == HAIKU) for request in ours.requests]
    if asked != ([(True, line.own)] if line.prompt else []):
        yield f"asked {[(request.said[-80:], request.model) for request in ours.requests]}"


@pytest.mark.parametrize("version", TELLING)
def test_only_the_locked_names_are_lost(user: User, tmp_path: Path, version: str) -> None:
    """Of a file with many settings: each does what it says, in a conversation with tool calls, but for the flags."""
    desk = Desk(user, version)
    line = Line(("-p", "hi", "--settings", "a b/o w n.json"))
    echo = "echo mine=$OF_MINE locked=$CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"
    calls = [
        ToolUse("Bash", {"command": echo, "description": "x"}),
        ToolUse("Read", {"file_path": "a b/secret.txt"}),
        ToolUse("Read", {"file_path": "secret.txt"}),
    ]
    script = [*(Turn("", (call,)) for call in calls), Turn("done")]
    with ThreadPoolExecutor(2) as pool:
        theirs, ours = pool.map(lambda side: side(tmp_path, line, MUCH, script), (desk.itself, desk.pinned))
    assert (ours.capture.exit_code, ours.said()) == (theirs.capture.exit_code, theirs.said()) == (0, ["done\n", ""])
    assert ours.normalised() == theirs.normalised()
    results = [json.dumps(request.json["messages"][-1]["content"]) for request in ours.requests[1:]]
    assert "mine=kept locked=1" in results[0]
    assert "denied" in results[1]
    assert "read from secret.txt" in results[2]
    first = ours.requests[0]
    assert (first.model, "WebFetch" in first.tools, "said-by-a-hook" in first.said) == (HAIKU, False, True)
    assert b"Explanatory output style is active" in ours.requests[-1].body
    hostile = desk.itself(tmp_path / "hostile", line, against(MUCH, line), script)
    assert "mine=kept locked=0" in hostile.requests[1].body.decode()  # nothing but ccpin keeps it from counting


def test_where_ccpin_knows_better(user: User, tmp_path: Path) -> None:
    def seen(version: str, line: Line) -> list[object]:
        desk, root = Desk(user, version), tmp_path / version
        rans = (desk.itself(root, line), desk.pinned(root, line))
        return [ran.requests[0].model if ran.requests else ran.capture.exit_code for ran in rans]

    versions, lines, expected = zip(*DIFFERENT, strict=True)
    with ThreadPoolExecutor(2) as pool:
        assert tuple(pool.map(seen, versions, lines)) == expected


def test_an_update_is_refused(user: User, tmp_path: Path) -> None:
    desk = Desk(user, "2.1.330")
    for number, words in enumerate(("update", "--settings {own} update", "install latest --settings {own}")):
        ran = desk.pinned(tmp_path / str(number), Line(tuple(words.split())))
        assert (ran.capture.exit_code, ran.capture.stdout, ran.requests) == (126, "", [])
        assert " is refused: " in ran.capture.stderr
