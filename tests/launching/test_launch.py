"""What a launch decides: which executable, with which arguments and environment, or why not."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ccpin.errors import (
    BelowMinimum,
    BrokenSetting,
    CannotExecute,
    FlagRefused,
    InstallForbidden,
    LockInvalid,
    NothingToRun,
    NotInstalled,
    UpdateRefused,
)
from ccpin.launching.launch import execute, launch, next_claude, run_next, update_verb
from ccpin.launching.shims import render_posix, template
from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning import flags
from ccpin.pinning.find import Pin
from ccpin.pinning.lock import Lock, render
from ccpin.store.entry import SETTINGS_MARK, install_folder
from tests.fakes.claude import fake_claude, fake_node
from tests.pinning import locks

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX's exec")


@pytest.fixture(autouse=True)
def signals_of_the_tests() -> Iterator[None]:
    """A launch gives back what Python ignores; this process has to go on."""
    before = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGXFSZ)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Ran(Exception):
    """What the process would have become."""

    def __init__(self, path: str, argv: list[str], env: dict[str, str]) -> None:
        self.path, self.argv, self.env = path, argv, env


class Machine:
    def __init__(self, root: Path) -> None:
        self.home = Home(str(root / "ccpin"))
        self.project = root / "project"
        self.project.mkdir()
        self.bin = root / "bin"
        fake_node(self.bin)
        self.env = {"PATH": str(self.bin), "HOME": str(root)}
        self.said: list[str] = []
        self.installed: list[str] = []

    def pin(self, lock: Lock) -> Lock:
        (self.project / LOCK_NAME).write_text(render(lock))
        return lock

    def pin_profile(self, name: str, version: str = "2.1.330") -> Lock:
        profile = flags.PROFILES[name]
        lock = dataclasses.replace(locks.native(version), env=dict(profile.env), clean=profile.clean)
        folder = Path(install_folder(self.home, lock))
        self.pin(lock)
        if not folder.exists():
            self.put(lock)
        return lock

    def evidence(self, lock: Lock) -> dict[str, str]:
        """What a launch by the project's lock says of itself."""
        path = str(self.project / LOCK_NAME)
        return {"CCPIN_VERSION_USED": lock.version, "CCPIN_DIGEST": f"sha256:{lock.digest}", "CCPIN_LOCK": path}

    def put(self, lock: Lock, *, settings: bool = True) -> str:
        folder = Path(install_folder(self.home, lock))
        folder.mkdir(parents=True)
        (folder / "claude").write_text("#!/bin/sh\n")
        (folder / "claude").chmod(0o555)
        os.utime(folder / "claude", (1000, 1000))
        if settings:
            (folder / SETTINGS_MARK).touch()
        if lock.node:
            (folder / "node").write_text("#!/bin/sh\n")
            (folder / "node").chmod(0o555)
            os.utime(folder / "node", (1000, 1000))
            (folder / f"claude-on-node-{lock.node}").touch()
        (folder / "receipt.json").write_text("{}")
        return str(folder / "claude")

    def install(self, home: Home, pin: Pin, env: dict[str, str]) -> None:
        self.installed.append(pin.head.version)

    def launch(self, *args: str, **env: str) -> Ran:
        with pytest.raises(Ran) as raised:
            self.refuse(*args, **env)
        return raised.value

    def refuse(self, *args: str, **env: str) -> None:
        launch(args, {**self.env, **env}, self.home, install=self.install, say=self.said.append)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    def become(path: str, argv: list[str], env: dict[str, str]) -> NoReturn:
        raise Ran(path, argv, env)

    monkeypatch.setattr(os, "execve", become)
    made = Machine(tmp_path)
    monkeypatch.chdir(made.project)
    return made


