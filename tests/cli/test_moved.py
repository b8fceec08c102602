"""What `ccpin upgrade` and `ccpin outdated` say at their end of what another release sends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, pin
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed from process to process")

TOLD = (
    "what 2.1.330 sends, against 2.0.14 (`ccpin diff 2.0.14 2.1.330` shows all of it):\n"
    "  model       old → new\n"
    "  parameters  max_tokens 100 → 200; + output_config.effort medium; - temperature 1\n"
    "  betas       2 → 2: + since-2.1.330; - since-2.0.14\n"
    "  tools       3 → 3: + Agent; - Task; changed: Read\n"
    "  system      "
)


@pytest.fixture
def box(box: Box, upstream: Upstream) -> Box:
    upstream.tags["latest"] = "2.1.330"
    pin(box, "2.0.14")
    return box


def test_nothing_where_nothing_was_captured(box: Box) -> None:
    assert "sends" not in ccpin(box, "outdated").failed().out
    assert "sends" not in ccpin(box, "upgrade").ok().out


def test_where_both_were_captured(box: Box) -> None:
    ccpin(box, "diff", "2.0.14", "2.1.330").ok()
    assert TOLD in ccpin(box, "outdated").failed().out
    done = ccpin(box, "upgrade", "--json").ok()
    assert done.json["data"]["sends"][1] == "  model       old → new"


def test_where_it_was_asked_for(box: Box) -> None:
    assert TOLD in ccpin(box, "outdated", "--wire").failed().out
    assert TOLD in ccpin(box, "upgrade", "--wire").ok().out


def test_what_stays_is_left_out(box: Box, upstream: Upstream) -> None:
    upstream.add_js("2.0.15")
    upstream.tags["latest"] = "2.0.15"
    told = ccpin(box, "outdated", "--wire", "--json").failed().json["data"]["sends"]
    assert [line.split()[0] for line in told[1:]] == ["betas", "system"]


def test_it_is_of_what_an_upgrade_would_pin(box: Box, upstream: Upstream) -> None:
    """The request's own, also where `latest` is newer still."""
    pin(box, "2.0")
    upstream.add_js("2.0.90")
    assert "\nwhat 2.0.90 sends, against 2.0.15 (" in ccpin(box, "outdated", "--wire").failed().out


def test_what_cannot_be_told_is_a_note(box: Box, upstream: Upstream) -> None:
    """The pin has moved by then: that is done, and is said."""
    upstream.add_js("2.0.67")
    pin(box, "2.0.67")
    note = "note: what 2.1.330 sends, against 2.0.67, is not known: what Claude Code 2.0.67 sends could not be captured"
    done = ccpin(box, "outdated", "--wire").failed()
    assert "latest  2.1.330" in done.out
    assert note in done.err
    assert "`ccpin fingerprint 2.0.67 --gateway`" in done.err
    found = ccpin(box, "upgrade", "latest", "--wire", "--json").ok().json
    assert (found["ok"], found["data"]["version"], found["data"]["sends"]) == (True, "2.1.330", [])
    assert any(said.startswith(note) for said in found["data"]["notes"])


def test_what_is_missing_comes_from_where_the_command_says(box: Box, registry: Registry) -> None:
    nowhere = {"CCPIN_NPM_REGISTRY": "http://127.0.0.1:9", "CCPIN_SOURCE": "npm"}
    done = ccpin(box, "outdated", "--wire", "--registry", registry.url, env=nowhere).failed()
    assert TOLD in done.out
    ccpin(box, "uninstall", "2.0.14", "--force").ok()
    for path in Path(box.layout.captures).glob("2.0.14-*/*"):
        path.unlink()
    assert TOLD in ccpin(box, "upgrade", "--wire", "--registry", registry.url, env=nowhere).ok().out


def test_under_other_flags_it_is_not_known(box: Box) -> None:
    ccpin(box, "diff", "2.0.14", "2.1.330", "--profile", "none").ok()
    assert "sends" not in ccpin(box, "upgrade").ok().out
