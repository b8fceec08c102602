"""`claude` through the installed shim, and `ccpin exec`: which release runs, and that it runs undisturbed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccpin.launching.environment import EVIDENCE
from ccpin.pinning import flags
from tests.cli.arrange import ccpin, edit, pin, pin_default, relock, set_up
from tests.fakes.box import Box, Completed
from tests.fakes.claude import fake_claude
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

DEFAULT = flags.PROFILES["default"].env
SET = " ".join(DEFAULT)
STRICT = flags.PROFILES["strict"]


def words(said: Any) -> list[str]:
    """The arguments behind the one `--settings` that comes first."""
    assert said["argv"][0] == "--settings"
    return list(said["argv"][2:])


def passed(said: Any) -> Any:
    """What that one holds, as JSON or in a file."""
    value = said["argv"][said["argv"].index("--settings") + 1]
    return json.loads(value if value.startswith("{") else Path(value).read_text())


@pytest.fixture
def ready(box: Box) -> Box:
    """A project with a native release, the shim first on PATH, and the registry out of use."""
    pin(box, "2.1.330")
    set_up(box)
    box.env["CCPIN_NPM_REGISTRY"] = "http://127.0.0.1:1/"
    return box


def by_shim(box: Box, *args: str) -> list[str]:
    return box.claude_argv(*args)


def by_exec(box: Box, *args: str) -> list[str]:
    return box.ccpin_argv("exec", "--", *args)


Way = Callable[..., list[str]]
both_ways = pytest.mark.parametrize("way", [by_shim, by_exec])


@both_ways
@pytest.mark.parametrize("spec", ["2.1.330", "2.0.14"])
class TestWhatItGets:
    def test_arguments(self, box: Box, way: Way, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        args = ["-p", "a b", "", "--", "--version SPEC", "*", "$HOME", "\n", "é", "--json"]
        said = box.run(way(box, *args)).ok().json
        assert (words(said), said["version"], passed(said)) == (args, spec, {"env": DEFAULT})

    def test_no_arguments(self, box: Box, way: Way, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        assert words(box.run(way(box)).ok().json) == []

    def test_stdin(self, box: Box, way: Way, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        text = "first\nsecond\n" * 5000
        assert box.run(way(box), env={"FAKE_STDIN": "1"}, stdin=text).ok().json["stdin"] == text

    def test_its_status_is_the_status(self, box: Box, way: Way, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        for status in (1, 126, 255):
            assert box.run(way(box), env={"FAKE_EXIT": str(status)}).code == status

    def test_signals(self, box: Box, way: Way, spec: str) -> None:
        """The process that was started is Claude Code: what is sent to it arrives there and nowhere else."""
        pin(box, spec)
        set_up(box)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with box.start(way(box), env={"FAKE_SLEEP": "60"}) as running:
                assert running.stdout
                assert json.loads(running.stdout.readline())["pid"] == running.pid
                running.send_signal(number)
                assert running.wait(10) == -number

    def test_a_signal_that_it_handles(self, box: Box, way: Way, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        with box.start(way(box), env={"FAKE_SLEEP": "60", "FAKE_TRAP": "INT", "FAKE_EXIT": "5"}) as running:
            assert running.stdout
            running.stdout.readline()
            running.send_signal(signal.SIGINT)
            assert json.loads(running.stdout.readline()) == {"signal": "SIGINT"}
            assert running.wait(10) == 5

    def test_nothing_else_is_written(self, box: Box, way: Way, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        before = box.snapshot()
        done = box.run(way(box)).ok()
        assert done.err == ""
        assert len(done.out.splitlines()) == 1
        assert box.snapshot() == before


@both_ways
class TestItsEnvironment:
    def test_the_flags_and_nothing_else(self, ready: Box, way: Way) -> None:
        env = ready.run(way(ready)).ok().json["env"]
        added = {name: value for name, value in env.items() if ready.env.get(name) != value and name != "PWD"}
        assert {name: value for name, value in added.items() if name not in EVIDENCE} == {**DEFAULT, "CCPIN_SET": SET}
        assert added.keys() >= set(EVIDENCE)
        assert set(ready.env) <= set(env)

    def test_the_users_own_export_survives(self, ready: Box, way: Way) -> None:
        env = ready.run(way(ready), env={"DISABLE_UPDATES": "1", "MINE": "é\n"}).ok().json["env"]
        assert "DISABLE_UPDATES" not in env["CCPIN_SET"].split()
        assert (env["DISABLE_UPDATES"], env["MINE"]) == ("1", "é\n")

    def test_the_lock_wins_over_another_value(self, ready: Box, way: Way) -> None:
        env = ready.run(way(ready), env={"DISABLE_UPDATES": "0"}).ok().json["env"]
        assert env["DISABLE_UPDATES"] == "1"
        assert "DISABLE_UPDATES" in env["CCPIN_SET"].split()

    def test_a_claude_inside_starts_clean(self, ready: Box, way: Way) -> None:
        """In another project, which pins another release and another flag, nothing of the outer one is left."""
        other = ready.folder("other")
        (other / ".ccpin.lock").write_text(one_flag(ready))
        outer = ready.run(way(ready), env={"FAKE_RUN": f"cd '{other}' && FAKE_RUN= claude -p in"}).ok().json
        inner = json.loads(outer["ran"])
        assert (words(inner), inner["env"]["CCPIN_SET"]) == (["-p", "in"], "DISABLE_TELEMETRY")
        assert passed(inner) == {"env": {"DISABLE_TELEMETRY": "1"}}
        assert {name for name in inner["env"] if name in flags.TABLE} == {"DISABLE_TELEMETRY"}

    def test_a_claude_inside_without_a_pin_starts_clean_too(self, ready: Box, way: Way) -> None:
        fake_claude(ready.bin)
        outer = ready.run(way(ready), env={"FAKE_RUN": "cd / && FAKE_RUN= claude", "DISABLE_UPDATES": "1"}).ok().json
        inner = json.loads(outer["ran"])
        assert inner["version"] == "9.9.9"
        assert {name for name in inner["env"] if name in flags.TABLE} == {"DISABLE_UPDATES"}  # the user's own
        assert "CCPIN_SET" not in inner["env"]

    def test_a_claude_inside_the_same_project(self, ready: Box, way: Way) -> None:
        outer = ready.run(way(ready), env={"FAKE_RUN": "FAKE_RUN= claude"}).ok().json
        assert json.loads(outer["ran"])["env"]["CCPIN_SET"] == SET


def one_flag(box: Box) -> str:
    """The project's lock with one flag, which is another than the usual ones."""
    before, _, rest = box.lock.read_text().partition("[env]\n")
    return f'{before}[env]\nDISABLE_TELEMETRY = "1"\n\n[artifacts]\n{rest.partition("[artifacts]")[2].lstrip()}'


