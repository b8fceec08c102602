"""`ccpin outdated`: what is pinned, what its request means today, and the latest."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.cli.arrange import ccpin, edit, pin, pin_default, use_channel
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def asked(box: Box, *args: str, code: int = 0, **options: Any) -> dict[str, Any]:
    """The data of `ccpin outdated --json`."""
    answer = ccpin(box, "outdated", *args, "--json", **options).failed(code).json
    assert answer["ok"] is (code == 0)
    data: dict[str, Any] = answer["data"]
    return data


@pytest.mark.parametrize(
    ("request_", "version", "wanted", "behind", "command"),
    [
        ("2.1.330", "2.1.330", "2.1.330", False, ""),
        ("latest", "2.1.330", "2.1.330", False, ""),
        ("2.0.14", "2.0.14", "2.0.14", True, "ccpin upgrade"),
        ("2.0", "2.0.15", "2.0.15", True, "ccpin upgrade latest"),
        ("stable", "2.1.200", "2.1.200", True, "ccpin upgrade latest"),
        (">=2.0,<2.1", "2.0.15", "2.0.15", True, "ccpin upgrade latest"),
    ],
)
def test_what_is_pinned_and_what_there_is(
    box: Box, request_: str, version: str, wanted: str, behind: bool, command: str
) -> None:
    pin(box, request_)
    answer = ccpin(box, "outdated", "--json").failed(int(behind)).json
    assert answer["ok"] is not behind
    data = answer["data"]
    assert (data["version"], data["request"], data["lock"]) == (version, request_, str(box.lock))
    assert (data["wanted"], data["latest"], data["behind"]) == (wanted, "2.1.330", behind)
    assert [error["code"] for error in answer["errors"]] == ["behind"] * behind
    assert [error["hint"] for error in answer["errors"]] == [f"move the pin up: `{command}`"] * behind


def test_what_the_request_means_by_now(box: Box, upstream: Upstream) -> None:
    pin(box, "2.0")
    upstream.add_js("2.0.20")
    before = box.snapshot()
    done = ccpin(box, "outdated").failed()
    assert done.out == (
        f"pinned  2.0.15     {box.lock}\n"
        "wanted  2.0.20     what `2.0` means today\n"
        f"latest  2.1.330    from npm ({box.env['CCPIN_NPM_REGISTRY']})\n"
    )
    assert done.err == (
        "ccpin: Claude Code 2.0.15 is pinned, and its request `2.0` means 2.0.20 today, and `latest` means 2.1.330\n"
        "  move the pin up: `ccpin upgrade`\n"
    )
    assert box.snapshot() == before
    ccpin(box, "upgrade").ok()
    assert asked(box, code=1)["wanted"] == "2.0.20"


def test_a_pointer_that_moved_back_is_nothing_newer(box: Box, upstream: Upstream) -> None:
    pin(box, "latest")
    upstream.tags["latest"] = "2.1.200"
    data = asked(box)
    assert (data["version"], data["wanted"], data["latest"], data["behind"]) == ("2.1.330", "2.1.200", "2.1.200", False)


def test_a_pointer_that_moved_back_below_a_latest_that_is_newer(box: Box, upstream: Upstream) -> None:
    """Where that request leads, no upgrade goes."""
    pin(box, "stable")
    upstream.tags["stable"] = "2.1.113"
    assert "`ccpin upgrade latest`" in ccpin(box, "outdated").failed().err


def test_fetches_no_release(box: Box, registry: Registry) -> None:
    pin(box, "2.0.14")
    registry.forget()
    ccpin(box, "outdated").failed()
    assert [seen.path for seen in registry.asked("*.tgz") if "agent-sdk" not in seen.path] == []


def test_offline_it_says_how_old_the_answer_is(box: Box, registry: Registry) -> None:
    pin(box, "latest")
    said = f"note: offline: this is what {registry.url} said less than a minute ago"
    assert asked(box)["notes"] == []
    assert asked(box, "--offline")["notes"] == [said]
    for verb in ("upgrade", "use latest", "install latest"):
        assert said in ccpin(box, *verb.split(), "--offline", "--json").ok().json["data"]["notes"]
    assert said not in ccpin(box, "use", "2.1.330", "--offline").ok().err


class TestALatestThatThereIsNot:
    def test_leaves_what_is_wanted(self, box: Box, upstream: Upstream) -> None:
        pin(box, "2.0")
        upstream.tags = {}
        data = asked(box)
        assert (data["wanted"], data["latest"], data["behind"]) == ("2.0.15", None, False)
        assert "has no tag `latest`" in data["notes"][0]
        upstream.add_js("2.0.20")
        assert asked(box, code=1)["wanted"] == "2.0.20"

    def test_but_is_what_a_lock_may_ask_for(self, box: Box, upstream: Upstream) -> None:
        pin(box, "latest")
        upstream.tags = {}
        [error] = ccpin(box, "outdated", "--json").failed().json["errors"]
        assert error["code"] == "no-such-channel"


class TestPassedOver:
    def test_a_latest_that_lacks_a_platform(self, box: Box, upstream: Upstream) -> None:
        pin(box, "2.1.330")
        upstream.add_native("2.1.331", platforms=("linux-x64", "linux-arm64"))
        upstream.tags["latest"] = "2.1.331"
        data = asked(box)
        assert (data["latest"], data["behind"], list(data["passed"])) == ("2.1.330", False, ["2.1.331"])
        assert "note: 2.1.331 was passed over: it lacks darwin-arm64" in ccpin(box, "outdated").ok().err

    def test_a_latest_that_is_too_young(self, box: Box, upstream: Upstream) -> None:
        pin(box, "2.1.200")
        upstream.add_native("2.1.329", built="2020-01-01T00:00:00Z")
        upstream.add_native("2.1.330", built="2999-01-01T00:00:00Z")
        assert asked(box, code=1)["latest"] == "2.1.330"
        data = asked(box, "--min-age", "7d", code=1)
        assert (data["latest"], list(data["passed"])) == ("2.1.329", ["2.1.330"])
        assert asked(box, env={"CCPIN_MIN_AGE": "7d"}, code=1)["latest"] == "2.1.329"

    def test_all_of_them(self, box: Box, upstream: Upstream) -> None:
        pin(box, "2.1.330")
        data = asked(box, "--min-age", "99999d")
        assert (data["latest"], data["behind"]) == (None, False)
        assert "no release that `latest` means can be taken" in data["notes"][0]

    def test_a_pin_that_was_withdrawn(self, box: Box, upstream: Upstream) -> None:
        upstream.add_js("2.1.88")
        pin(box, "2.1.88")
        assert "note: 2.1.88 is known for this: upstream withdrew" in ccpin(box, "outdated").failed().err


class TestWhichLock:
    def test_the_default(self, box: Box) -> None:
        pin(box, "2.1.330")
        pin_default(box, "2.0.14")
        assert asked(box)["version"] == "2.1.330"
        data = asked(box, "--global", code=1)
        assert (data["version"], data["lock"]) == ("2.0.14", box.layout.default_lock)
        assert "`ccpin upgrade --global`" in ccpin(box, "outdated", "--global").failed().err
        assert "`ccpin upgrade --global`" in ccpin(box, "outdated", cwd="/").failed().err

    def test_none(self, box: Box) -> None:
        assert ccpin(box, "outdated", "--json").failed().json["errors"][0]["code"] == "no-lock"
        assert ccpin(box, "outdated", "--global", "--json").failed().json["errors"][0]["code"] == "no-default"

    def test_one_above_the_checkout(self, box: Box) -> None:
        """`ccpin upgrade` there would not change it."""
        pin(box, "2.0.14")
        checkout = box.folder("it's/checkout")
        (checkout / ".git").mkdir()
        [line] = [x for x in ccpin(box, "outdated", cwd=checkout).failed().err.splitlines() if "move the pin" in x]
        assert f"`cd {box.project} && ccpin upgrade`" in line

    def test_one_that_cannot_be_used(self, box: Box) -> None:
        pin(box)
        edit(box, "[env]", '[env]\nPATH = "/x"')
        assert ccpin(box, "outdated", "--json").failed().json["errors"][0]["code"] == "flag-refused"


class TestSources:
    def test_a_failure_is_no_finding(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        registry.fault("*", faults.status(403))
        answer = ccpin(box, "outdated", "--json").failed().json
        assert (answer["data"], answer["errors"][0]["code"]) == ({}, "registry-denied")

    def test_the_native_channel(self, box: Box, upstream: Upstream) -> None:
        pin(box, "stable")
        upstream.add_native("2.1.203")
        upstream.tags["stable"] = "2.1.203"
        with Channel(upstream) as channel:
            use_channel(box, channel)
            data = asked(box, "--source", "native", code=1)
            assert (data["wanted"], data["latest"]) == ("2.1.203", "2.1.330")
            assert data["origin"] == f"from the native channel ({channel.url})"

    def test_another_registry(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        older = Upstream()
        older.add_js("2.0.14")
        older.tags = {"latest": "2.0.14"}
        registry.forget()
        with Registry(older) as other:
            assert asked(box, "--registry", other.url)["latest"] == "2.0.14"
        assert registry.asked() == []

    def test_offline(self, box: Box, registry: Registry) -> None:
        registry.upstream.tags["latest"] = "2.0.15"  # of a native release, the manifest would be asked for
        pin(box, "2.0.14")
        ccpin(box, "outdated").failed()
        registry.forget()
        assert asked(box, "--offline", code=1)["latest"] == "2.0.15"
        assert registry.asked() == []
