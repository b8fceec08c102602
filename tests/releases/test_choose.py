"""What a request means: the newest that is whole, not withdrawn, and old enough."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ccpin.errors import AgeUnknown, Incomplete, NoSuchChannel, NothingFits, NotOnChannel, TooYoung
from ccpin.net import Http
from ccpin.pinning.request import parse_request
from ccpin.releases import channel as channels
from ccpin.releases.choose import Age, Chosen, choose
from ccpin.releases.native import Native
from ccpin.releases.npm import Npm
from ccpin.releases.registry import Registry
from ccpin.releases.source import Source
from tests.fakes import registry as fake
from tests.fakes.channel import Channel
from tests.fakes.upstream import Upstream

NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
WEEK = Age(timedelta(days=7), NOW)


@pytest.fixture
def npm(registry: fake.Registry) -> Npm:
    return Npm(Registry(registry.url, "the test", Http()))


def chosen(source: Source, spec: str, age: Age | None = None, platform: str = "linux-x64") -> Chosen:
    return choose(source, parse_request(spec), platform, age=age)


def version(source: Source, spec: str, age: Age | None = None) -> str:
    return chosen(source, spec, age).release.version


class TestWhole:
    def test_a_latest_that_lacks_platforms_is_passed_over_and_named(self, npm: Npm, upstream: Upstream) -> None:
        upstream.withdraw("2.1.330", "claude-code-win32-x64", "claude-code-win32-arm64")
        found = chosen(npm, "latest")
        assert found.release.version == "2.1.200"
        assert found.passed == {
            "2.1.330": "it lacks win32-arm64, win32-x64",
            "2.1.206": "it lacks linux-arm64-musl",
        }
        assert next(iter(found.notes)) == "2.1.330 was passed over: it lacks win32-arm64, win32-x64"

    def test_so_it_is_where_this_platform_is_the_one_that_is_missing(self, npm: Npm, upstream: Upstream) -> None:
        upstream.withdraw("2.1.330", "claude-code-linux-x64")
        assert chosen(npm, "latest").passed["2.1.330"] == "it lacks linux-x64"

    @pytest.mark.parametrize("spec", ["2.1", ">=2.1.200", "latest"])
    def test_for_ranges_too(self, npm: Npm, upstream: Upstream, spec: str) -> None:
        upstream.withdraw("2.1.330", "claude-code-darwin-x64")
        assert version(npm, spec) == "2.1.200"

    def test_an_exact_version_is_taken_as_it_is(self, npm: Npm, upstream: Upstream) -> None:
        found = chosen(npm, "2.1.206")
        assert (found.release.absent, found.passed) == (("linux-arm64-musl",), {})

    def test_a_channel_never_moves_above_its_tag(self, npm: Npm, upstream: Upstream) -> None:
        upstream.withdraw("2.1.200", "claude-code-darwin-x64")
        assert version(npm, "stable") == "2.1.166"

    def test_nothing_whole(self, npm: Npm, upstream: Upstream) -> None:
        upstream.withdraw("2.1.330", "claude-code-darwin-x64")
        with pytest.raises(NothingFits, match=r"`>=2\.1\.300` means can be taken: 2\.1\.330: it lacks darwin-x64"):
            chosen(npm, ">=2.1.300")

    def test_the_same_reason_is_said_once(self, npm: Npm, upstream: Upstream) -> None:
        for number in ("2.1.331", "2.1.330"):
            upstream.add_native(number)
            upstream.withdraw(number, "claude-code-darwin-x64")
        with pytest.raises(NothingFits, match=r"2\.1\.331, 2\.1\.330: it lacks darwin-x64"):
            chosen(npm, ">=2.1.300")

    def test_only_the_first_reasons_are_said(self, npm: Npm, upstream: Upstream) -> None:
        for number in range(330, 340):
            upstream.add_native(f"2.1.{number}", built=f"2026-11-{number - 319}T08:00:00Z")
        with pytest.raises(NothingFits) as raised:
            chosen(npm, ">=2.1.300", Age(timedelta(days=9999), NOW))
        assert raised.value.message.count("it was built") == 5
        assert raised.value.message.endswith("; and 5 more")

    def test_a_release_that_needs_a_compiled_module(self, npm: Npm) -> None:
        found = chosen(npm, "<0.2.100")
        assert (found.release.version, found.passed) == (
            "0.2.9",
            {"0.2.90": "it needs better-sqlite3, compiled at install"},
        )

    def test_a_tag_that_there_is_not(self, npm: Npm, upstream: Upstream) -> None:
        upstream.tags = {}
        with pytest.raises(NoSuchChannel):
            chosen(npm, "latest")


class TestWithdrawn:
    @pytest.fixture(autouse=True)
    def one(self, upstream: Upstream) -> None:
        upstream.add_js("2.1.87")
        upstream.add_js("2.1.88")

    @pytest.mark.parametrize("spec", [">=2.1.80,<2.1.100", "<=2.1.88,>2"])
    def test_no_range_means_it(self, npm: Npm, spec: str) -> None:
        assert version(npm, spec) == "2.1.87"

    def test_nor_a_channel(self, npm: Npm, upstream: Upstream) -> None:
        upstream.tags["latest"] = "2.1.88"
        found = chosen(npm, "latest")
        assert found.release.version == "2.1.87"
        assert "upstream withdrew it" in found.passed["2.1.88"]

    def test_by_its_number_it_is_taken_and_said(self, npm: Npm) -> None:
        found = chosen(npm, "2.1.88")
        assert found.release.version == "2.1.88"
        [note] = found.notes
        assert note.startswith("2.1.88 is known for this: upstream withdrew it within a day (2026-03-31)")


class TestAge:
    @pytest.fixture(autouse=True)
    def dated(self, upstream: Upstream) -> None:
        upstream.add_native("2.1.328", built="2026-11-01T08:00:00Z")
        upstream.add_native("2.1.329", built="2026-11-23T13:00:00+00:00")  # an hour short of a week
        upstream.add_native("2.1.330", built="2026-11-30T11:00:00Z")

    def test_young_ones_are_passed_over_and_named(self, npm: Npm) -> None:
        found = chosen(npm, "latest", WEEK)
        assert found.release.version == "2.1.328"
        assert found.passed == {
            "2.1.330": "it was built 1 hour ago (2026-11-30), and 7 days are asked for",
            "2.1.329": "it was built 6 days ago (2026-11-23), and 7 days are asked for",
        }

    def test_without_an_age_nothing_is(self, npm: Npm) -> None:
        assert chosen(npm, "latest").passed == {}

    def test_to_the_hour(self, npm: Npm) -> None:
        assert version(npm, "latest", Age(timedelta(hours=1), NOW)) == "2.1.330"
        found = chosen(npm, "latest", Age(timedelta(hours=36), NOW))
        assert (found.release.version, found.passed["2.1.330"][-26:]) == ("2.1.329", "and 36 hours are asked for")

    def test_a_zone_is_a_zone(self, npm: Npm, upstream: Upstream) -> None:
        upstream.add_native("2.1.330", built="2026-11-30T13:00:00+02:00")
        assert version(npm, "latest", Age(timedelta(hours=1), NOW)) == "2.1.330"

    def test_an_exact_version_that_is_too_young(self, npm: Npm) -> None:
        with pytest.raises(TooYoung, match=r"2\.1\.330 is too young: it was built 1 hour ago") as caught:
            chosen(npm, "2.1.330", WEEK)
        assert caught.value.hint == "take it all the same: `ccpin use 2.1.330 --min-age 0d`"
        assert version(npm, "2.1.328", WEEK) == "2.1.328"

    def test_a_build_of_tomorrow(self, npm: Npm, upstream: Upstream) -> None:
        upstream.add_native("2.1.330", built="2026-12-24T00:00:00Z")
        found = chosen(npm, "latest", Age(timedelta(hours=1), NOW))
        assert "in the future, by this machine's clock (2026-12-24)" in found.passed["2.1.330"]

    @pytest.mark.parametrize("built", [None, "yesterday", "2020-01-01T00:00:00"])
    def test_a_date_that_nobody_tells(self, npm: Npm, upstream: Upstream, built: str | None) -> None:
        """Without a zone it is none either."""
        upstream.add_native("2.1.330", built=built)
        found = chosen(npm, "latest", WEEK)
        assert (found.release.version, found.passed["2.1.330"]) == ("2.1.328", "nobody tells when it was built")
        with pytest.raises(AgeUnknown):
            chosen(npm, "2.1.330", WEEK)

    def test_the_registrys_times_are_never_used(self, npm: Npm, registry: fake.Registry) -> None:
        """They are in no order, and it would have one for each of these."""
        registry.abbreviates = False
        document = registry.upstream.packument("@anthropic-ai/claude-code", registry.url)
        assert document is not None
        times = [document["time"][v] for v in document["versions"]]
        assert times != sorted(times)
        assert all(time < "2026-10" for time in times)
        for exact in ("2.0.14", "2.1.166"):  # JavaScript; native without a manifest
            with pytest.raises(AgeUnknown):
                chosen(npm, exact, WEEK)
        with pytest.raises(NothingFits, match=r"2\.0\.15, 2\.0\.14: nobody tells when it was built"):
            chosen(npm, "2.0", WEEK)
        assert version(npm, "2.0") == "2.0.15"


class TestTheChannel:
    def test_counts_down_from_its_pointer(self, upstream: Upstream) -> None:
        upstream.add_native("2.1.327", built="2026-11-01T08:00:00Z")
        upstream.add_native("2.1.330", built="2026-11-30T11:00:00Z")
        with Channel(upstream) as running:
            native = Native(channels.Channel(running.url, "the test", Http()), lambda: running.keys)
            found = chosen(native, "latest", WEEK)
        assert (found.release.version, list(found.passed)) == ("2.1.327", ["2.1.330"])

    def test_a_pointer_to_nothing(self, upstream: Upstream) -> None:
        upstream.tags["latest"] = "2.1.331"
        with Channel(upstream) as running:
            native = Native(channels.Channel(running.url, "the test", Http()), lambda: running.keys)
            with pytest.raises(NotOnChannel):
                chosen(native, "latest")


def test_incomplete_is_only_for_those_who_ask_for_whole_ones(npm: Npm) -> None:
    assert npm.resolve("2.1.206", "linux-x64").absent == ("linux-arm64-musl",)
    with pytest.raises(Incomplete):
        npm.resolve("2.1.206", "linux-x64", whole=True)