class TestPinned:
    def test_native(self, machine: Machine) -> None:
        path = machine.put(machine.pin(locks.native()))
        ran = machine.launch("-p", "hi there", "")
        assert (ran.path, ran.argv[0], ran.argv[3:]) == (path, path, ["-p", "hi there", ""])
        assert flags_of(ran.argv[1:]) == DEFAULT
        assert ran.env["DISABLE_UPDATES"] == "1"
        assert ran.env["PATH"] == machine.env["PATH"]
        assert machine.installed == []

    def test_javascript_on_the_node_of_path(self, machine: Machine) -> None:
        path = machine.put(machine.pin(locks.node()))
        ran = machine.launch("x")
        assert (ran.argv[:2], ran.argv[4:]) == ([str(machine.bin / "node"), path], ["x"])
        assert flags_of(ran.argv[2:]) == DEFAULT

    @pytest.mark.parametrize("on_path", ["fit", "unfit", "none"])
    def test_javascript_on_the_lock_s_own_node(self, machine: Machine, on_path: str) -> None:
        path = Path(machine.put(machine.pin(locks.own_node())))
        if on_path == "none":
            (machine.bin / "node").unlink()
        elif on_path == "unfit":
            fake_node(machine.bin, "16.0.0")
        ran = machine.launch("x")
        assert (ran.path, ran.argv[:2], ran.argv[4:]) == (
            str(path.with_name("node")),
            [str(path.with_name("node")), str(path)],
            ["x"],
        )
        assert flags_of(ran.argv[2:]) == DEFAULT
        assert not path.parent.with_name("node").exists()  # nothing was checked, so nothing is remembered

    def test_a_node_of_the_lock_s_own_that_is_gone_is_no_install(self, machine: Machine) -> None:
        path = Path(machine.put(machine.pin(locks.own_node())))
        path.with_name("node").unlink()
        with pytest.raises(NotInstalled):
            machine.refuse()
        assert machine.installed == ["2.0.14"]

    def test_installs_what_is_missing(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = machine.pin(locks.native())
        monkeypatch.setattr(machine, "install", lambda home, pin, env: machine.put(lock))
        assert machine.launch().argv[0].endswith("/claude")

    def test_not_where_it_is_forbidden(self, machine: Machine) -> None:
        machine.pin(locks.native())
        with pytest.raises(InstallForbidden) as raised:
            machine.refuse(CCPIN_NO_INSTALL="1")
        assert raised.value.launch_code == 127
        assert machine.installed == []

    def test_an_install_that_brought_nothing(self, machine: Machine) -> None:
        machine.pin(locks.native())
        with pytest.raises(NotInstalled):
            machine.refuse()
        assert machine.installed == ["2.1.330"]

    def test_below_the_user_s_floor_nothing_is_installed(self, machine: Machine) -> None:
        machine.pin(locks.native())
        Path(machine.home.root).mkdir()
        Path(machine.home.minimum_version).write_text("2.2.0\n")
        with pytest.raises(BelowMinimum):
            machine.refuse()
        assert machine.installed == []

    def test_a_bad_lock_never_runs_another_claude(self, machine: Machine) -> None:
        fake_claude(machine.bin)
        (machine.project / LOCK_NAME).write_text("lock-version = 1\n")
        with pytest.raises(LockInvalid):
            machine.refuse()

    @pytest.mark.parametrize("args", [["update"], ["--debug", "update"], ["install", "latest"], ["-d", "x", "upgrade"]])
    def test_updates_are_refused_whether_installed_or_not(self, machine: Machine, args: list[str]) -> None:
        machine.pin(locks.native())
        with pytest.raises(UpdateRefused) as raised:
            machine.refuse(*args)
        assert raised.value.launch_code == 126
        assert "ccpin use" in raised.value.hint
        assert machine.installed == []

    def test_a_version_named_by_hand(self, machine: Machine) -> None:
        machine.put(machine.pin(locks.native()))
        assert machine.launch(CCPIN_VERSION="2.1.330").argv[0].endswith("/claude")


@pytest.mark.parametrize(
    ("args", "verb"),
    [
        ([], None),
        (["update"], "update"),
        (["migrate-installer"], "migrate-installer"),
        (["--verbose", "upgrade"], "upgrade"),
        (["--model", "opus", "install"], "install"),
        (["-p", "update"], "update"),
        (["please", "update"], None),
        (["--model", "opus", "please", "update"], None),
        (["--", "update"], "update"),
        (["--print", "--", "install"], "install"),
        (["--print", "--", "please", "install"], None),
        (["updates"], None),
        (["mcp", "install"], None),
    ],
)
def test_what_claude_would_take_for_an_update(args: list[str], verb: str | None) -> None:
    assert update_verb(args) == verb


class TestFlags:
    def test_none(self, machine: Machine) -> None:
        lock = machine.pin_profile("none")
        ran = machine.launch("-p", ANTHROPIC_MODEL="mine")
        assert ran.argv[1:] == ["-p"]
        assert ran.env == {**machine.env, "ANTHROPIC_MODEL": "mine", **machine.evidence(lock)}

    def test_strict(self, machine: Machine) -> None:
        lock = machine.pin_profile("strict")
        mine = {**dict.fromkeys(flags.TABLE, "mine"), "MINE": "1"}
        ran = machine.launch("-p", **mine)
        record = " ".join(lock.env)
        assert ran.env == {**machine.env, "MINE": "1", **lock.env, "CCPIN_SET": record, **machine.evidence(lock)}
        assert flags_of(ran.argv[1:]) == {**dict.fromkeys(flags.TABLE, ""), **lock.env}
        assert ran.argv[3:] == ["-p"]

    def test_what_the_user_keeps(self, machine: Machine) -> None:
        machine.pin_profile("strict")
        Path(machine.home.keep_flags).write_text("ANTHROPIC_MODEL\n")
        ran = machine.launch("-p", ANTHROPIC_MODEL="mine", ANTHROPIC_BETAS="mine")
        assert ran.env["ANTHROPIC_MODEL"] == "mine"
        assert "ANTHROPIC_BETAS" not in ran.env
        assert "ANTHROPIC_MODEL" not in flags_of(ran.argv[1:])
        assert flags_of(ran.argv[1:])["ANTHROPIC_BETAS"] == ""
        plain = machine.launch("plugin", "test", ANTHROPIC_MODEL="mine")
        assert (plain.env["ANTHROPIC_MODEL"], plain.argv[1:]) == ("mine", ["plugin", "test"])

    def test_a_list_that_is_not_asked_is_not_read(self, machine: Machine) -> None:
        """As in the shim: a line of `keep-flags` that cannot be read stops no launch that keeps nothing."""
        machine.pin_profile("default")
        Path(machine.home.keep_flags).write_text("nonsense\n")
        Path(machine.home.allow_flags).write_text("PATH\n")
        machine.launch()
        with pytest.raises(BrokenSetting, match=r"allow-flags:1: "):
            machine.refuse(CCPIN_SET="x")
        Path(machine.home.allow_flags).unlink()
        machine.pin_profile("strict")
        with pytest.raises(BrokenSetting, match=r"keep-flags:1: "):
            machine.refuse()

    def test_what_the_user_allows(self, machine: Machine) -> None:
        machine.pin_profile("none")
        text = (machine.project / LOCK_NAME).read_text()
        (machine.project / LOCK_NAME).write_text(text.replace("[env]\n", '[env]\nCLAUDE_CODE_MINE = "x"\n'))
        with pytest.raises(FlagRefused):
            machine.refuse()
        Path(machine.home.allow_flags).write_text("CLAUDE_CODE_MINE\n")
        ran = machine.launch()
        assert (ran.env["CLAUDE_CODE_MINE"], ran.env["CCPIN_SET"]) == ("x", "CLAUDE_CODE_MINE")
        assert flags_of(ran.argv[1:]) == {"CLAUDE_CODE_MINE": "x"}

    def test_what_the_user_allowed_is_taken_back_elsewhere(self, machine: Machine) -> None:
        inside = {"CLAUDE_CODE_MINE": "x", "CCPIN_SET": "CLAUDE_CODE_MINE"}
        Path(machine.home.root).mkdir()
        Path(machine.home.allow_flags).write_text("CLAUDE_CODE_MINE\n")
        fake_claude(machine.bin)
        assert "CLAUDE_CODE_MINE" not in machine.launch(**inside).env  # where nothing is pinned
        assert "CLAUDE_CODE_MINE" not in machine.launch(CCPIN_DISABLE="1", **inside).env
        machine.pin_profile("default")
        assert "CLAUDE_CODE_MINE" not in machine.launch(**inside).env
        assert machine.launch(CLAUDE_CODE_MINE="x").env["CLAUDE_CODE_MINE"] == "x"  # the user's own


DEFAULT = flags.PROFILES["default"].env


def flags_of(words: list[str]) -> dict[str, str]:
    assert words[0] == "--settings"
    settings = json.loads(words[1])
    assert settings.keys() == {"env"}
    env: dict[str, str] = settings["env"]
    return env


class TestUnpinned:
    def test_the_next_on_path(self, machine: Machine) -> None:
        path = fake_claude(machine.bin)
        ran = machine.launch("x", CCPIN_SET="DISABLE_UPDATES", DISABLE_UPDATES="1")
        assert ran.argv == [str(path), "x"]
        assert not {"DISABLE_UPDATES", "CCPIN_SET"} & ran.env.keys()

    def test_stepping_aside_is_said(self, machine: Machine) -> None:
        machine.put(machine.pin(locks.native()))
        path = fake_claude(machine.bin)
        assert machine.launch(CCPIN_DISABLE="1").argv == [str(path)]
        assert len(machine.said) == 1
        assert "CCPIN_DISABLE" in machine.said[0]

    def test_updates_of_one_s_own_claude_are_one_s_own(self, machine: Machine) -> None:
        fake_claude(machine.bin)
        assert machine.launch("update").argv[1:] == ["update"]

    def test_nothing(self, machine: Machine) -> None:
        with pytest.raises(NothingToRun) as raised:
            machine.refuse()
        assert raised.value.launch_code == 127

    def test_never_the_shim_itself(self, machine: Machine, tmp_path: Path) -> None:
        """Not under its own name, nor by a link, nor by a folder that is a link."""
        shim = Path(machine.home.shim())
        shim.parent.mkdir(parents=True)
        shim.write_text(render_posix(template("claude"), python="/python", home=machine.home.root, platform="any"))
        shim.chmod(0o755)
        (tmp_path / "linked").symlink_to(machine.home.shims)
        (tmp_path / "bin2").mkdir()
        (tmp_path / "bin2/claude").symlink_to(shim)
        path = f"{machine.home.shims}:{tmp_path}/linked:{tmp_path}/bin2:{tmp_path}/none"
        assert next_claude({"PATH": path}, machine.home) is None
        real = fake_claude(tmp_path / "bin3")
        assert next_claude({"PATH": f"{path}:{real.parent}"}, machine.home) == str(real)

    def test_never_the_clone_s(self, machine: Machine) -> None:
        fake_claude(machine.project)
        assert next_claude({"PATH": ":.:"}, machine.home) is None

    def test_the_shim_s_count_of_rounds_goes_on(self, machine: Machine) -> None:
        fake_claude(machine.bin)
        assert machine.launch(CCPIN_LOOP="1").env["CCPIN_LOOP"] == "2"
        with pytest.raises(Ran):
            run_next([], machine.env, machine.home)


@pytest.mark.parametrize("name", ["claude", "gone"])
def test_what_cannot_be_started(tmp_path: Path, name: str) -> None:
    (tmp_path / "claude").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "claude").chmod(0o755)
    with pytest.raises(CannotExecute) as raised:
        execute([str(tmp_path / name)], {}, "2.1.330")
    assert raised.value.launch_code == 126
    assert str(tmp_path / name) in raised.value.message
