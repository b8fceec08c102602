"""`ccpin fingerprint`, with fakes that send what a release's request depends on."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, pin, sentence
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed from process to process")

PARTS = ("betas", "headers", "messages", "parameters", "system", "tools")


def test_the_pinned_release_under_the_lock_s_flags(box: Box) -> None:
    pin(box, "2.1.330")
    done = ccpin(box, "fingerprint", "--json").ok()
    found = done.json["data"]
    assert (found["version"], found["profile"], found["mode"], found["runs"]) == (
        "2.1.330",
        "default",
        "first-party",
        2,
    )
    assert found["betas"] == ["claude-code-20250219", "since-2.1.330"]
    assert (found["model"], found["tools"]) == ("new", ["Bash", "Read", "Agent"])
    assert found["parameters"]["output_config"] == {"effort": "medium"}
    assert found["headers"]["user-agent"] == "claude-cli/2.1.330 (external, sdk-cli)"
    assert found["headers"]["x-client-request-id"] == "<id>"
    assert (found["headers"]["x-api-key"], found["platform"]["x-stainless-os"]) == ("<key>", "Linux")
    assert found["hosts"] == ["api.anthropic.com", "statsig.anthropic.com"]
    assert found["files"] == [".claude/projects/<project>/<id>.jsonl"]
    assert found["requests"] == ["POST /v1/messages"]
    assert (found["unstable"], found["sometimes"]) == ({}, {})
    assert 0 < found["startup_seconds"] <= found["seconds"]
    assert tuple(found["parts"]) == PARTS
    assert "You are a fake" not in done.out


def test_one_below_a_user_s_own_floor_is_not_run(box: Box) -> None:
    Path(box.layout.root).mkdir()
    Path(box.layout.minimum_version).write_text("2.1.0\n")
    assert sentence("below-minimum").search(ccpin(box, "fingerprint", "2.0.14").failed().err)


def test_twice_is_the_same(box: Box) -> None:
    pin(box, "2.1.330")
    one, other = (ccpin(box, "fingerprint", "--runs", "1", "--json").ok().json["data"] for _ in range(2))
    assert (one["all"], one["parts"]) == (other["all"], other["parts"])


def test_another_release_and_another_profile(box: Box) -> None:
    pin(box, "2.1.330")
    strict = ccpin(box, "fingerprint", "2.0.14", "--profile", "strict", "--runs", "1", "--json").ok().json["data"]
    assert (strict["version"], strict["runtime"], strict["profile"]) == ("2.0.14", "node", "strict")
    assert strict["hosts"] == ["api.anthropic.com"]
    none = ccpin(box, "fingerprint", "--profile", "none", "--runs", "1", "--json").ok().json["data"]
    assert "experiment-2026-01-01" in none["betas"]


def test_behind_a_gateway(box: Box) -> None:
    pin(box, "2.1.330")
    found = ccpin(box, "fingerprint", "--gateway", "--runs", "1", "--json").ok().json["data"]
    assert (found["mode"], found["hosts"][0]) == ("gateway", "<gateway>")


def test_as_text(box: Box) -> None:
    pin(box, "2.1.330")
    out = ccpin(box, "fingerprint", "--runs", "1").ok().out
    assert out.startswith("Claude Code 2.1.330, profile default, first-party: 1 run, ")
    for said in ("  all         sha256:", "  model       new\n", "effort=medium", "characters", " s to its request"):
        assert said in out
    assert len(out.splitlines()) < 24


def test_what_is_not_stable_is_named(box: Box, upstream: Upstream) -> None:
    upstream.add_js("2.0.66")
    done = ccpin(box, "fingerprint", "2.0.66", "--runs", "3").ok()
    assert "3 runs, not all alike" in done.out
    assert done.err.splitlines()[-1] == "note: `system` is not stable: 3 different ones in 3 runs"


def test_it_is_kept_for_this_user_alone(box: Box) -> None:
    pin(box, "2.1.330")
    for profile in ("default", "strict", "default"):
        ccpin(box, "fingerprint", "--profile", profile, "--runs", "1").ok()
    files = sorted(Path(box.layout.captures).glob("*/*"))
    assert [path.name[:12] for path in files] == ["first-party-"] * 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    folders = (Path(box.layout.captures), files[0].parent)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert files[0].parent.name.startswith("2.1.330-")
    assert "You are a fake" in json.loads(files[0].read_text())["parts"]["system"][0]["text"]


def test_nothing_of_the_user_reaches_it(box: Box) -> None:
    pin(box, "2.1.330")
    (box.home / ".claude").mkdir()
    (box.home / ".claude" / "settings.json").write_text('{"model": "theirs"}')
    (box.home / ".claude" / "CLAUDE.md").write_text("Speak Latin.")
    found = ccpin(box, "fingerprint", "--runs", "1", "--json", env={"ANTHROPIC_MODEL": "theirs"}).ok().json["data"]
    assert found["model"] == "new"
    assert os.listdir(box.home / ".claude") in (["settings.json", "CLAUDE.md"], ["CLAUDE.md", "settings.json"])


def test_a_release_that_says_why_it_does_not_start(box: Box, upstream: Upstream) -> None:
    upstream.add_js("2.0.67")
    failed = ccpin(box, "fingerprint", "2.0.67").failed()
    assert sentence("not-captured").search(failed.err)
    assert "exit code 1; it tried no host; it said `it needs an update`" in failed.err
    assert "`ccpin fingerprint 2.0.67 --gateway`" in failed.err


def test_a_release_that_does_not_end_is_killed(box: Box, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccpin.wire import take

    monkeypatch.setattr(take, "TIMEOUT", 1)
    upstream.add_js("2.0.68")
    assert "it was killed after 1 s" in ccpin(box, "fingerprint", "2.0.68", "--runs", "1").failed().err


def test_one_that_goes_past_every_proxy_is_not_started(box: Box, upstream: Upstream) -> None:
    upstream.add_js("0.2.9", bin_name="cli.mjs")
    failed = ccpin(box, "fingerprint", "0.2.9").failed()
    assert "past every proxy" in failed.err
    assert "`ccpin fingerprint 0.2.9 --gateway`" in failed.err
    found = ccpin(box, "fingerprint", "0.2.9", "--gateway", "--json").ok().json["data"]
    assert ".claude.json" in found["files"]  # which was prepared for it


def test_without_a_namespace_it_says_so(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccpin.wire import isolation, run

    real = isolation.enter
    monkeypatch.setattr(run, "enter", lambda count, streams, *, isolate: real(count, streams, isolate=False))
    pin(box, "2.1.330")
    done = ccpin(box, "fingerprint", "--runs", "1").ok()
    assert "1 run, with proxies only (not asked for)\n" in done.out
    assert done.err == (
        "note: with proxies only (not asked for) nothing but the proxy variables and a dummy key keep a release from"
        " the network\n"
    )


def test_without_a_pin_and_without_a_version(box: Box) -> None:
    assert sentence("no-lock").search(ccpin(box, "fingerprint").failed().err)
    ccpin(box, "fingerprint", "2.0.14", "--profile", "odd").failed(2)


def test_a_user_without_privileges_captures_too(box: Box) -> None:
    pin(box, "2.1.330")
    found = box.unprivileged("fingerprint", "--runs", "1", "--json").ok().json["data"]
    assert found["isolation"].endswith("namespace") or found["isolation"].startswith("proxies only (")
    assert found["all"] == ccpin(box, "fingerprint", "--runs", "1", "--json").ok().json["data"]["all"]


def test_it_fits_eighty_columns(box: Box) -> None:
    pin(box, "2.1.330")
    out = ccpin(box, "fingerprint", "--runs", "1", env={"COLUMNS": "80"}).ok().out
    assert max(map(len, out.splitlines())) <= 80
    assert "  all         sha256:" in ccpin(box, "fingerprint", "--runs", "1").ok().out