SECRET = "sk-ant-0123456789"


@both_ways
class TestSettings:
    def strict(self, box: Box, spec: str = "2.1.330") -> None:
        pin(box, spec)
        set_up(box)
        relock(box, env=STRICT.env, clean=True)

    @pytest.mark.parametrize("spec", ["2.1.330", "2.0.14"])
    def test_strict(self, box: Box, way: Way, spec: str) -> None:
        self.strict(box, spec)
        mine = dict.fromkeys(flags.TABLE, "mine")
        said = box.run(way(box, "-p", "hi"), env={**mine, "MINE": "1"}).ok().json
        assert {name: value for name, value in said["env"].items() if name in flags.TABLE} == STRICT.env
        assert (said["env"]["MINE"], words(said)) == ("1", ["-p", "hi"])
        assert passed(said) == {"env": {**dict.fromkeys(flags.TABLE, ""), **STRICT.env}}

    def test_none(self, ready: Box, way: Way) -> None:
        relock(ready, env={})
        said = ready.run(way(ready, "-p", "hi"), env={"ANTHROPIC_MODEL": "mine"}).ok().json
        assert (said["argv"], said["env"]["ANTHROPIC_MODEL"]) == (["-p", "hi"], "mine")

    @pytest.mark.parametrize("args", [["plugin", "test"], ["stop", "x"], ["self-hosted-runner"]])
    def test_commands_that_take_none(self, ready: Box, way: Way, args: list[str]) -> None:
        said = ready.run(way(ready, *args)).ok().json
        assert (said["argv"], said["env"]["CCPIN_SET"]) == (args, SET)

    def test_one_s_own(self, ready: Box, way: Way) -> None:
        mine = {"model": "opus", "env": {"ANTHROPIC_API_KEY": SECRET, "DISABLE_UPDATES": "0"}}
        done = ready.run(way(ready, "-p", "--settings", json.dumps(mine), "hi")).ok()
        assert words(done.json) == ["-p", "hi"]
        assert SECRET not in done.out + done.err
        assert passed(done.json) == {"model": "opus", "env": {"ANTHROPIC_API_KEY": SECRET, **DEFAULT}}

    @pytest.mark.parametrize("mine", [f'{{"env": ["{SECRET}"]}}', f'{{"env": "{SECRET}"', f'["{SECRET}"]'])
    def test_one_s_own_that_cannot_be_read(self, ready: Box, way: Way, mine: str) -> None:
        done = ready.run(way(ready, "--settings", mine)).failed(126)
        assert done.out == ""
        assert "`--settings` cannot be merged with the lock's flags: the JSON given: " in done.err
        assert SECRET not in done.err

    def test_a_policy_above_a_clean_slate(self, box: Box, way: Way) -> None:
        self.strict(box)
        policy = box.home / "policy.json"
        policy.write_text(f'{{\n "env": {{\n  "K": "{SECRET}",\n  "ANTHROPIC_MODEL": "{SECRET}"}}}}')
        done = box.run(way(box, "-p"), env={"CLAUDE_CODE_MANAGED_SETTINGS_PATH": str(policy)}).failed(126)
        assert done.out == ""
        assert done.err.startswith(f"ccpin: {policy}:4: `ANTHROPIC_MODEL` is set here")
        assert SECRET not in done.err
        assert box.run(way(box, "--version"), env={"CLAUDE_CODE_MANAGED_SETTINGS_PATH": str(policy)}).ok().err == ""

    def test_a_release_that_takes_none(self, box: Box, way: Way) -> None:
        pin(box, "1.0.20")
        set_up(box)
        done = box.run(way(box, "-p")).ok()
        assert (done.json["argv"], done.err) == (["-p"], "")
        settings = box.folder(".claude") / "settings.json"
        settings.write_text(f'{{"env": {{\n"DISABLE_UPDATES": "{SECRET}", "ANTHROPIC_MODEL": "mine"}}}}')
        done = box.run(way(box, "-p")).ok()
        assert done.json["argv"] == ["-p"]
        assert done.err.startswith(f"ccpin: warning: {settings}:2: `DISABLE_UPDATES` is set here")
        assert done.err.count("\n") == 1
        assert SECRET not in done.err
        relock(box, clean=True)
        assert SECRET not in box.run(way(box, "-p")).failed(126).err


