"""`ccpin bisect`, over many small releases."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ccpin.errors import Stopped
from ccpin.launching.environment import EVIDENCE
from ccpin.launching.fetchahead import FetchAhead
from ccpin.pinning import flags
from ccpin.platforms import ALL
from ccpin.store.receipt import installs
from tests.cli.arrange import ccpin, edit, pin, put_ccpin_on_path, sentence, set_up, use_channel
from tests.fakes.box import Box, Completed
from tests.fakes.channel import Channel
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts"),
    pytest.mark.timeout(100),
]

RANGE = ("--good", "2.0.20", "--bad", "2.0.60")
FIRST = "2.0.47"
CHECK = 'echo "$CCPIN_VERSION" >> tried; test "${CCPIN_VERSION##*.}" -lt 47'
COMMAND = ("--", "sh", "-c", CHECK)


@pytest.fixture
def many(upstream: Upstream) -> Upstream:
    """2.0.20 to 2.0.60 but for gaps, one of which upstream's documents know nothing about."""
    for number in range(20, 61):
        if number not in (30, 31, 45):
            upstream.add_js(f"2.0.{number}")
    return upstream


@pytest.fixture(autouse=True)
def alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process that fetches ahead, but where that is the test: it would take longer than all the rest."""
    if "fetched_ahead" not in request.node.name:
        monkeypatch.setattr(FetchAhead, "begin", lambda self, versions: None)


@pytest.fixture
def project(box: Box, many: Upstream) -> Iterator[Box]:
    pin(box, "2.0.14")
    before = box.lock.read_bytes()
    yield box
    assert box.lock.read_bytes() == before


def tried(box: Box) -> list[str]:
    path = box.project / "tried"
    return path.read_text().split() if path.exists() else []


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def data(done: Completed) -> dict[str, Any]:
    found: dict[str, Any] = done.json["data"]
    return found


class TestByCommand:
    def test_the_first_release_that_fails(self, project: Box) -> None:
        line = 'v=$(claude --version | cut -d" " -f1) && echo "$v" >> tried && test "${v##*.}" -lt 47'
        done = ccpin(project, "bisect", *RANGE, "--", "sh", "-c", line).ok()
        said = done.out.splitlines()
        assert said[0].startswith(f"{FIRST} is the first release for which `sh -c ")
        assert said[1:3] == ["  good       2.0.46: exit code 0", f"  bad        {FIRST}: exit code 1"]
        assert said[-1].startswith("  changelog  https://")
        assert tried(project)[:2] == ["2.0.20", "2.0.60"]
        assert len(tried(project)) <= 2 + 6
        assert "38 releases from 2.0.20 to 2.0.60: about 6 steps after the two ends" in done.err
        assert re.search(r"2\.0\.\d+ \(about 5 steps left\)", done.err)
        assert "installed for it; `ccpin prune` frees what nothing needs" in done.err

    def test_as_json(self, project: Box) -> None:
        found = data(ccpin(project, "bisect", *RANGE, "--json", *COMMAND).ok())
        assert (found["first"], found["good"], found["suspects"]) == (FIRST, "2.0.46", [FIRST])
        assert (found["profile"], found["candidates"]) == ("default", 38)
        assert [one["version"] for one in found["tested"]] == tried(project)
        assert found["runs"] == len(tried(project))
        assert set(found["installed"]) == set(tried(project))

    def test_claude_is_the_candidate_under_the_flags(self, project: Box) -> None:
        """Also for what it starts, and where a shell's files put ccpin's own shim first."""
        set_up(project)
        check = (
            "claude -p hi >> said; FAKE_RUN='FAKE_RUN= claude -p in' claude -p out >> said;"
            f' PATH={shlex.quote(project.layout.shims)}:"$PATH" claude -p own >> said; test ! -e never'
        )
        line = f"{check}; case $CCPIN_VERSION in 2.0.2*) exit 0 ;; *) exit 1 ;; esac"
        args = ("--good", "2.0.29", "--bad", "2.0.32", "--profile", "strict", "--", "sh", "-c", line)
        found = data(ccpin(project, "bisect", "--json", *args).ok())
        assert found["first"] == "2.0.32"
        said = [json.loads(row) for row in (project.project / "said").read_text().splitlines()]
        rows = [said[at : at + 3] for at in range(0, len(said), 3)]
        assert [row[0]["version"] for row in rows] == [one["version"] for one in found["tested"]]
        for plain, outer, own in rows:
            inner = json.loads(outer["ran"])
            assert {one["version"] for one in (plain, outer, inner, own)} == {plain["version"]}
            for one in (plain, outer, inner):
                assert flags.PROFILES["strict"].env.items() <= one["env"].items()
                assert "CCPIN_LOCK" not in one["env"]
                assert one["env"]["CCPIN_VERSION_USED"] == plain["version"]
            assert own["env"]["CCPIN_VERSION_USED"] == plain["version"]

    def test_flags_that_the_shim_leaves_to_python(self, box: Box, many: Upstream) -> None:
        """A value with brackets, and a name that this user allows."""
        Path(box.layout.root).mkdir()
        Path(box.layout.allow_flags).write_text("CLAUDE_CODE_MINE\n")
        pin(box, "2.0.14")
        own = {"ANTHROPIC_DEFAULT_OPUS_MODEL": "claude-opus-4-6[1m]", "CLAUDE_CODE_MINE": "x"}
        edit(box, "[env]\n", "[env]\n" + "".join(f'{name} = "{value}"\n' for name, value in own.items()))
        line = 'claude -p hi >> said || exit 128; test "$CCPIN_VERSION" = 2.0.46'
        args = ("--good", "2.0.46", "--bad", FIRST, "--json", "--", "sh", "-c", line)
        assert data(ccpin(box, "bisect", *args).ok())["first"] == FIRST
        said = [json.loads(row) for row in (box.project / "said").read_text().splitlines()]
        assert [row["version"] for row in said] == ["2.0.46", FIRST]
        assert all(own.items() <= row["env"].items() for row in said)

    def test_what_cannot_be_told_is_gone_round(self, project: Box) -> None:
        line = f"case $CCPIN_VERSION in 2.0.41) exit 125 ;; esac; {CHECK}"
        found = data(ccpin(project, "bisect", *RANGE, "--json", "--", "sh", "-c", line).ok())
        assert found["first"] == FIRST

    def test_next_to_the_change_it_leaves_a_range(self, project: Box) -> None:
        line = f"case $CCPIN_VERSION in 2.0.46|{FIRST}) exit 125 ;; esac; {CHECK}"
        failed = ccpin(project, "bisect", *RANGE, "--json", "--", "sh", "-c", line).failed()
        assert failed.json["errors"][0]["code"] == "not-decided"
        found = data(failed)
        assert (found["first"], found["good"], found["bad"]) == (None, "2.0.44", "2.0.48")
        assert found["suspects"] == ["2.0.46", FIRST, "2.0.48"]

    def test_skipped_by_hand(self, project: Box) -> None:
        done = ccpin(project, "bisect", *RANGE, "--skip", f"v{FIRST}", "--skip", "2.0.41", *COMMAND).failed()
        assert sentence("not-decided").search(done.err)
        assert f"{FIRST}, 2.0.48" in done.err
        assert not {FIRST, "2.0.41"} & set(tried(project))

    def test_the_highest_codes_end_it(self, project: Box) -> None:
        for code, said in (("exit 128", "exit code 128"), ("exit 255", "exit code 255"), ("kill -TERM $$", "SIGTERM")):
            failed = ccpin(project, "bisect", *RANGE, "--", "sh", "-c", code).failed()
            assert sentence("bisect-aborted").search(failed.err)
            assert f"ended with {said} for 2.0.20" in failed.err

    def test_a_command_that_is_not_there(self, project: Box) -> None:
        assert sentence("command-not-started").search(ccpin(project, "bisect", *RANGE, "--", "nowhere").failed().err)

    def test_nothing_of_an_outer_session_reaches_it(self, project: Box) -> None:
        stale = {**dict.fromkeys(EVIDENCE, "of an outer session"), "CCPIN_DISABLE": "1"}
        ccpin(project, "bisect", *RANGE, "--", "sh", "-c", "env > seen; exit 128", env=stale).failed()
        names = {line.partition("=")[0] for line in (project.project / "seen").read_text().splitlines()}
        assert "CCPIN_VERSION" in names
        assert not names & stale.keys()

    def test_a_home_that_cannot_stand_on_path(self, project: Box) -> None:
        """Without ccpin's own in front, `claude` would be whatever else this machine has, for every release."""
        project.env["CCPIN_HOME"] = str(project.root / "a:b")
        failed = ccpin(project, "bisect", *RANGE, *COMMAND).failed()
        assert "at which PATH is split" in failed.err
        assert tried(project) == []

    def test_broken_off_it_may_put_back_what_it_did(self, project: Box) -> None:
        """By Ctrl-C, which a terminal tells it too, and by SIGTERM, which it is told."""
        for number, told in ((signal.SIGINT, True), (signal.SIGTERM, False)):
            trap = "trap 'sleep 0.4; touch put-back; exit 1' INT TERM; sleep 0.3; touch begun; sleep 9 & wait"
            with project.start(project.ccpin_argv("bisect", *RANGE, "--", "sh", "-c", trap)) as running:
                until((project.project / "begun").exists)
                os.killpg(running.pid, number) if told else running.send_signal(number)
                assert running.wait(10) == 128 + number
            assert (project.project / "put-back").exists()
            for name in ("begun", "put-back"):
                (project.project / name).unlink()

    @pytest.mark.parametrize(("line", "said"), [("true", "does not fail for either"), ("false", "2.0.20 already")])
    def test_ends_that_are_alike(self, project: Box, line: str, said: str) -> None:
        failed = ccpin(project, "bisect", *RANGE, "--", line).failed()
        assert sentence("ends-alike").search(failed.err)
        assert said in failed.err

    def test_an_end_that_cannot_be_told(self, project: Box) -> None:
        assert sentence("end-not-told").search(
            ccpin(project, "bisect", *RANGE, "--", "sh", "-c", "exit 125").failed().err
        )
        failed = ccpin(project, "bisect", "--good", "2.0.30", "--bad", "2.0.60", *COMMAND).failed()
        assert "there is no Claude Code 2.0.30" in failed.err

    def test_a_flaky_one_is_run_again_and_named(self, project: Box) -> None:
        line = (
            f'n=$(grep -c "^$CCPIN_VERSION$" tried 2>/dev/null); {CHECK}; code=$?;'
            " case $CCPIN_VERSION.$n in 2.0.41.0) exit 1 ;; esac; exit $code"
        )
        done = ccpin(project, "bisect", *RANGE, "--runs", "3", "--", "sh", "-c", line).ok()
        assert done.out.startswith(f"{FIRST} is the first release")
        assert "note: 2.0.41: exit code 0, 2 of 3 runs: it is not stable" in done.err
        assert tried(project).count("2.0.41") == 3
        assert tried(project).count("2.0.20") == 2  # two of three are enough

    def test_what_it_prints_is_no_result(self, project: Box) -> None:
        found = ccpin(project, "bisect", *RANGE, "--json", "--", "sh", "-c", f"echo '[]'; {CHECK}").ok()
        assert found.out.startswith("{")

    def test_options_of_the_command_are_its_own(self, project: Box) -> None:
        failed = ccpin(project, "bisect", *RANGE, "--", "sh", "-c", "exit 200", "--json").failed()
        assert failed.err.splitlines()[-2].startswith("ccpin: ")


