"""Figures by release, with known truth."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ccpin.sessions.audit import audit
from ccpin.sessions.stats import CAVEAT, Release, Spread, figures
from tests.fakes.transcripts import CANARY, RELEASES, Writer


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path, "/work/shop", seed=11)


def count(writer: Writer) -> dict[str, Release]:
    return {one.version: one for one in figures(audit(str(writer.folder.parents[1]), {}))}


def test_what_was_asked_and_called(writer: Writer) -> None:
    for version in RELEASES:
        for parts in ((), ("broken", "interrupted", "progress", "torn")):
            writer.session(version, turns=3, parts=parts)
    found = count(writer)
    assert list(found) == list(RELEASES)
    for version, one in found.items():
        of = [told for told in writer.told if told.releases == [version]]
        assert one.sessions == 2
        assert one.turns == sum(told.prompts for told in of) == 6
        assert one.interruptions == sum(told.interruptions for told in of) == 3
        assert sum(one.tools.values()) == sum(told.tools for told in of)
        assert one.answers == one.turns + sum(one.tools.values())
        thinking = Spread(2, 40, 40, 40) if version == "2.1.330" else None
        assert one.spreads["thinking_tokens_per_answer"] == thinking
        assert one.spreads["turns"] == Spread(2, 3, 3, 3)
        assert one.spreads["interruptions_per_turn"] == Spread(2, 0.25, 0.5, 0.75)
    assert CANARY not in repr(found)


@pytest.mark.parametrize("copier", ["1.0.100", "2.1.112", "2.1.330"])
def test_copied_rows_count_once(writer: Writer, copier: str) -> None:
    parent = writer.session("2.0.14", turns=4)
    fork = writer.fork(parent, copier)
    found = count(writer)
    assert (found["2.0.14"].turns, found[copier].turns) == (4, 1)
    assert sum(found["2.0.14"].tools.values()) == parent.tools
    assert sum(found[copier].tools.values()) == fork.tools


def test_each_release_of_a_session_has_its_own(writer: Writer) -> None:
    writer.session("2.0.14", "2.1.200", turns=2)
    found = count(writer)
    assert {version: (one.sessions, one.turns) for version, one in found.items()} == {
        "2.0.14": (1, 2),
        "2.1.200": (1, 2),
    }


def test_an_answer_in_several_rows(writer: Writer) -> None:
    """What it cost stands in each of them, and counts once; so does a call that is written twice."""
    one = writer.session("2.1.330", turns=1)
    rows = one.path.read_bytes().splitlines(True)
    answers = [row for row in rows if b'"role":"assistant"' in row]
    one.path.write_bytes(b"".join(rows) + answers[0])
    (found,) = count(writer).values()
    assert (found.answers, sum(found.tools.values())) == (len(answers), one.tools)
    assert found.spreads["thinking_tokens_per_answer"] == Spread(1, 40, 40, 40)


def test_names_of_servers_tools_are_their_owners(writer: Writer) -> None:
    one = writer.session("2.0.14", turns=1)
    one.path.write_bytes(one.path.read_bytes().replace(b'"name":"', b'"name":"mcp__secret__'))
    (found,) = count(writer).values()
    assert found.tools == {"other": one.tools}


def test_files_that_were_damaged(writer: Writer) -> None:
    """Bytes changed, cut out and put in, anywhere: something is told, or nothing, and never what was said."""
    draw = random.Random(2)
    for version in RELEASES * 6:
        one = writer.session(version, turns=1, parts=("progress",))
        data = bytearray(one.path.read_bytes())
        for _ in range(draw.randint(1, 40)):
            at = draw.randrange(len(data))
            data[at : at + draw.randint(0, 3)] = draw.choice(
                (b"", b"\xff", b"\0", b'"', b"{", b"}", b"\n", b"\\", b"[]", b"1")
            )
        one.path.write_bytes(data)
    config = str(writer.folder.parents[1])
    found = audit(config, {})
    assert len(found.sessions) > 30
    assert CANARY not in repr((found, figures(found)))


def test_what_it_cannot_prove_is_one_sentence() -> None:
    assert CAVEAT.count(". ") == 0
    for word in ("random", "tasks", "people", "times", "servers"):
        assert word in CAVEAT
