"""What `ccpin upgrade` and `ccpin outdated` say at their end of what another release sends."""

from __future__ import annotations

import sys

import pytest

from tests.cli.arrange import ccpin, pin
from tests.fakes.box import Box
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


def test_under_other_flags_it_is_not_known(box: Box) -> None:
    ccpin(box, "diff", "2.0.14", "2.1.330", "--profile", "none").ok()
    assert "sends" not in ccpin(box, "upgrade").ok().out