class TestCandidates:
    def test_what_is_not_whole_is_passed_over_and_named(self, box: Box, upstream: Upstream) -> None:
        for number in (201, 202, 203):
            upstream.add_native(f"2.1.{number}", platforms=("linux-x64",) if number == 202 else ALL)
        line = "test ${CCPIN_VERSION##*.} -lt 203"
        done = ccpin(box, "bisect", "--good", "2.1.200", "--bad", "2.1.203", "--", "sh", "-c", line).ok()
        assert done.out.startswith("2.1.203 is the first release")
        assert "note: 2.1.202, which is between them, was passed over: it lacks darwin-arm64" in done.err

    def test_the_withdrawn_and_those_that_cannot_start(self, box: Box, upstream: Upstream) -> None:
        for number in (87, 88, 89):
            upstream.add_js(f"2.1.{number}")
        args = ("--good", "2.1.87", "--bad", "2.1.89", "--json", "--", "sh", "-c", "test $CCPIN_VERSION = 2.1.87")
        assert list(data(ccpin(box, "bisect", *args).ok())["passed"]) == ["2.1.88"]

    def test_numbers_that_a_channel_never_had(self, box: Box, upstream: Upstream) -> None:
        """It lists none, so all of them are asked for; and one that is not there is not the first bad one."""
        for number in (201, 203):
            upstream.add_native(f"2.1.{number}")
        line = "test ${CCPIN_VERSION##*.} -lt 203"
        args = ("--good", "2.1.200", "--bad", "2.1.203", "--json", "--", "sh", "-c", line)
        with Channel(upstream) as channel:
            use_channel(box, channel)
            found = data(ccpin(box, "bisect", *args, env={"CCPIN_SOURCE": "native"}).ok())
        assert (found["first"], found["suspects"]) == ("2.1.203", ["2.1.203"])
        assert {one["version"]: one["verdict"] for one in found["tested"]}["2.1.202"] == "absent"

    def test_in_the_order_of_their_numbers(self, box: Box, upstream: Upstream) -> None:
        for version in ("2.0.10", "2.0.9", "2.0.100"):
            upstream.add_js(version)
        args = ("--good", "2.0.9", "--bad", "2.0.100", "--json", "--", "sh", "-c", "test ${CCPIN_VERSION##*.} -lt 15")
        found = data(ccpin(box, "bisect", *args).ok())
        assert (found["first"], found["candidates"]) == ("2.0.15", 5)


