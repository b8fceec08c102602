"""`ccpin diff`: two releases, two profiles of one, and the lock in git."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.arrange import ccpin, pin, sentence
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed from process to process")


@pytest.fixture
def box(box: Box, upstream: Upstream) -> Box:
    pin(box, "2.0.14")
    return box


def test_two_releases(box: Box) -> None:
    out = ccpin(box, "diff", "2.0.14", "2.1.330").ok().out
    assert out.startswith("Claude Code 2.0.14 → 2.1.330, profile default, first-party\n")
    for said in (
        "  model       old → new\n",
        "  parameters  max_tokens 100 → 200; + output_config.effort medium; - temperature 1\n",
        "  betas       2 → 2: + since-2.1.330; - since-2.0.14\n",
        "  tools       3 → 3: + Agent; - Task; changed: Read\n",
        "; 1 line went, 1 came\n",
        "  variables   ",
        "  runtime     JavaScript, on Node.js → an executable\n",
    ):
        assert said in out
    assert len(out.splitlines()) <= 24
    assert "You are a fake" not in out


def test_as_data(box: Box) -> None:
    done = ccpin(box, "diff", "2.0.14", "2.1.330", "--json").ok()
    found = done.json["data"]
    assert found["model"] == ["old", "new"]
    assert found["betas"]["added"] == ["since-2.1.330"]
    assert found["tools"]["changed"]["Read"]["said"] == ["+ limit.type number"]
    assert {"name": "temperature", "change": "went", "before": 1, "after": None} in found["parameters"]
    assert (found["system"]["lines_added"], found["before"]["runtime"]) == (1, "node")
    assert "CLAUDE_CODE_DISABLE_FEATURE_FLAGS" in found["variables"]["added"]
    assert "Your number" not in done.out
    assert "Your number" in ccpin(box, "diff", "2.0.14", "2.1.330", "--json", "--details").ok().out


def test_in_detail(box: Box) -> None:
    out = ccpin(box, "diff", "2.0.14", "2.1.330", "--details").ok().out
    assert "\ntool Read\n    + limit.type number\n" in out
    assert "\nsystem prompt\n" in out
    assert "    - Your number is 2.0.14.\n    + Your number is 2.1.330.\n" in out


def test_two_profiles_of_one_release(box: Box) -> None:
    out = ccpin(box, "diff", "2.1.330", "--profile", "none", "--profile", "strict").ok().out
    assert out.startswith("Claude Code 2.1.330, profile none → strict, first-party\n")
    assert "- experiment-2026-01-01" in out
    assert "hosts       2 → 1: - statsig.anthropic.com" in out


def test_the_pinned_one_and_another(box: Box) -> None:
    assert ccpin(box, "diff", "2.1.330").ok().out.startswith("Claude Code 2.0.14 → 2.1.330, profile default")


def test_the_lock_in_git(box: Box) -> None:
    failed = ccpin(box, "diff").failed()
    assert sentence("no-previous").search(failed.err)
    git(box, "init", "-q")
    commit(box)
    failed = ccpin(box, "diff").failed()
    assert "no commit holds it with another release" in failed.err
    pin(box, "2.1.330")
    assert ccpin(box, "diff").ok().out.startswith("Claude Code 2.0.14 → 2.1.330, profile default")
    commit(box)
    ccpin(box, "env", "profile", "strict").ok()
    assert ccpin(box, "diff").ok().out.startswith("Claude Code 2.1.330, profile default → strict")


def test_what_is_kept_is_not_captured_again(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccpin.wire import run, take

    ccpin(box, "diff", "2.0.14", "2.1.330").ok()
    runs: list[object] = []
    real = run.run

    def counted(*args: Any, **options: Any) -> Any:
        runs.append(args)
        return real(*args, **options)

    monkeypatch.setattr(take, "run", counted)
    ccpin(box, "diff", "2.0.14", "2.1.330").ok()
    assert runs == []
    ccpin(box, "diff", "2.0.14", "2.1.330", "--fresh").ok()
    assert len(runs) == 2


def test_as_a_page(box: Box) -> None:
    done = ccpin(box, "diff", "2.0.14", "2.1.330", "--html", "diff.html").ok()
    path = Path(box.project, "diff.html")
    assert "note: diff.html holds texts of the vendor's" in done.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Your number is" in path.read_text()
    failed = ccpin(box, "diff", "2.0.14", "2.1.330", "--html", "no/where/diff.html").failed()
    assert sentence("page-not-writable").search(failed.err)


def test_a_page_goes_through_links_and_over_files_alone(box: Box) -> None:
    ccpin(box, "diff", "2.0.14", "2.1.330").ok()
    link, target = Path(box.project, "link.html"), Path(box.project, "target.html")
    link.symlink_to(target)
    ccpin(box, "diff", "2.0.14", "2.1.330", "--html", "link.html").ok()
    assert link.is_symlink()
    assert "Your number is" in target.read_text()
    for path in ("/dev/null", str(box.project)):
        failed = ccpin(box, "diff", "2.0.14", "2.1.330", "--html", path).failed()
        assert "cannot be written: it is there, and not a file" in failed.err
    other = Path(box.project, "renovate.json")
    other.write_text("{}")
    assert "it is there, and not a page" in ccpin(box, "diff", "2.0.14", "2.1.330", "--html", other.name).failed().err
    assert other.read_text() == "{}"
    failed = ccpin(box, "diff", "2.0.14", "2.1.330", "--html", "-").failed()
    assert "- cannot be written: a page is not for a terminal" in failed.err


def test_a_page_with_half_a_character(box: Box) -> None:
    ccpin(box, "diff", "2.0.14", "2.1.330").ok()
    [path] = Path(box.layout.captures).glob("2.1.330-*/*.json")
    path.write_text(path.read_text().replace("Your number", "Your \\ud83d number"))
    ccpin(box, "diff", "2.0.14", "2.1.330", "--html", "diff.html").ok()
    assert "Your ? number" in re.sub("<[^>]+>", "", Path(box.project, "diff.html").read_text())


def test_a_screen_without_room(box: Box) -> None:
    out = ccpin(box, "diff", "2.0.14", "2.1.330", "--details", env={"COLUMNS": "3"}).ok().out
    assert "  model       old → new\n" in out


@pytest.mark.parametrize(
    "words",
    ["2.0.14 2.0.15 2.1.330", "2.0.14 2.0.15 --profile none --profile strict", "--profile a --profile b --profile c"],
)
def test_sides_that_do_not_fit(box: Box, words: str) -> None:
    assert sentence("bad-option").search(ccpin(box, "diff", *words.split()).failed(2).err)


def commit(box: Box) -> None:
    git(box, "add", ".ccpin.lock")
    git(box, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x")


def git(box: Box, *words: str) -> None:
    box.run(["git", *words]).ok()


def test_it_fits_a_narrow_terminal(box: Box) -> None:
    for words in (["diff", "2.0.14", "2.1.330", "--details"], ["outdated", "--wire"], ["fingerprint", "--runs", "1"]):
        lines = ccpin(box, *words, env={"COLUMNS": "60"}).out.splitlines()
        long = [line for line in lines if len(line) > 60 and line.startswith("  ")]
        assert not [line for line in long if " " in line[14:]], "they could be broken"
        assert not [line for line in lines if line.endswith((" +", " -"))], "a sign without its name"
        assert not [line for line in lines if "\u00a0" in line]


def test_the_names_of_variables_come_last(box: Box) -> None:
    out = ccpin(box, "diff", "2.0.14", "2.1.330", "--details").ok().out
    assert out.index("\nsystem prompt\n") < out.index("\nvariables that came\n")
    assert "CLAUDE_CODE_DISABLE_FEATURE_FLAGS" in out[out.index("\nvariables that came\n") :]


def test_twice_the_same_is_told(box: Box) -> None:
    done = ccpin(box, "diff", "2.0.14").ok()
    assert "note: both are the same release under the same flags" in done.err
    assert "same release" not in ccpin(box, "diff", "2.1.330").ok().err
