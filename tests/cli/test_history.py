"""`ccpin history`: the captured releases and the installed ones, in their order."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, empty_store, pin, sentence
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed from process to process")


@pytest.fixture
def box(box: Box) -> Box:
    for version in ("2.1.330", "2.0.14"):
        pin(box, version)
    return box


def test_what_is_installed_is_captured(box: Box) -> None:
    out = ccpin(box, "history").ok().out
    title, *lines = out.splitlines()
    assert title == "What Claude Code sends, by release; profile default, first-party"
    head, *rows = [line.split() for line in lines]
    assert head[:4] == ["release", "kind", "prompt", "tokens"]
    assert [row[:2] for row in rows] == [["2.0.14", "node"], ["2.1.330", "native"]]
    assert [row[-1] for row in rows] == ["old", "new"]


def test_what_was_captured_needs_no_install(box: Box) -> None:
    one = ccpin(box, "history", "--json").ok().json["data"]
    empty_store(box)
    assert ccpin(box, "history", "--json").ok().json["data"] == one
    assert [each["version"] for each in one["releases"]] == ["2.0.14", "2.1.330"]


def test_a_part_of_it(box: Box) -> None:
    for words, versions in (
        ("--from 2.1.0", ["2.1.330"]),
        ("--to 2.1.0", ["2.0.14"]),
        ("--from 2.0.14 --to 2.0.14", ["2.0.14"]),
    ):
        found = ccpin(box, "history", *words.split(), "--json").ok().json["data"]
        assert [each["version"] for each in found["releases"]] == versions


def test_a_part_in_which_there_is_nothing(box: Box) -> None:
    failed = ccpin(box, "history", "--from", "9.0.0").failed()
    assert sentence("nothing-to-show").search(failed.err)
    assert "no release from 9.0.0 on is installed here" in failed.err
    backwards = ccpin(box, "history", "--from", "2.1.330", "--to", "2.0.14").failed(2)
    assert "take them the other way round" in backwards.err


def test_under_other_flags_it_is_another(box: Box) -> None:
    counts = {}
    for profile in ("none", "strict"):
        found = ccpin(box, "history", "--profile", profile, "--json").ok().json["data"]
        counts[profile] = [each["betas"] for each in found["releases"]]
    assert counts == {"none": [2, 3], "strict": [2, 2]}


def test_what_cannot_be_captured_is_named(box: Box, upstream: Upstream) -> None:
    upstream.add_js("2.0.67")
    ccpin(box, "install", "2.0.67").ok()
    done = ccpin(box, "history").ok()
    assert "note: 2.0.67 is not among them: what Claude Code 2.0.67 sends could not be captured" in done.err
    assert "2.0.67" not in done.out


def test_as_a_page(box: Box) -> None:
    ccpin(box, "history", "--html", "history.html").ok()
    path = Path(box.project, "history.html")
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.count("<figure>") == 6
    assert "<script" not in text
    assert "http" not in text