class TestWrongUse:
    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (("--good", "2.0.20", *COMMAND), "both ends"),
            (("--good", "2.0", "--bad", "2.0.60", *COMMAND), "three numbers"),
            (("--good", "2.0.60", "--bad", "2.0.20", *COMMAND), "turn the command around"),
            (("--good", "2.0.60", "--bad", "2.0.60", *COMMAND), "must be older"),
            (RANGE, "a COMMAND behind `--`, or `--wire`"),
            ((*RANGE, "--wire", "beta:x", *COMMAND), "a COMMAND behind `--`, or `--wire`"),
            ((*RANGE, "--wire", "colour:x"), "none of beta:NAME"),
            ((*RANGE, "--wire", "beta:"), "none of beta:NAME"),
            ((*RANGE, "--wire", "prompt~("), "no regular expression"),
            ((*RANGE, "--wire", f"prompt~{'a' * 1001}"), "1,001 characters"),
            ((*RANGE, "--runs", "2", *COMMAND), "take 3"),
            ((*RANGE, "--gateway", *COMMAND), "`--gateway` is for `--wire`"),
            ((*RANGE, "--skip", "x", *COMMAND), "`--skip x`"),
            ((*RANGE, "--skip", "v2.0.60", *COMMAND), "not between 2.0.20 and 2.0.60"),
            ((*RANGE, "--skip", "2.1.41", *COMMAND), "not between 2.0.20 and 2.0.60"),
        ],
    )  # fmt: skip
    def test_is_refused_before_anything_runs(self, project: Box, args: tuple[str, ...], said: str) -> None:
        failed = ccpin(project, "bisect", *args).failed(2)
        assert said in failed.err
        assert tried(project) == []

    def test_an_unknown_profile(self, project: Box) -> None:
        assert sentence("unknown-profile").search(
            ccpin(project, "bisect", *RANGE, "--profile", "x", *COMMAND).failed(2).err
        )


