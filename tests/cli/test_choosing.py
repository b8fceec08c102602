"""What `ccpin use` says of releases that it passed over, and of ones that are known for something."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

import pytest

from tests.cli.arrange import ccpin, pin, read_lock, use_channel
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def ago(days: float) -> str:
    """A manifest's `buildDate`."""
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class TestIncomplete:
    @pytest.fixture(autouse=True)
    def half_published(self, upstream: Upstream) -> None:
        upstream.add_native("2.1.331")
        upstream.withdraw("2.1.331", "claude-code-linux-arm64-musl", "claude-code-win32-x64")
        upstream.tags["latest"] = "2.1.331"

    def test_latest_is_the_newest_whole_one(self, box: Box) -> None:
        done = ccpin(box, "use", "latest").ok()
        assert done.out == f"Claude Code 2.1.330 pinned in {box.lock}\n"
        assert "note: 2.1.331 was passed over: it lacks linux-arm64-musl, win32-x64\n" in done.err
        lock = read_lock(box.lock)
        assert (lock.version, lock.request) == ("2.1.330", "latest")

    def test_is_in_the_json(self, box: Box) -> None:
        data = ccpin(box, "use", "latest", "--json").ok().json["data"]
        assert data["passed"] == {"2.1.331": "it lacks linux-arm64-musl, win32-x64"}

    def test_by_its_number_it_is_taken_and_said(self, box: Box) -> None:
        done = ccpin(box, "use", "2.1.331").ok()
        assert "does not hold 2.1.331 for linux-arm64-musl, win32-x64\n" in done.err
        assert read_lock(box.lock).version == "2.1.331"

    def test_for_install_too(self, box: Box) -> None:
        assert ccpin(box, "install", "latest", "--json").ok().json["data"]["version"] == "2.1.330"

    def test_once_it_is_whole_it_is_meant(self, box: Box, upstream: Upstream) -> None:
        pin(box, "latest")
        upstream.add_native("2.1.331")
        ccpin(box, "upgrade").ok()
        assert read_lock(box.lock).version == "2.1.331"


class TestWithdrawn:
    def test_by_its_number_it_is_taken_and_said(self, box: Box, upstream: Upstream) -> None:
        upstream.add_js("2.1.88")
        done = ccpin(box, "use", "2.1.88").ok()
        assert "note: 2.1.88 is known for this: upstream withdrew it within a day (2026-03-31)" in done.err
        assert read_lock(box.lock).version == "2.1.88"

    def test_no_channel_means_it(self, box: Box, upstream: Upstream) -> None:
        upstream.add_js("2.1.88")
        upstream.tags["latest"] = "2.1.88"
        done = ccpin(box, "use", "latest").ok()
        assert "note: 2.1.88 was passed over: upstream withdrew it" in done.err
        assert read_lock(box.lock).version == "2.0.15"

    def test_is_marked_where_releases_are_listed(self, box: Box, upstream: Upstream) -> None:
        upstream.add_js("2.1.88")
        done = ccpin(box, "list", "--remote").ok()
        assert [line for line in done.out.splitlines() if "withdrawn" in line] == ["2.1.88     javascript  withdrawn"]
        releases = ccpin(box, "list", "--remote", "--json").ok().json["data"]["releases"]
        withdrawn = {r["version"]: r["withdrawn"] for r in releases if r["withdrawn"]}
        assert list(withdrawn) == ["2.1.88"]
        assert withdrawn["2.1.88"].startswith("upstream withdrew it")


class TestMinAge:
    @pytest.fixture(autouse=True)
    def dated(self, upstream: Upstream) -> None:
        upstream.add_native("2.1.328", built=ago(9))
        upstream.add_native("2.1.329", built=ago(5.5))
        upstream.add_native("2.1.330", built=ago(0.5))

    def test_young_ones_are_passed_over_and_named(self, box: Box) -> None:
        done = ccpin(box, "use", "latest", "--min-age", "7d").ok()
        assert read_lock(box.lock).version == "2.1.328"
        assert "note: 2.1.330 was passed over: it was built 12 hours ago (" in done.err
        assert "note: 2.1.329 was passed over: it was built 5 days ago (" in done.err
        assert "7 days are asked for" in done.err

    @pytest.mark.parametrize("how", ["variable", "setting"])
    def test_as_a_rule_of_the_users(self, box: Box, how: str) -> None:
        if how == "setting":
            ccpin(box, "config", "min-age", "5d").ok()
        else:
            box.env["CCPIN_MIN_AGE"] = "5d"
        ccpin(box, "use", "latest").ok()
        assert read_lock(box.lock).version == "2.1.329"
        ccpin(box, "use", "latest", "--min-age", "0d").ok()
        assert read_lock(box.lock).version == "2.1.330"

    def test_an_exact_one(self, box: Box) -> None:
        [error] = ccpin(box, "use", "2.1.330", "--min-age", "36h", "--json").failed().json["errors"]
        assert error["code"] == "too-young"
        assert "`ccpin use 2.1.330 --min-age 0d`" in error["hint"]
        assert box.entries() == []

    def test_dates_that_nobody_tells(self, box: Box, upstream: Upstream) -> None:
        upstream.add_native("2.1.331", built=None)
        upstream.tags["latest"] = "2.1.331"
        done = ccpin(box, "use", "latest", "--min-age", "7d").ok()
        assert "note: 2.1.331 was passed over: nobody tells when it was built\n" in done.err
        [error] = ccpin(box, "use", "2.0.14", "--min-age", "7d", "--json").failed().json["errors"]
        assert error["code"] == "age-unknown"

    def test_none_is_old_enough(self, box: Box) -> None:
        [error] = ccpin(box, "use", ">=2.1.328", "--min-age", "30d", "--json").failed().json["errors"]
        assert error["code"] == "nothing-fits"

    def test_an_upgrade_waits_for_it(self, box: Box) -> None:
        pin(box, "2.1.200")
        assert "up from 2.1.200" in ccpin(box, "upgrade", "--min-age", "7d").ok().out
        assert read_lock(box.lock).version == "2.1.328"
        assert "nothing newer is meant" in ccpin(box, "upgrade", "--min-age", "7d").ok().out

    def test_through_the_native_channel(self, box: Box, upstream: Upstream) -> None:
        with Channel(upstream) as channel:
            use_channel(box, channel)
            ccpin(box, "use", "latest", "--source", "native", "--min-age", "7d").ok()
        assert read_lock(box.lock).version == "2.1.328"
        assert read_lock(box.lock).request == "latest"

    @pytest.mark.parametrize("age", ["7", "d", "-1d", "7w", "", "7 d"])
    def test_what_is_no_age(self, box: Box, age: str) -> None:
        assert (
            ccpin(box, "use", "latest", f"--min-age={age}", "--json").failed(2).json["errors"][0]["code"] == "bad-age"
        )
