"""Sessions of every era, with known truth: every change found, none invented, nothing said of what they are about."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from pathlib import Path
from typing import BinaryIO
from unittest.mock import Mock

import pytest

from ccpin.sessions import copies
from ccpin.sessions.audit import Audit, Session, audit
from ccpin.sessions.lines import MOST, open_plain
from ccpin.sessions.page import page
from ccpin.sessions.tell import named
from tests.fakes.transcripts import CANARY, LIE, RELEASES, Told, Writer

ODD = ("broken", "interrupted", "progress", "snapshot", "unknown", "torn")


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path, "/work/shop", seed=7)


def look(writer: Writer, **options: float | str) -> Audit:
    return audit(str(writer.folder.parents[1]), {}, **options)  # type: ignore[arg-type]


def told(found: Session) -> tuple[tuple[str, ...], list[tuple[str, str, int]]]:
    return found.releases, [(one.before, one.after, one.row) for one in found.changes]


def truth(of: Told) -> tuple[tuple[str, ...], list[tuple[str, str, int]]]:
    return tuple(dict.fromkeys(of.releases)), of.changes


def test_a_corpus(writer: Writer) -> None:
    rng = random.Random(3)
    for _ in range(150):
        runs = [rng.choice(RELEASES)]
        while rng.random() < 0.2:
            runs.append(rng.choice([one for one in RELEASES if one != runs[-1]]))
        one = writer.session(*runs, turns=rng.randint(1, 3), parts=[part for part in ODD if rng.random() < 0.3])
        if rng.random() < 0.3:
            writer.agent(one, runs[0], beside=rng.random() < 0.5)
        if rng.random() < 0.2:
            writer.fork(one, rng.choice(RELEASES))
    found = look(writer)
    assert {one.id: told(one) for one in found.sessions} == {one.id: truth(one) for one in writer.told}
    assert found.changed == sum(bool(one.changes) for one in writer.told) > 20
    assert (found.nameless, found.passed) == (0, [])
    said = repr(found)
    assert CANARY not in said
    assert LIE not in said


@pytest.mark.parametrize("copier", RELEASES)
@pytest.mark.parametrize("original", ["1.0.100", "2.0.14", "2.1.112", "2.1.330"])
def test_a_fork_is_no_change(writer: Writer, original: str, copier: str) -> None:
    parent = writer.session(original)
    fork = writer.fork(parent, copier)
    found = {one.id: one for one in look(writer).sessions}
    assert [told(found[one.id]) for one in (parent, fork)] == [((original,), []), ((copier,), [])]
    assert (found[parent.id].inherited, found[fork.id].inherited > 0) == (0, True)


def test_a_parent_that_goes_on_after_its_fork(writer: Writer) -> None:
    """Its change is one, and the rows that the fork copied stay its own."""
    parent = writer.session("2.0.14")
    fork = writer.fork(parent, "2.1.330")
    later = writer.session("2.1.200")
    parent.path.write_bytes(
        parent.path.read_bytes() + later.path.read_bytes().replace(later.id.encode(), parent.id.encode())
    )
    later.path.unlink()
    found = {one.id: one for one in look(writer).sessions}
    assert found[parent.id].releases == ("2.0.14", "2.1.200")
    assert [(one.before, one.after) for one in found[parent.id].changes] == [("2.0.14", "2.1.200")]
    assert told(found[fork.id]) == (("2.1.330",), [])


def test_a_fork_of_a_fork(writer: Writer) -> None:
    first = writer.session("2.0.14")
    second = writer.fork(first, "2.1.330")
    third = writer.fork(second, "2.1.330")
    found = {one.id: one for one in look(writer).sessions}
    assert [told(found[one.id]) for one in (first, second, third)] == [
        ((v,), []) for v in ("2.0.14", "2.1.330", "2.1.330")
    ]


def test_a_fork_of_what_is_older_than_asked_for(writer: Writer) -> None:
    parent = writer.session("2.0.14")
    os.utime(parent.path, (writer.clock, writer.clock))
    writer.clock += 90_000
    fork = writer.fork(parent, "2.1.330")
    (found,) = look(writer, since=writer.clock - 3600).sessions
    assert (found.id, told(found)) == (fork.id, (("2.1.330",), []))


def test_rows_that_say_that_they_were_copied(writer: Writer) -> None:
    """`/branch` writes so (2.1.112, 2.1.330); the session that they come from need not be there."""
    parent = writer.session("2.0.14", turns=1)
    fork = writer.fork(parent, "2.1.330")
    rows = [json.loads(line) for line in fork.path.read_bytes().splitlines()]
    for row in rows:
        if row.get("version") == "2.0.14":
            row["forkedFrom"] = {"sessionId": parent.id, "messageUuid": row["uuid"]}
    fork.path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    parent.path.unlink()
    (found,) = look(writer).sessions
    assert told(found) == (("2.1.330",), [])


def test_old_rows_that_are_written_again(writer: Writer) -> None:
    one = writer.session("2.0.14", "2.1.200")
    old = [
        line for line in one.path.read_bytes().splitlines(True) if b'"version":"2.0.14"' in line and b'"uuid"' in line
    ]
    one.path.write_bytes(one.path.read_bytes() + old[1])
    (found,) = look(writer).sessions
    assert told(found) == truth(one)


def test_rows_of_another_session(writer: Writer) -> None:
    one, other = writer.session("2.0.14"), writer.session("2.1.0")
    one.path.write_bytes(other.path.read_bytes() + one.path.read_bytes())
    other.path.unlink()
    (found,) = look(writer).sessions
    assert (found.releases, found.changes) == (("2.0.14",), ())
    assert found.inherited > 0


def test_a_copy_of_a_file(writer: Writer) -> None:
    """Somebody's backup beside it: the session is told once."""
    one = writer.session("2.0.14", "2.1.200")
    for name in (f"{one.id} of monday.jsonl", f"{one.id}.old.jsonl"):
        shutil.copy(one.path, writer.folder / name)
    found = look(writer)
    assert [(each.id, told(each)) for each in found.sessions] == [(one.id, truth(one))]
    assert found.nameless == 2


