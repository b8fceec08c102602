"""`ccpin upgrade`: up, and never down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, edit, pin, pin_default, read_lock
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


@pytest.mark.parametrize(
    ("request_", "spec", "version", "after"),
    [
        ("2.0.14", (), "2.1.330", "2.1.330"),  # exact: `latest`, and what it means is the new request
        ("2.0", (), "2.0.20", "2.0"),
        (">=2.0,<2.1", (), "2.0.20", ">=2.0,<2.1"),
        ("stable", (), "2.1.331", "stable"),
        ("2.0.14", ("2.0.15",), "2.0.15", "2.0.15"),
        ("2.0.14", ("2.0",), "2.0.20", "2.0"),
        ("2.0.14", ("stable",), "2.1.331", "stable"),
        ("2.0", ("latest",), "2.1.330", "latest"),
    ],
)
def test_what_it_moves_to(
    box: Box, upstream: Upstream, request_: str, spec: tuple[str, ...], version: str, after: str
) -> None:
    old = pin(box, request_)
    upstream.add_js("2.0.20")
    upstream.add_native("2.1.331")
    upstream.tags["stable"] = "2.1.331"
    done = ccpin(box, "upgrade", *spec).ok()
    assert done.out == f"Claude Code {version} pinned in {box.lock}, up from {old.version}\n"
    lock = read_lock(box.lock)
    assert (lock.version, lock.request) == (version, after)
    assert box.ccpin("exec", "--", "--version").ok().out == f"{version} (Claude Code)\n"


def test_keeps_the_flags_and_what_somebody_added(box: Box) -> None:
    ccpin(box, "use", "2.0.14", "--profile", "strict").ok()
    edit(box, "[claude]\n", "[claude]\n# why: see the minutes\n")
    data = ccpin(box, "upgrade", "--json").ok().json["data"]
    assert (data["profile"], data["runtime"], data["before"], data["changed"]) == ("strict", "native", "2.0.14", True)
    assert "# why: see the minutes\n" in box.lock.read_text()


class TestNothingNewer:
    @pytest.mark.parametrize(("request_", "spec"), [("2.1.330", ()), ("2.0", ()), ("2.1.330", ("latest",))])
    def test_writes_nothing(self, box: Box, registry: Registry, request_: str, spec: tuple[str, ...]) -> None:
        version = pin(box, request_).version
        before, there = box.snapshot(), box.lock.stat()
        done = ccpin(box, "upgrade", *spec).ok()
        assert done.out == f"Claude Code {version} is pinned in {box.lock}, and nothing newer is meant\n"
        assert (box.snapshot(), box.lock.stat().st_ino) == (before, there.st_ino)
        assert not Path(box.layout.previous).exists()

    def test_fetches_nothing(self, box: Box) -> None:
        ccpin(box, "use", "2.1.330").ok()
        ccpin(box, "uninstall", "2.1.330", "--force").ok()
        data = ccpin(box, "upgrade", "--json").ok().json["data"]
        assert (data["changed"], data["executable"], data["version"]) == (False, None, "2.1.330")
        assert box.entries() == []


class TestNeverDown:
    @pytest.mark.parametrize("spec", ["2.0.14", "stable", "2.0"])
    def test_what_was_asked_for(self, box: Box, spec: str) -> None:
        pin(box, "2.1.330")
        before = box.snapshot()
        [error] = ccpin(box, "upgrade", spec, "--json").failed().json["errors"]
        assert error["code"] == "would-move-down"
        assert "older than the pinned 2.1.330" in error["message"]
        assert "`ccpin use 2." in error["hint"]
        assert box.snapshot() == before

    def test_a_pointer_that_moved_back(self, box: Box, upstream: Upstream) -> None:
        pin(box, "latest")
        upstream.tags["latest"] = "2.1.200"
        assert "`latest` means 2.1.200 today, which is older" in ccpin(box, "upgrade").failed().err
        assert read_lock(box.lock).version == "2.1.330"

    def test_what_was_passed_over_is_named(self, box: Box, upstream: Upstream) -> None:
        upstream.add_native("2.1.329", built="2020-01-01T00:00:00Z")
        upstream.add_native("2.1.330", built="2999-01-01T00:00:00Z")
        pin(box, "2.1.330")
        [error] = ccpin(box, "upgrade", "--min-age", "7d", "--json").failed().json["errors"]
        assert "(2.1.330 was passed over: it was built in the future, by this machine's clock" in error["message"]


class TestTheLock:
    def test_none(self, box: Box) -> None:
        done = ccpin(box, "upgrade").failed(2)
        assert f"{box.lock} does not exist" in done.err
        assert "`ccpin use 2.0.14`" in done.err
        assert "`ccpin use 2.0.14 --global`" in ccpin(box, "upgrade", "--global").failed(2).err

    def test_the_users_default(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin_default(box, "2.0.14")
        ccpin(box, "upgrade", "2.0", "--global").ok()
        assert read_lock(Path(box.layout.default_lock)).version == "2.0.15"
        assert read_lock(box.lock).version == "2.0.14"

    def test_one_that_is_broken_is_not_repaired(self, box: Box) -> None:
        pin(box, "2.0.14")
        edit(box, "[env]", "[env")
        before = box.lock.read_bytes()
        ccpin(box, "upgrade", "latest").failed()
        assert box.lock.read_bytes() == before

    @pytest.mark.parametrize("pattern", ["*/claude-code", "*.tgz"])
    def test_a_failure_leaves_it(self, box: Box, registry: Registry, pattern: str) -> None:
        pin(box, "2.0.14")
        before = box.snapshot()
        registry.fault(pattern, faults.status(403))
        ccpin(box, "upgrade").failed()
        assert box.snapshot() == before
        assert not Path(box.layout.previous).exists()

    def test_the_users_own_floor_counts(self, box: Box) -> None:
        pin(box, "2.0.14")
        ccpin(box, "config", "minimum-version", "2.1.0").ok()
        assert ccpin(box, "upgrade", "2.0", "--json").failed().json["errors"][0]["code"] == "below-minimum"
