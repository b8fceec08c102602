"""`ccpin doctor`: one result, as text and as JSON; it reads what it names, prints no secret, and writes nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ccpin.cli.doctor import text
from ccpin.doctor.context import this_machine
from ccpin.doctor.examine import CHECKS, Diagnosis
from ccpin.doctor.finding import LEVELS
from ccpin.pinning.flags import MECHANISMS, TABLE
from tests.cli.arrange import ccpin, edit
from tests.doctor import arrange
from tests.doctor.arrange import SOUND, context, diagnose, write
from tests.fakes import looking
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

GOLDEN = Path(__file__).parent.parent / "doctor" / "golden"
DAY = 24 * 60 * 60
WRITTEN = 1_800_000_000  # when the lock was, in seconds
X64 = dataclasses.replace(SOUND, platform="linux-x64")

IDS = [
    "pin",
    "override",
    "own-settings",
    "install",
    "node",
    "server-floor",
    "required-versions",
    "pin-age",
    "ignored-flags",
    "settings",
    "environment",
    "on-although-zero",
    "dead-keys",
    "cached-flags",
    "client-data",
    "yours",
    "plugins",
    "path",
    "other-claudes",
    "native-install",
    "shell-names",
    "shell-path",
    "shell-not-interactive",
    "editor",
    "supervisor",
    "cpu-avx",
    "libc",
    "rosetta",
    "store",
    "shared-stores",
]


@pytest.fixture
def upstream(upstream: Upstream) -> Upstream:
    arrange.publish(upstream)
    return upstream


@pytest.fixture
def calm(box: Box) -> Box:
    """All that ccpin can do is done."""
    arrange.arrange(box, profile="strict")
    os.utime(box.lock, (WRITTEN, WRITTEN))
    return box


@pytest.fixture
def rich(box: Box) -> Box:
    """Much is wrong."""
    arrange.arrange(box)
    os.utime(box.lock, (WRITTEN, WRITTEN))
    other = fake_claude(box.root / "theirs")
    box.env["PATH"] = f"{other.parent}{os.pathsep}{box.env['PATH']}"
    box.env |= {"MAX_THINKING_TOKENS": "1024", "CLAUDE_CODE_MANAGED_SETTINGS_PATH": str(box.root / "policy.json")}
    write(
        box.root / "policy.json",
        '{"requiredMaximumVersion": "2.1.200",\n"env": {"DISABLE_AUTOUPDATER": "0"}}',
    )
    write(
        box.home / ".claude" / "settings.json",
        '{"env": {\n"DISABLE_TELEMETRY": "0",\n"DISABLE_UPDATES": "0"},\n"model": "m",\n"autoUpdates": false,\n'
        '"enabledPlugins": {"p@q": true}}',
    )
    write(box.home / ".claude.json", '{"cachedGrowthBookFeatures": {"f": 1, "g": 2},\n"clientDataCache": {"h": 3}}')
    write(box.home / ".local" / "share" / "claude" / "versions" / "2.1.300", "x")
    write(box.home / ".vscode" / "extensions" / "anthropic.claude-code-2.1.9" / "package.json", '{"version": "2.1.9"}')
    with (box.home / ".bashrc").open("a") as file:
        file.write("alias claude=/opt/claude\nPATH=$HOME/../theirs:$PATH\n")
    return box


# --- one result, two forms ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "days"), [("calm", 3), ("rich", 100)])
def test_the_text(request: pytest.FixtureRequest, name: str, days: int) -> None:
    box: Box = request.getfixturevalue(name)
    found = diagnose(box, machine=X64, now=WRITTEN + days * DAY)
    assert text(_without_place(found, box)) + "\n" == (GOLDEN / f"{name}.txt").read_text()


def _without_place(found: Diagnosis, box: Box) -> Diagnosis:
    """With `/box` for the box's root, before lines are broken by their length."""

    def short(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(str(box.root), "/box")
        return tuple(map(short, value)) if isinstance(value, tuple) else value

    def each(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            dataclasses.replace(row, **{f.name: short(getattr(row, f.name)) for f in dataclasses.fields(row)})
            for row in rows
        )

    return Diagnosis(each(found.mechanisms), each(found.findings))


def test_the_command_says_the_same(rich: Box) -> None:
    found = diagnose(rich, machine=this_machine())
    done = ccpin(rich, "doctor").failed(1)
    assert done.out == text(found) + "\n"
    problems = sum(finding.level == "problem" for finding in found.findings)
    assert done.err.startswith(f"ccpin: {problems} problems found\n  ")
    data = ccpin(rich, "doctor", "--json").failed(1).json["data"]
    assert data["findings"] == json.loads(json.dumps([dataclasses.asdict(finding) for finding in found.findings]))


def test_exit_codes(calm: Box) -> None:
    assert ccpin(calm, "doctor").ok().err == ""
    write(calm.home / ".vscode" / "extensions" / "anthropic.claude-code-2.1.9" / "package.json", '{"version": "2.1.9"}')
    assert "warning" in ccpin(calm, "doctor").ok().out
    calm.env["CCPIN_DISABLE"] = "1"
    [error] = ccpin(calm, "doctor", "--json").failed(1).json["errors"]
    assert (error["code"], error["message"]) == ("problems-found", "1 problem found")


@pytest.mark.parametrize("name", ["calm", "rich"])
def test_the_json(request: pytest.FixtureRequest, name: str) -> None:
    box: Box = request.getfixturevalue(name)
    answer = ccpin(box, "doctor", "--json").json
    assert list(answer) == ["ok", "command", "data", "errors"]
    data = answer["data"]
    assert list(data) == ["version", "lock", "mechanisms", "always", "findings"]
    assert (data["version"], data["lock"]) == ("2.1.330", str(box.lock))
    assert [(m["number"], m["name"]) for m in data["mechanisms"]] == list(MECHANISMS.items())
    for row in data["mechanisms"]:
        assert list(row) == ["name", "number", "state", "reason", "held", "evidence", "command"]
        assert set(row["held"]) <= set(TABLE)
        assert row["state"] in ("controlled", "reduced", "out of reach")
        _check_row(row, row["reason"])
    for row in data["findings"]:
        assert list(row) == ["id", "level", "line", "evidence", "command"]
        assert row["id"] in IDS
        assert row["level"] in LEVELS
        _check_row(row, row["line"])
    assert answer["ok"] is not any(row["level"] == "problem" for row in data["findings"])


def _check_row(row: dict[str, Any], line: str) -> None:
    assert line
    assert "\n" not in line
    assert all(isinstance(one, str) and one and "\n" not in one for one in row["evidence"])
    assert row["command"] is None or (row["command"] and "\n" not in row["command"])


def test_ids_are_stable(rich: Box) -> None:
    assert [check.id for check in CHECKS] == IDS
    seen = context(rich, machine=X64)
    for check in CHECKS:
        assert {finding.id for finding in check.run(seen)} <= {check.id}
    assert [f.id for f in diagnose(rich, machine=X64).findings if f.level == "problem"] == [
        "required-versions",
        "path",
        "shell-names",
        "shell-path",
    ]


# --- where there is little to look at ---------------------------------------------------------------------


def test_without_anything(box: Box) -> None:
    data = ccpin(box, "doctor", "--json").failed(1).json["data"]
    assert (data["version"], data["lock"]) == (None, None)
    assert {row["state"] for row in data["mechanisms"]} == {"out of reach"}
    found = {row["id"]: row["level"] for row in data["findings"]}
    assert (found["pin"], found["path"]) == ("note", "problem")
    assert ccpin(box, "doctor", cwd="/").failed(1).out.startswith("why sessions differ\n")


def test_with_a_broken_lock(calm: Box) -> None:
    edit(calm, "[claude]", "<<<<<<< ours")
    data = ccpin(calm, "doctor", "--json").failed(1).json["data"]
    assert data["version"] is None
    found = {row["id"]: row["level"] for row in data["findings"]}
    assert (found["pin"], found["path"], found["store"]) == ("problem", "ok", "ok")


def test_files_that_are_not_what_they_should_be(calm: Box) -> None:
    """Nothing waits, and nothing breaks."""
    for path in (".claude.json", ".zshrc", ".vscode/extensions/anthropic.claude-code-1.0.0/package.json"):
        (calm.home / path).parent.mkdir(parents=True, exist_ok=True)
        (calm.home / path).unlink(missing_ok=True)
        os.mkfifo(calm.home / path)
    (calm.home / ".claude").mkdir()
    (calm.home / ".claude" / "settings.json").mkdir()
    write(calm.project / ".claude" / "settings.json", '["env"]')
    write(calm.project / ".claude" / "settings.local.json", '{"env": ["DISABLE_UPDATES"], "enabledPlugins": 1}')
    (calm.home / ".bashrc").write_bytes(b"\xff\xfe\0" + (calm.home / ".bashrc").read_bytes())
    assert ccpin(calm, "doctor").code in (0, 1)


# --- what it may not do -------------------------------------------------------------------------------------

_OPENED: list[tuple[str, int]] = []
_watching = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _watching and event == "open" and isinstance(args[0], (str, bytes)):
        _OPENED.append((os.fsdecode(args[0]), args[2]))


@pytest.fixture
def opened() -> Iterator[list[tuple[str, int]]]:
    """Path and flags of every file that this process opens from now on."""
    global _watching
    if _hook not in _HOOKS:
        sys.addaudithook(_hook)
        _HOOKS.append(_hook)
    _OPENED.clear()
    _watching = True
    yield _OPENED
    _watching = False


_HOOKS: list[Any] = []

SECRET = "planted-secret"


@pytest.fixture
def secretive(rich: Box) -> Box:
    """Secrets wherever people have them."""
    rich.env |= {"ANTHROPIC_API_KEY": f"{SECRET}-1", "HTTPS_PROXY": f"http://user:{SECRET}-2@127.0.0.1/"}
    claude = rich.home / ".claude"
    said = {
        "env": {"ANTHROPIC_API_KEY": f"{SECRET}-3", "DISABLE_UPDATES": f"{SECRET} 4", "ANTHROPIC_BETAS": f"{SECRET}-5"},
        "apiKeyHelper": f"echo {SECRET}-6",
        "hooks": {"Stop": [{"hooks": [{"command": f"{SECRET}-7"}]}]},
        "model": f"{SECRET}-8",
        "enabledPlugins": {f"{SECRET}-9": True},
        "autoUpdates": f"{SECRET}-10",
        "requiredMaximumVersion": f"{SECRET}-11",
    }
    for path in (claude / "settings.json", rich.project / ".claude" / "settings.json", rich.root / "policy.json"):
        write(path, json.dumps(said, indent=1))
    state = {
        "env": {"TOKEN": f"{SECRET}-12", "CLAUDE_CODE_GENTLE_PARASOL": f"{SECRET}-13"},
        "oauthAccount": {"emailAddress": f"{SECRET}-14"},
        "projects": {str(rich.project): {"history": [f"{SECRET}-15"]}},
        "cachedGrowthBookFeatures": {f"{SECRET}-16": f"{SECRET}-17"},
        "clientDataCache": {"a": f"{SECRET}-18"},
    }
    write(rich.home / ".claude.json", json.dumps(state))
    for name in _NEVER:
        write(rich.home / name, f'{{"type": "user", "message": "{SECRET}-19"}}\n')
    with (rich.home / ".bashrc").open("a") as file:
        file.write(f"export ANTHROPIC_API_KEY={SECRET}-20\nalias claude='TOKEN={SECRET}-21 /opt/claude'\n")
        file.write(f"export PATH=/{SECRET}-22:$PATH\n")
    write(
        rich.home / ".config" / "Code" / "User" / "settings.json",
        f'{{\n"claudeCode.environmentVariables": [{{"name": "K", "value": "{SECRET}-23"}}]\n}}',
    )
    return rich


_NEVER = (
    ".claude/.credentials.json",
    ".claude/history.jsonl",
    ".claude/projects/-box-project/0b3f.jsonl",
    ".claude/projects/-box-project/0b3f/subagents/agent-1.jsonl",
    ".claude/CLAUDE.md",
    ".npmrc",
    ".netrc",
)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_secret_is_printed_or_looked_for(secretive: Box, opened: list[tuple[str, int]], options: list[str]) -> None:
    done = ccpin(secretive, "doctor", *options).failed(1)
    assert SECRET not in done.out + done.err
    names = {path for path, _ in opened}
    assert str(secretive.home / ".claude.json") in names  # or this test would see nothing
    assert not names & {str(secretive.home / path) for path in _NEVER}
    assert not [name for name in names if name.endswith(".jsonl")]


@pytest.mark.parametrize("spec", ["2.1.330", "2.0.14"])
def test_nothing_is_written(secretive: Box, opened: list[tuple[str, int]], spec: str) -> None:
    ccpin(secretive, "use", spec).ok()
    before = _all(secretive)
    opened.clear()
    ccpin(secretive, "doctor")
    ccpin(secretive, "doctor", "--json")
    assert _all(secretive) == before
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    assert [path for path, flags in opened if flags & writing and path.startswith(str(secretive.root))] == []


def _all(box: Box) -> dict[str, tuple[str, int]]:
    tree = looking.tree(box.root)
    return {name: (what, os.lstat(box.root / name).st_mtime_ns) for name, what in tree.items()}