def test_subagents(writer: Writer) -> None:
    one = writer.session("2.0.64")
    writer.agent(one, "2.0.64", beside=True)
    writer.agent(one, "2.1.330", beside=False)
    (found,) = look(writer).sessions
    assert (found.agents, found.releases, found.changes) == (2, ("2.0.64", "2.1.330"), ())


def test_what_names_no_release(writer: Writer) -> None:
    for name, text in (("a", '{"type":"summary","summary":"x"}\n'), ("b", "no json\n"), ("c", "")):
        (writer.folder / f"{name}.jsonl").write_text(text)
    found = look(writer)
    assert (found.sessions, found.nameless, found.files) == ([], 2, 2)


def test_one_row_of_many_megabytes(writer: Writer) -> None:
    one = writer.session("2.1.200", "2.1.330", turns=1)
    rows = one.path.read_bytes().splitlines(True)
    lie = f'\\",\\"version\\":\\"{LIE}\\"'.encode()
    at = next(number for number, row in enumerate(rows) if b'"version":"2.1.330"' in row and b'"role":"user"' in row)
    rows[at] = rows[at].replace(
        b'"role":"user","content":"', b'"role":"user","content":"' + lie * (MOST // len(lie) + 1)
    )
    one.path.write_bytes(b"".join(rows))
    (found,) = look(writer).sessions
    assert told(found) == truth(one)


def test_fields_of_another_form_are_nobodys_business(writer: Writer) -> None:
    one = writer.session("2.0.14", turns=1)
    text = one.path.read_text().replace('"model":"claude-sonnet-4-5-20250929"', f'"model":"{CANARY} said so"')
    one.path.write_text(text + text.replace('"version":"2.0.14"', f'"version":"{CANARY}"'))
    (found,) = look(writer).sessions
    assert told(found) == (("2.0.14",), [])
    assert CANARY not in repr(found)


def test_the_sessions_of_one_folder(tmp_path: Path) -> None:
    """Two folders can have one slug: what counts is what the rows say."""
    writers = [
        Writer(tmp_path, cwd, seed) for seed, cwd in enumerate(("/work/shop", "/work/shop/sub", "/work/shop-sub"))
    ]
    ids = [writer.session("2.0.14").id for writer in writers]
    assert writers[1].folder == writers[2].folder
    assert [one.id for one in look(writers[0], folder="/work/shop").sessions] == ids[:2]
    assert [one.id for one in look(writers[0], folder="/work/shop-sub").sessions] == ids[2:]
    assert len(look(writers[0]).sessions) == 3


def test_since(writer: Writer) -> None:
    writer.session("2.0.14")
    middle = writer.clock + 10
    writer.clock += 100_000
    later = writer.session("2.1.0")
    assert [one.id for one in look(writer, since=middle).sessions] == [later.id]


def test_what_cannot_be_opened_is_named(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = writer.session("2.0.14"), writer.session("2.1.0")

    def refusing(path: str) -> BinaryIO:
        if path == str(one.path):
            raise PermissionError(13, "Permission denied")
        return open_plain(path)

    monkeypatch.setattr("ccpin.sessions.read.open_plain", refusing)
    found = look(writer)
    assert [(each.path, each.why) for each in found.passed] == [(str(one.path), "permission denied")]
    assert [each.id for each in found.sessions] == [other.id]


def test_a_file_that_is_being_written(writer: Writer) -> None:
    """Wherever it ends: what is whole counts."""
    one = writer.session("1.0.100", "2.1.330", turns=1)
    whole = one.path.read_bytes()
    for cut in range(0, len(whole), 97):
        one.path.write_bytes(whole[:cut])
        for found in look(writer).sessions:
            assert told(found) in ((("1.0.100",), []), truth(one))
    shutil.rmtree(writer.folder)
    assert look(writer).sessions == []


def test_changes_without_end_take_no_time_without_end(writer: Writer) -> None:
    """Each change asks whether its row was there before; that was the square of the rows (57 s for 30,000)."""
    one = writer.session("2.0.14", turns=1)
    row = json.loads(one.path.read_bytes().splitlines()[1])
    rows = [json.dumps(row | {"uuid": f"u{at}", "version": f"2.0.{at % 2}"}) for at in range(10_000)]
    one.path.write_text("\n".join(rows) + "\n")
    began = time.process_time()
    (found,) = look(writer).sessions
    assert len(found.changes) == 9_999
    assert time.process_time() - began < 2.5  # it was 6
    assert len(named(found)[2]) < 500


def test_forks_without_end_take_no_time_without_end(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was held against each: 600 of 200 rows took half a minute."""
    one = writer.session("2.0.14", turns=1)
    rows = one.path.read_text()
    last = json.loads(rows.splitlines()[-1])
    for at in range(200):
        name = f"0b5758c2-1491-4e35-9dad-{at:012}"
        own = json.dumps(last | {"uuid": name, "timestamp": "2026-11-23T14:32:33.188Z"})
        (writer.folder / f"{name}.jsonl").write_text((rows + own + "\n").replace(one.id, name))
    pairs = Mock(side_effect=copies._is_later)
    monkeypatch.setattr(copies, "_is_later", pairs)
    found = look(writer)
    assert pairs.call_count <= 201 * (3 * copies._NEAR + 1) < 201 * 200
    assert found.nameless == 1  # the first: its rows have the times of the others', and its name comes behind theirs
    assert sum(each.inherited > 0 for each in found.sessions) == 199


@pytest.mark.parametrize("when", ["0000-00-00T00:00:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_times_that_never_were(writer: Writer, when: str) -> None:
    one = writer.session("2.0.14", turns=1)
    one.path.write_text(re.sub(r'"timestamp":"[^"]*"', f'"timestamp":"{when}"', one.path.read_text()))
    found = look(writer)
    assert [(each.first, each.last) for each in found.sessions] == [("", "")]
    assert "Sessions, by release" in page(found, "x", None)


def test_names_without_end(writer: Writer) -> None:
    """Fields that hold whatever somebody writes into them do not become the answer."""
    one = writer.session("2.1.330", turns=1)
    row = next(row for row in map(json.loads, one.path.read_bytes().splitlines()) if "effort" in row)
    many = [row | {"uuid": f"u{at}", "effort": "x" * (at % 16 + 1)} for at in range(500)]
    for at, each in enumerate(many):
        each["message"] = row["message"] | {"model": f"m-{at}"}
    path = "/" + CANARY + "x" * 5000
    one.path.write_text("".join(json.dumps(each | {"cwd": path}) + "\n" for each in many))
    (found,) = look(writer).sessions
    assert len(found.models) == 100
    assert found.folder == ""
