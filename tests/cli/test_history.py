"""`ccpin history`: the captured releases and the installed ones, in their order."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from ccpin.wire import run, take
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
    assert sentence("bad-version").search(ccpin(box, "history", "--to", "2.1").failed(2).err)


def test_a_part_in_which_there_is_nothing(box: Box) -> None:
    failed = ccpin(box, "history", "--from", "9.0.0", "--to", "9.1.0").failed()
    assert sentence("nothing-to-show").search(failed.err)
    assert "no release from 9.0.0 on up to 9.1.0 is installed here" in failed.err
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


def test_below_a_user_s_own_floor_none_is_run(box: Box) -> None:
    Path(box.layout.minimum_version).write_text("2.1.0\n")
    done = ccpin(box, "history").ok()
    assert "note: 2.0.14 is not among them: " in done.err
    assert "2.0.14" not in done.out
    assert sentence("below-minimum").search(ccpin(box, "history", "--to", "2.0.14").failed().err)


def test_where_none_can_be_captured_it_says_why(box: Box, upstream: Upstream) -> None:
    upstream.add_js("2.0.67")
    ccpin(box, "install", "2.0.67").ok()
    failed = ccpin(box, "history", "--from", "2.0.67", "--to", "2.0.67").failed()
    assert sentence("not-captured").search(failed.err)
    assert "it said `it needs an update`" in failed.err


def test_a_store_that_cannot_be_written_is_no_fault_of_each_release(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(box.layout.captures).write_text("in the way")
    runs: list[object] = []
    real = run.run

    def counted(*args: Any, **options: Any) -> Any:
        runs.append(args)
        return real(*args, **options)

    monkeypatch.setattr(take, "run", counted)
    failed = ccpin(box, "history", "--json").failed()
    assert [error["code"] for error in failed.json["errors"]] == ["store-unwritable"]
    assert len(runs) == 1


def test_what_cannot_be_started_does_not_count(box: Box) -> None:
    [executable] = Path(box.layout.releases).glob("2.1.330-*/*/claude")
    executable.chmod(0o755)
    executable.write_bytes(b"")
    done = ccpin(box, "history").ok()
    assert "2.0.14" in done.out
    assert "2.1.330" not in done.out + done.err


def test_as_a_page(box: Box) -> None:
    ccpin(box, "history", "--html", "history.html").ok()
    path = Path(box.project, "history.html")
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.count("<figure>") == 6
    assert "<script" not in text
    assert "http" not in text