class TestTheFirstTime:
    @both_ways
    @pytest.mark.parametrize("spec", ["2.0.14", "2.1.330"])
    def test_it_is_installed(self, box: Box, registry: Registry, way: Way, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        lock = box.lock.read_bytes()
        Path(box.layout.releases).rename(box.root / "elsewhere")
        registry.forget()
        done = box.run(way(box, "-p", "x"), env={"FAKE_STDIN": "1"}, stdin="piped").ok()
        assert (done.json["version"], words(done.json), done.json["stdin"]) == (spec, ["-p", "x"], "piped")
        assert done.err == f"ccpin: Claude Code {spec} came from npm ({registry.url})\n"  # progress is for terminals
        assert len(registry.asked("*.tgz")) == 1
        assert box.lock.read_bytes() == lock
        registry.forget()
        box.run(way(box)).ok()
        assert registry.asked() == []

    @both_ways
    def test_not_where_that_is_forbidden(self, box: Box, registry: Registry, way: Way) -> None:
        pin(box, "2.0.14")
        set_up(box)
        box.env["CCPIN_NO_INSTALL"] = "1"
        assert box.run(way(box)).ok().json["version"] == "2.0.14"
        Path(box.layout.releases).rename(box.root / "elsewhere")
        registry.forget()
        assert "CCPIN_NO_INSTALL" in box.run(way(box)).failed(127).err
        assert registry.asked() == []

    def test_what_was_changed_is_not_run(self, box: Box) -> None:
        pin(box, "2.1.330")
        set_up(box)
        [executable] = Path(box.layout.releases).glob("*/*/claude")
        executable.chmod(0o755)
        executable.write_text("#!/bin/sh\necho changed\n")
        assert box.claude().ok().json["version"] == "2.1.330"  # installed anew


class TestWhichOne:
    def test_two_projects_side_by_side(self, box: Box) -> None:
        set_up(box)
        names = ["plain", "a b", "it's", 'say "hi"', "$HOME `x` \\", "new\nline", "🐍", "-p", "*"]
        for at, name in enumerate(names):
            folder = box.folder(name)
            spec = ("2.0.14", "2.1.330")[at % 2]
            pin(box, spec, folder=folder)
            deep = box.folder(f"{name}/deep/er")
            link = box.root / f"link {at}"
            link.symlink_to(deep)
            for place in (folder, deep, link):
                said = box.claude(cwd=place).ok().json
                assert (said["version"], said["cwd"]) == (spec, os.path.realpath(place))
            version = ccpin(box, "current", "--json", cwd=link).ok().json["data"]["version"]
            assert version == spec

    def test_a_cd_through_a_link(self, box: Box) -> None:
        """The folder counts, not the way that led there: a shell's $PWD is not asked."""
        set_up(box)
        pin(box, "2.0.14", folder=box.folder("real"))
        pin(box, "2.1.330", folder=box.folder("other"))
        (box.project / "other/link").symlink_to(box.folder("real/deep"))
        done = box.run(["sh", "-c", "cd other/link && claude --version"]).ok()
        assert done.out == "2.0.14 (Claude Code)\n"

    def test_outside_of_any_project(self, box: Box) -> None:
        set_up(box)
        assert box.claude(cwd="/").failed(127)
        fake_claude(box.bin)
        assert box.claude("--version", cwd="/").ok().out == "9.9.9 (Claude Code)\n"
        pin_default(box, "2.0.14")
        assert box.claude("--version", cwd="/").ok().out == "2.0.14 (Claude Code)\n"
        pin(box, "2.1.330")
        assert box.claude("--version").ok().out == "2.1.330 (Claude Code)\n"

    def test_updates_of_another_claude_are_its_own_affair(self, box: Box) -> None:
        set_up(box)
        fake_claude(box.bin)
        assert box.claude("update", cwd="/").ok().json["argv"] == ["update"]

    @pytest.mark.parametrize("line", ["fix update", "-p -- fix install", "-p updates"])
    def test_prompts_that_read_like_commands(self, ready: Box, line: str) -> None:
        assert words(ready.claude(*line.split()).ok().json) == line.split()

    def test_a_lock_that_only_python_reads(self, ready: Box) -> None:
        edit(ready, 'version = "2.1.330"', "version = '2.1.330'")
        assert ready.claude("--version").ok().out == "2.1.330 (Claude Code)\n"
        assert ready.claude().ok().json["env"]["CCPIN_SET"] == SET

    @both_ways
    def test_disabled(self, ready: Box, way: Way) -> None:
        fake_claude(ready.bin)
        done = ready.run(way(ready, "-p"), env={"CCPIN_DISABLE": "1"}).ok()
        assert (done.json["version"], "CCPIN_SET" in done.json["env"]) == ("9.9.9", False)
        assert (
            done.err == "ccpin: CCPIN_DISABLE is set; whatever `claude` comes next on PATH runs, not the pinned one\n"
        )

    @both_ways
    def test_at_the_floor(self, ready: Box, way: Way) -> None:
        Path(ready.layout.minimum_version).write_text("2.1.330\n")
        ready.run(way(ready)).ok()


class TestAnotherReleaseForOnce:
    def installed(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        (box.project / ".ccpin.lock").write_text(one_flag(box))
        set_up(box)

    @both_ways
    def test_by_the_environment(self, box: Box, registry: Registry, way: Way) -> None:
        self.installed(box)
        registry.forget()
        before = box.snapshot()
        said = box.run(way(box), env={"CCPIN_VERSION": "2.0.14"}).ok().json
        assert (said["version"], said["env"]["CCPIN_SET"]) == ("2.0.14", "DISABLE_TELEMETRY")
        assert registry.asked() == []
        assert box.snapshot() == before

    def test_by_an_option(self, box: Box) -> None:
        self.installed(box)
        assert self.run_version(box, "2.0.14").out == "2.0.14 (Claude Code)\n"
        assert self.run_version(box, "2.1.330").out == "2.1.330 (Claude Code)\n"
        assert self.run_version(box, "2.0").out == "2.0.15 (Claude Code)\n"  # installed now
        assert self.run_version(box, "latest").out == "2.1.330 (Claude Code)\n"
        assert words(box.ccpin("exec", "--version", "2.0.14", "-p", "x").ok().json) == ["-p", "x"]

    def test_in_no_project(self, box: Box) -> None:
        said = box.ccpin("exec", "--version", "2.0.14", "--", "-p", cwd="/").ok().json
        assert (said["version"], said["env"]["CCPIN_SET"]) == ("2.0.14", SET)
        said = box.ccpin("exec", "--", "-p", cwd="/", env={"CCPIN_VERSION": "2.0.14"}).ok().json
        assert said["version"] == "2.0.14"

    def run_version(self, box: Box, spec: str) -> Completed:
        return box.ccpin("exec", "--version", spec, "--", "--version").ok()


def test_help(box: Box) -> None:
    assert "--version SPEC  Run another release for once" in box.ccpin("exec", "--help").ok().out