class TestByWire:
    @pytest.fixture
    def newer(self, box: Box, upstream: Upstream) -> Box:
        for number in range(60, 71):
            if number not in (66, 67, 68):
                upstream.add_js(f"2.0.{number}")
        for number in range(7):
            upstream.add_js(f"2.1.{number}")
        return box

    def test_what_is_sent(self, newer: Box) -> None:
        """One after another: what the first one captured is kept for the rest."""
        for wire, said in (
            ("tool:Agent", "the tool Agent is sent"),
            ("tool:Task", "the tool Task is not sent"),
            ("model=new", "the model is new"),
            ("beta:experiment-2026-01-01", "the beta experiment-2026-01-01 is sent"),
            (r"prompt~number is 2\.0\.", "the prompt does not match"),
            (r"prompt~[[]?number is 2\.0\.", "the prompt does not match"),  # which Python warns about
        ):
            args = ("--good", "2.0.65", "--bad", "2.1.1", "--profile", "none", "--wire", wire)
            done = ccpin(newer, "bisect", *args).ok()
            assert done.out.startswith(f"2.1.0 is the first release for which {said}")
            assert "what 2.1.0 sends, against 2.0.70" in done.out
            assert "+ Agent; - Task" in done.out

    def test_no_more_captures_than_a_logarithm(self, newer: Box) -> None:
        args = ("--good", "2.0.60", "--bad", "2.1.6", "--wire", "tool:Agent", "--json")
        found = data(ccpin(newer, "bisect", *args).ok())
        kept = {path.parent.name.split("-")[0] for path in Path(newer.layout.captures).glob("*/*.json")}
        assert kept == {one["version"] for one in found["tested"]}
        assert len(kept) == found["runs"] <= 2 + 4

    def test_ends_that_send_the_same(self, newer: Box) -> None:
        failed = ccpin(newer, "bisect", "--good", "2.0.60", "--bad", "2.1.6", "--wire", "beta:none").failed()
        assert sentence("ends-alike").search(failed.err)
        assert "in both of them the beta none is not sent" in failed.err

    def test_one_that_will_not_start_is_gone_round(self, newer: Box, upstream: Upstream) -> None:
        upstream.add_js("2.0.67")  # which says why it does not
        args = ("--good", "2.0.65", "--bad", "2.0.69", "--wire", "prompt~is 2.0.69", "--json")
        found = data(ccpin(newer, "bisect", *args).failed())
        assert found["suspects"] == ["2.0.67", "2.0.69"]
        assert "needs an update" in next(one["said"] for one in found["tested"] if one["version"] == "2.0.67")

    def test_behind_a_gateway(self, newer: Box) -> None:
        args = ("--good", "2.0.65", "--bad", "2.1.1", "--wire", "tool:Agent", "--gateway", "--json")
        found = data(ccpin(newer, "bisect", *args).ok())
        assert (found["first"], found["mode"]) == ("2.1.0", "gateway")
        assert found["sends"]

    def test_an_expression_that_takes_for_ever(self, newer: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        from ccpin.wire import predicate

        monkeypatch.setattr(predicate, "_SECONDS", 0.3)
        failed = ccpin(
            newer, "bisect", "--good", "2.0.65", "--bad", "2.1.1", "--wire", r"prompt~(?s)^(.+.+)+\x00"
        ).failed(2)
        assert "takes more than" in failed.err


class TestGoingOn:
    def broken_off(self, box: Box) -> list[str]:
        line = f"test -e go || test $(wc -l < tried) -lt 4 || exit 130; {CHECK}"
        ccpin(box, "bisect", *RANGE, "--", "sh", "-c", f"touch tried; {line}").failed()
        (box.project / "go").touch()
        return tried(box)

    def test_what_was_seen_is_not_tried_again(self, project: Box) -> None:
        before = self.broken_off(project)
        assert len(before) == 4
        done = ccpin(project, "bisect", "--continue", "--json").ok()
        found = data(done)
        assert found["first"] == FIRST
        assert [one["version"] for one in found["tested"]] == tried(project)
        assert len(set(tried(project))) == len(tried(project))
        assert sentence("nothing-to-continue").search(ccpin(project, "bisect", "--continue").failed().err)

    def test_with_the_same_words(self, project: Box) -> None:
        self.broken_off(project)
        log = next(Path(project.layout.bisects).glob("*/log.jsonl"))
        command = json.loads(log.read_text().splitlines()[0])["command"]
        assert data(ccpin(project, "bisect", *RANGE, "--continue", "--json", "--", *command).ok())["first"] == FIRST

    def test_with_other_words_it_is_refused(self, project: Box) -> None:
        self.broken_off(project)
        for more in (COMMAND, ("--runs", "3"), ("--profile", "strict"), ("--skip", "2.0.50"), ("--wire", "beta:x")):
            failed = ccpin(project, "bisect", *RANGE, "--continue", *more).failed()
            assert sentence("other-bisect").search(failed.err), more
        assert len(tried(project)) == 4

    def test_without_continue_it_starts_anew_and_says_so(self, project: Box) -> None:
        self.broken_off(project)
        done = ccpin(project, "bisect", *RANGE, *COMMAND).ok()
        assert "starting anew; what was seen of 4 releases is dropped (`--continue` would have" in done.err
        assert tried(project)[4:6] == ["2.0.20", "2.0.60"]

    def test_a_mistyped_command_drops_nothing(self, project: Box) -> None:
        self.broken_off(project)
        failed = ccpin(project, "bisect", *RANGE, "--", "nowhere").failed()
        assert sentence("command-not-started").search(failed.err)
        assert "dropped" not in failed.err
        assert data(ccpin(project, "bisect", "--continue", "--json").ok())["first"] == FIRST
        assert tried(project).count("2.0.20") == 1

    def test_where_nothing_was_seen_nothing_is_dropped(self, project: Box) -> None:
        ccpin(project, "bisect", *RANGE, "--", "sh", "-c", "exit 130").failed()
        assert "dropped" not in ccpin(project, "bisect", *RANGE, *COMMAND).ok().err

    @pytest.mark.parametrize(("end", "code"), [(KeyboardInterrupt, 130), (Stopped, 143)])
    def test_a_signal_names_the_way_on(
        self, project: Box, monkeypatch: pytest.MonkeyPatch, end: type[BaseException], code: int
    ) -> None:
        """To repeat the command, as elsewhere, would drop what was seen."""

        def ended(*_: object) -> None:
            raise end

        monkeypatch.setattr("ccpin.cli.bisect.bisect", ended)
        failed = ccpin(project, "bisect", *RANGE, *COMMAND).failed(code)
        assert "what was seen is kept, go on with it: `ccpin bisect --continue`" in failed.err
        assert "repeat the command" not in failed.err
        monkeypatch.undo()
        assert data(ccpin(project, "bisect", "--continue", "--json").ok())["first"] == FIRST

    def test_new_releases_do_not_change_what_was_asked(self, project: Box, upstream: Upstream) -> None:
        self.broken_off(project)
        upstream.add_js("2.0.45")
        assert data(ccpin(project, "bisect", "--continue", "--json").ok())["candidates"] == 38

    def test_a_log_of_nonsense_counts_as_none(self, project: Box) -> None:
        """tests/launching/test_bisectlog.py has many more of them."""
        self.broken_off(project)
        log = next(Path(project.layout.bisects).glob("*/log.jsonl"))
        log.write_text(log.read_text().replace('"holds": false', '"holds": 7'))
        for ends in ((), RANGE):
            failed = ccpin(project, "bisect", *ends, "--continue").failed()
            assert sentence("nothing-to-continue").search(failed.err)

    def test_where_the_folder_is_gone_that_is_said(self, project: Box) -> None:
        below = project.folder("below")
        ccpin(project, "bisect", *RANGE, "--", "sh", "-c", "exit 130", cwd=below).failed()
        below.rmdir()
        assert f"is gone, {below}" in ccpin(project, "bisect", "--continue").failed().err

    def test_in_another_project_there_is_nothing(self, project: Box) -> None:
        self.broken_off(project)
        assert sentence("nothing-to-continue").search(ccpin(project, "bisect", "--continue", cwd="/").failed().err)

    def test_two_at_a_time_are_one_too_many(self, project: Box) -> None:
        put_ccpin_on_path(project)
        line = f"ccpin bisect {shlex.join((*RANGE, *COMMAND))} 2> said; exit 128"
        failed = ccpin(project, "bisect", *RANGE, "--", "sh", "-c", line).failed()
        assert "ended with exit code 128" in failed.err
        assert sentence("bisect-busy").search((project.project / "said").read_text())
        assert tried(project) == []


class TestTheStore:
    def test_prune_leaves_what_is_being_tested(self, project: Box) -> None:
        """And an uninstall does; when it is over, they take it."""
        put_ccpin_on_path(project)
        line = (
            'ccpin prune --keep 0 --json > pruned.$CCPIN_VERSION; ccpin uninstall "$CCPIN_VERSION" && exit 128;'
            f" {CHECK}"
        )
        found = data(
            ccpin(project, "bisect", "--good", "2.0.46", "--bad", FIRST, "--json", "--", "sh", "-c", line).ok()
        )
        assert found["first"] == FIRST
        gone = set()
        for one in found["tested"]:
            pruned = json.loads((project.project / f"pruned.{one['version']}").read_text())["data"]
            kept = {row["version"]: [why["kind"] for why in row["why"]] for row in pruned["kept"]}
            assert "bisect" in kept[one["version"]]
            gone |= {row["version"] for row in pruned["freed"]}
        freed = ccpin(project, "prune", "--keep", "0", "--json").ok().json["data"]["freed"]
        assert {row["version"] for row in freed} | gone == {"2.0.46", FIRST}

    def test_one_is_fetched_ahead(self, project: Box, registry: Registry) -> None:
        releases = shlex.quote(project.layout.releases)
        waits = f"n=0; while test $n -lt 100 && test $(ls {releases} | wc -l) -lt 3; do n=$((n+1)); sleep 0.1; done"
        line = f"case $CCPIN_VERSION in 2.0.46) {waits}; ls {releases} > there ;; esac; {CHECK}"
        args = ("--good", "2.0.46", "--bad", "2.0.49", "--json", "--", "sh", "-c", line)
        found = data(ccpin(project, "bisect", *args).ok())
        assert found["first"] == FIRST
        there = {name.partition("-")[0] for name in (project.project / "there").read_text().split()}
        assert there == {"2.0.14", "2.0.46", "2.0.49"}  # the pinned one, the one that is tested, the other end
        assert {one.receipt.version for one in installs(project.layout)} - {"2.0.14"} == set(found["installed"])
        tarballs = [seen.path for seen in registry.asked("*.tgz")]
        assert len(tarballs) == len(set(tarballs))

    def test_its_files_are_this_user_s_alone(self, project: Box) -> None:
        ccpin(project, "bisect", *RANGE, *COMMAND).ok()
        (folder,) = Path(project.layout.bisects).iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o077 for path in folder.iterdir() if path.name != "lock"} == {0}
        assert not (folder / "needs").exists()
