"""CCPIN_STORE_PATH: a store that somebody else has filled serves every command, and none of them writes to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, pin, read_lock, sentence, set_up
from tests.fakes import looking, nobody
from tests.fakes.box import Box
from tests.fakes.claude import fake_node
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

SPECS = ("2.1.330", "2.0.14")


@pytest.fixture
def shared(box: Box, registry: Registry) -> Path:
    """A native release, a JavaScript one, and nobody to download more from."""
    folder = box.root / "a shared store"
    for spec in SPECS:
        ccpin(box, "install", spec, env={"CCPIN_HOME": str(folder)}).ok()
    box.env["CCPIN_STORE_PATH"] = str(folder)
    registry.forget()
    return folder


def locked(box: Box, spec: str) -> None:
    """A clone with a lock, on a machine that has never seen it."""
    pin(box, spec, folder=box.folder("other"))
    (box.folder("other") / ".ccpin.lock").rename(box.lock)


@pytest.mark.parametrize("spec", SPECS)
class TestServing:
    def test_sync_asks_nobody(self, box: Box, registry: Registry, shared: Path, spec: str) -> None:
        del box.env["CCPIN_STORE_PATH"]
        locked(box, spec)
        box.layout = box.layout.__class__(str(box.root / "fresh"))
        box.env |= {"CCPIN_HOME": box.layout.root, "CCPIN_STORE_PATH": str(shared)}
        registry.stop()
        before = looking.tree(shared)
        for words in (("sync",), ("sync", "--locked"), ("sync", "--offline")):
            said = ccpin(box, *words, "--json").ok().json["data"]
            assert said["executable"].startswith(str(shared))
        path = ccpin(box, "which").ok().out.strip()
        assert path.startswith(str(shared))
        assert ccpin(box, "which", "--json").ok().json["data"]["store"] == str(shared)
        assert ccpin(box, "current", "--json").ok().json["data"]["store"] == str(shared)
        assert f"store       {shared}, a shared one (CCPIN_STORE_PATH)" in ccpin(box, "current").ok().out
        set_up(box)
        ccpin(box, "check", "--deep").ok()
        assert box.claude("--version").ok().out == f"{spec} (Claude Code)\n"
        assert box.ccpin("exec", "--", "--version").ok().out == f"{spec} (Claude Code)\n"
        assert looking.tree(shared) == before
        assert box.entries() == []

    def test_use_fetches_nothing(self, box: Box, registry: Registry, shared: Path, spec: str) -> None:
        before = looking.tree(shared)
        said = ccpin(box, "use", spec, "--json").ok().json["data"]
        assert said["executable"].startswith(str(shared))
        assert registry.asked("*claude-code*.tgz") == []
        assert looking.tree(shared) == before
        assert box.entries() == []

    def test_it_is_listed_with_its_store(self, box: Box, shared: Path, spec: str) -> None:
        ccpin(box, "use", spec).ok()
        lines = ccpin(box, "list").ok().out.splitlines()
        [line] = [line for line in lines if line.startswith(spec)]
        assert line.endswith(f"{box.lock}  (shared store {shared})")

    def test_the_own_one_takes_over(self, box: Box, shared: Path, spec: str) -> None:
        pin(box, spec)
        del box.env["CCPIN_STORE_PATH"]
        ccpin(box, "sync").ok()
        assert ccpin(box, "which").ok().out.startswith(box.layout.releases)

    def test_a_damaged_one_falls_through_to_the_own(self, box: Box, shared: Path, spec: str) -> None:
        pin(box, spec)
        [receipt] = shared.glob(f"releases/{spec}-*/*/receipt.json")
        receipt.parent.chmod(0o755)
        receipt.unlink()
        before = looking.tree(shared)
        ccpin(box, "sync").ok()
        assert ccpin(box, "which").ok().out.startswith(box.layout.releases)
        assert looking.tree(shared) == before

    @pytest.mark.skipif(not nobody.is_root(), reason="needs another user")
    def test_one_that_may_not_be_written(self, box: Box, registry: Registry, shared: Path, spec: str) -> None:
        """A user of it, who owns all the rest."""
        locked(box, spec)
        box.give_away()
        for path in (shared, *shared.rglob("*")):
            os.chown(path, 0, 0, follow_symlinks=False)
        (shared / "locks").chmod(0o700)
        box.env["CCPIN_HOME"] = str(box.root / "theirs")
        (box.root / "theirs").mkdir()
        os.chown(box.root / "theirs", nobody.UID, nobody.UID)
        registry.stop()
        before = looking.tree(shared)
        for words in ("sync", "which", "verify --deep", "list", "prune --keep 0"):
            box.unprivileged(*words.split()).ok()
        done = box.unprivileged("exec", "--", "--version").ok()
        assert done.out == f"{spec} (Claude Code)\n"
        assert looking.tree(shared) == before


class TestOnTheWire:
    """A release that only the shared store has is run from there; what was seen is kept at home."""

    @pytest.mark.parametrize("spec", SPECS)
    def test_a_fingerprint_and_a_check_against_it(self, box: Box, shared: Path, spec: str) -> None:
        set_up(box)
        before = looking.tree(shared)
        found = ccpin(box, "fingerprint", spec, "--runs", "1", "--json").ok().json["data"]
        assert found["headers"]["user-agent"].startswith(f"claude-cli/{spec} ")
        ccpin(box, "use", spec, "--profile", "strict", "--fingerprint").ok()
        assert ccpin(box, "check", "--wire").ok().out.endswith("as locked, and sends what was locked\n")
        assert looking.tree(shared) == before
        assert box.entries() == []
        assert [path.name.partition("-")[0] for path in Path(box.layout.captures).iterdir()] == [spec]

    def test_a_changed_one_is_not_run(self, box: Box, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        set_up(box)
        ccpin(box, "use", SPECS[0], "--fingerprint").ok()
        [executable] = shared.glob(f"releases/{SPECS[0]}-*/*/claude")
        written = executable.stat().st_mtime_ns
        executable.chmod(0o755)
        executable.write_bytes(executable.read_bytes().replace(b" ", b"\t", 1))
        os.utime(executable, ns=(written, written))
        monkeypatch.setattr("ccpin.wire.proving.prove", None)
        assert sentence("shared-changed").search(ccpin(box, "check", "--wire").failed().err)

    def test_a_history_of_what_both_have(self, box: Box, shared: Path) -> None:
        ccpin(box, "install", SPECS[0], env={"CCPIN_STORE_PATH": None}).ok()
        found = ccpin(box, "history", "--json").ok().json["data"]
        assert [one["version"] for one in found["releases"]] == sorted(SPECS)


class TestTheOwnStoreAmongThem:
    def test_is_the_own_one(self, box: Box) -> None:
        """It is mended and written to as ever, whatever CCPIN_STORE_PATH says of it."""
        box.env["CCPIN_STORE_PATH"] = f"{box.ccpin_home}:{box.ccpin_home}/"
        pin(box, "2.1.330")
        [executable] = Path(box.layout.releases).glob("*/*/claude")
        os.utime(executable, (1, 1))
        ccpin(box, "sync").ok()
        ccpin(box, "verify").ok()
        assert len(ccpin(box, "list", "--json").ok().json["data"]["installed"]) == 1


class TestNode:
    def test_what_was_checked_is_noted_at_home(self, box: Box, shared: Path) -> None:
        pin(box, "2.0.14")
        set_up(box)
        fake_node(box.root / "another", "22.0.0")
        box.env["PATH"] = f"{box.root / 'another'}:{box.env['PATH']}"
        before = looking.tree(shared)
        assert box.claude("--version").ok().out == "2.0.14 (Claude Code)\n"
        assert looking.tree(shared) == before
        lock = read_lock(box.lock)
        link = Path(box.layout.entry(lock.version, lock.digest), "node")
        assert link.resolve() == (box.root / "another" / "node").resolve()


class TestDoctor:
    def test_says_what_there_is(self, box: Box, shared: Path) -> None:
        pin(box, "2.1.330")
        box.env["CCPIN_STORE_PATH"] += f":here:{box.root}/nowhere"
        out = ccpin(box, "doctor").failed().out
        assert "CCPIN_STORE_PATH names `here`, which is not absolute: it is passed over" in out
        assert f"CCPIN_STORE_PATH names {box.root}/nowhere, and no releases can be seen there" in out
        assert f"the shared store {shared} holds 2 installs, and 2.1.330 is started from there" in out
