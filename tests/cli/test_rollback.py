"""`ccpin rollback`: what was pinned before, from ccpin's own record, else from git."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.pinning.flags import PROFILES
from ccpin.pinning.lock import render
from tests.cli.arrange import ccpin, edit, pin, pin_default, read_lock
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.store.nodes import lock_with_node

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def git(box: Box, *words: str) -> str:
    who = {f"GIT_{role}_{what}": "a@x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return box.run(["git", *words], env=who).ok().out.strip()


def commit(box: Box) -> str:
    if not (box.project / ".git").exists():
        git(box, "init", "-q")
    git(box, "add", "-A")
    git(box, "commit", "-q", "-m", "x")
    return git(box, "rev-parse", "HEAD")


def forget(box: Box) -> None:
    """The record that another machine would not have."""
    for record in Path(box.layout.previous).glob("*"):
        record.unlink()


def pinned(box: Box) -> tuple[str, str]:
    lock = read_lock(box.lock)
    return lock.version, lock.request


class TestTheRecord:
    def test_what_use_replaced(self, box: Box) -> None:
        pin(box, "2.0")
        before = box.lock.read_bytes()
        pin(box, "2.1.330")
        done = ccpin(box, "rollback").ok()
        assert done.out == f"Claude Code 2.0.15 pinned again in {box.lock}; it was 2.1.330\n"
        assert "note: the pin moves down, from 2.1.330" in done.err
        assert box.lock.read_bytes() == before
        assert box.ccpin("exec", "--", "--version").ok().out == "2.0.15 (Claude Code)\n"

    def test_what_an_upgrade_replaced(self, box: Box) -> None:
        pin(box, "2.0.14")
        ccpin(box, "upgrade").ok()
        data = ccpin(box, "rollback", "--json").ok().json["data"]
        assert (data["version"], data["before"], data["commit"]) == ("2.0.14", "2.1.330", None)
        assert pinned(box) == ("2.0.14", "2.0.14")

    def test_another_request_for_the_same_release(self, box: Box) -> None:
        pin(box, "2.1.330")
        pin(box, "latest")
        done = ccpin(box, "rollback").ok()
        assert done.out.endswith("; it was 2.1.330 too, for another request or otherwise locked\n")
        assert pinned(box) == ("2.1.330", "2.1.330")

    def test_further_back_each_time(self, box: Box) -> None:
        for spec in ("1.0.20", "2.0.14", "2.0.15", "latest"):
            pin(box, spec)
        for version in ("2.0.15", "2.0.14", "1.0.20"):
            ccpin(box, "rollback").ok()
            assert pinned(box) == (version, version)
        assert "no-previous" in ccpin(box, "rollback", "--json").failed().out

    def test_the_flags_stay_as_they_are_now(self, box: Box) -> None:
        pin(box, "1.0.20")
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        ccpin(box, "env", "profile", "strict").ok()
        edit(box, "[claude]\n", "[claude]\n# why: see the minutes\n")
        for version in ("2.0.14", "1.0.20"):
            ccpin(box, "rollback").ok()
            lock = read_lock(box.lock)
            assert (lock.version, lock.env, lock.clean) == (version, PROFILES["strict"].env, True)
        assert "# why: see the minutes\n" in box.lock.read_text()

    def test_a_change_of_flags_alone_is_no_pin(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        ccpin(box, "use", "--profile", "strict").ok()
        ccpin(box, "rollback").ok()
        assert pinned(box) == ("2.0.14", "2.0.14")

    def test_does_not_count_once_somebody_else_moved_on(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.0.15")
        other = box.folder("other")
        pin(box, "2.1.330", folder=other)
        box.lock.write_bytes((other / ".ccpin.lock").read_bytes())
        [error] = ccpin(box, "rollback", "--json").failed().json["errors"]
        assert error["code"] == "no-previous"
        assert "it is in no git checkout" in error["message"]
        assert pinned(box) == ("2.1.330", "2.1.330")

    def test_what_cannot_be_used_is_passed_over(self, box: Box) -> None:
        """A flag that was allowed when it was written."""
        pin(box, "1.0.20")
        ccpin(box, "config", "allow-flag", "CLAUDE_CODE_OF_OUR_OWN").ok()
        pin(box, "2.0.14")
        ccpin(box, "env", "set", "CLAUDE_CODE_OF_OUR_OWN=1").ok()
        ccpin(box, "use", "2.0.15").ok()
        ccpin(box, "env", "unset", "CLAUDE_CODE_OF_OUR_OWN").ok()
        ccpin(box, "config", "allow-flag", "CLAUDE_CODE_OF_OUR_OWN", "--unset").ok()
        ccpin(box, "rollback").ok()
        assert pinned(box) == ("1.0.20", "1.0.20")

    def test_of_each_lock_by_itself(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin_default(box, "1.0.20")
        pin(box, "2.0.15")
        pin_default(box, "2.1.330")
        ccpin(box, "rollback", "--global").ok()
        assert read_lock(Path(box.layout.default_lock)).version == "1.0.20"
        assert pinned(box)[0] == "2.0.15"
        ccpin(box, "rollback", cwd=box.folder("deep")).ok()
        assert pinned(box)[0] == "2.0.14"

    def test_a_native_pin_comes_back_as_what_it_was(self, box: Box) -> None:
        ccpin(box, "use", "2.1.112", "--runtime", "native").ok()
        pin(box, "2.1.330")
        ccpin(box, "rollback").ok()
        assert read_lock(box.lock).runtime == "native"

    @pytest.mark.skipif(platforms.current().endswith("-musl"), reason="npm has no Node.js for musl")
    def test_with_the_node_of_its_own(self, box: Box, registry: Registry) -> None:
        lock = lock_with_node(pin(box, "2.0.14"), registry)
        box.lock.write_text(render(lock))
        pin(box, "2.1.330")
        assert read_lock(box.lock).node is None
        data = ccpin(box, "rollback", "--json").ok().json["data"]
        assert (data["version"], data["node"]) == ("2.0.14", lock.node)
        assert read_lock(box.lock) == lock
        (box.bin / "node").unlink()
        assert box.ccpin("exec", "--", "-p").ok().json["node"] == lock.node

    def test_a_repair_is_not_a_way_back_to_what_was_broken(self, box: Box) -> None:
        pin(box, "2.0.14")
        edit(box, "[env]", "[env")
        pin(box, "2.0.15")
        assert ccpin(box, "rollback", "--json").failed().json["errors"][0]["code"] == "no-previous"


class TestGit:
    def test_the_newest_commit_with_another_release(self, box: Box) -> None:
        pin(box, "1.0.20")
        commit(box)
        pin(box, "2.0.14")
        told = commit(box)
        pin(box, "2.1.330")
        commit(box)
        ccpin(box, "env", "profile", "strict").ok()
        commit(box)
        forget(box)
        done = ccpin(box, "rollback").ok()
        assert done.out == f"Claude Code 2.0.14 pinned again in {box.lock}, as in commit {told[:12]}; it was 2.1.330\n"
        assert read_lock(box.lock).clean

    def test_what_is_committed_while_the_lock_is_another(self, box: Box) -> None:
        pin(box, "2.0.14")
        told = commit(box)
        pin(box, "2.0.15")
        forget(box)
        data = ccpin(box, "rollback", "--json").ok().json["data"]
        assert (data["version"], data["commit"]) == ("2.0.14", told)

    def test_and_back_again(self, box: Box) -> None:
        """What it replaced is in the record, which goes before git."""
        pin(box, "2.0.14")
        commit(box)
        pin(box, "2.0.15")
        forget(box)
        ccpin(box, "rollback").ok()
        assert ccpin(box, "rollback", "--json").ok().json["data"]["commit"] is None
        assert pinned(box)[0] == "2.0.15"

    def test_what_cannot_be_used_is_passed_over(self, box: Box) -> None:
        pin(box, "1.0.20")
        commit(box)
        right = box.lock.read_text()
        for text in ("=======\n", "", right.replace("[env]\n", '[env]\nPATH = "/evil"\n'), right[:200], "\0" * 100):
            box.lock.write_text(text)
            commit(box)
        box.lock.unlink()
        commit(box)
        pin(box, "2.0.14")
        commit(box)
        ccpin(box, "rollback").ok()
        assert pinned(box)[0] == "1.0.20"

    def test_only_one_release_ever(self, box: Box) -> None:
        pin(box, "2.0.14")
        commit(box)
        assert "no commit holds it with another release" in ccpin(box, "rollback").failed().err

    def test_no_git(self, box: Box) -> None:
        pin(box, "2.0.14")
        commit(box)
        box.take_away("git")
        assert "git is not on PATH" in ccpin(box, "rollback").failed().err

    def test_a_clone_runs_nothing_of_its_own(self, box: Box) -> None:
        pin(box, "2.0.14")
        commit(box)
        pin(box, "2.0.15")
        commit(box)
        forget(box)
        evil = box.root / "evil"
        evil.write_text(f"#!/bin/sh\n: >{shlex.quote(str(box.root / 'ran'))}\n")
        evil.chmod(0o755)
        for name in ("core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external"):
            git(box, "config", name, str(evil))
        git(box, "config", "log.showSignature", "true")
        box.run(["git", "status"]).ok()
        assert (box.root / "ran").exists()  # it would
        (box.root / "ran").unlink()
        ccpin(box, "rollback").ok()
        assert not (box.root / "ran").exists()


class TestTheInstall:
    def test_from_the_store_asks_nobody(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        registry.forget()
        ccpin(box, "rollback").ok()
        assert registry.asked() == []

    def test_comes_from_the_sources_where_it_is_gone(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        ccpin(box, "uninstall", "2.0.14", "--force").ok()
        registry.forget()
        ccpin(box, "rollback").ok()
        assert len(registry.asked("*.tgz")) == 1
        assert box.ccpin("exec", "--", "--version").ok().out == "2.0.14 (Claude Code)\n"

    def test_a_failure_leaves_everything(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        ccpin(box, "uninstall", "2.0.14", "--force").ok()
        registry.fault("*.tgz", faults.status(403))
        before = box.snapshot()
        ccpin(box, "rollback").failed()
        assert box.snapshot() == before
        registry.mend()
        ccpin(box, "rollback").ok()

    def test_the_users_own_floor_counts(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        ccpin(box, "config", "minimum-version", "2.1.0").ok()
        before = box.snapshot()
        assert ccpin(box, "rollback", "--json").failed().json["errors"][0]["code"] == "below-minimum"
        assert box.snapshot() == before


class TestTheLock:
    def test_none(self, box: Box) -> None:
        assert ccpin(box, "rollback", "--json").failed(2).json["errors"][0]["code"] == "nothing-pinned"

    def test_one_that_is_broken(self, box: Box) -> None:
        """Its flags cannot be kept."""
        pin(box, "2.0.14")
        pin(box, "2.0.15")
        edit(box, "[env]", "[env")
        assert ccpin(box, "rollback", "--json").failed().json["errors"][0]["code"] == "lock-invalid"

    def test_one_that_leads_out_of_the_project(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.0.15")
        box.lock.rename(box.home / "lock")
        box.lock.symlink_to(box.home / "lock")
        assert ccpin(box, "rollback", "--json").failed().json["errors"][0]["code"] == "lock-not-writable"
