"""The log of a bisection: what is read is what was written, or nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ccpin.errors import NothingToContinue
from ccpin.launching.bisectlog import Asked, Log, Seen, folder_to_continue, read_log
from ccpin.paths import Home
from ccpin.store.bisects import folder_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the folders are POSIX's")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def begun(home: Home, project: str = "/p") -> tuple[Log, Path]:
    """A log in which something stands, and its file."""
    asked = Asked(
        project, f"{project}/a", "2.1.1", "2.1.9", ("sh", "\udcff"), None, {"DISABLE_UPDATES": "1"}, True,
        "first-party", 3, ("2.1.4",), ("2.1.1", "2.1.4", "2.1.8", "2.1.9"), ("2.1.1",), {"2.1.5": "withdrawn"},
    )  # fmt: skip
    folder = folder_of(home, project, asked.good, asked.bad)
    os.makedirs(folder)
    log = Log(folder, asked)
    log.trying("2.1.1")
    log.tried("2.1.1", Seen(False, "exit code 0", 2))
    log.tried("2.1.9", Seen(True, "exit code 1", 2))
    log.tried("2.1.8", Seen(None, "there is none", 0, absent=True))
    return log, Path(folder) / "log.jsonl"


def test_what_is_written_is_read(home: Home) -> None:
    log, path = begun(home)
    read = read_log(str(path.parent))
    assert read is not None
    assert (read.asked, read.seen, read.is_done) == (log.asked, log.seen, False)
    read.done()
    again = read_log(str(path.parent))
    assert again is not None
    assert (again.seen, again.is_done) == (log.seen, True)


ODD: dict[str, list[Any]] = {
    "event": ["tried", None],
    "project": [4, "p", "/q", "/p\0"],
    "folder": [4, "a", None],
    "good": ["latest", 7, "2.1.0", "../../x"],
    "bad": ["2.1", None, "2.1.10"],
    "command": [[], "sh", [4], ["\0"], None],
    "wire": [3, "beta:x"],
    "env": [[1], {"A": 1}, None],
    "clean": ["x", 1],
    "mode": ["x", 3, None],
    "runs": ["x", 0, 2, -1, 1.0, 1e400, True, 10**30],
    "skip": [["x"], "2.1.4", None],
    "candidates": [[], ["2.1.1"], ["2.1.1", "latest", "2.1.9"], ["2.1.1", "2.1.8", "2.1.4", "2.1.9"],
                   ["2.1.1", "2.1.8", "2.1.8", "2.1.9"], ["2.1.4", "2.1.9"], {"2.1.1": 1, "2.1.9": 1}],
    "installed": [[4], None],
    "passed": [[1], {"2.1.5": None}],
    "inverted": [True],
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_another_question_is_none(home: Home, name: str) -> None:
    """Torn, or of a ccpin that asks more, or less: an answer to it would be an answer to something else."""
    _, path = begun(home)
    first, *rest = path.read_text().splitlines()
    for value in ODD[name]:
        entry = json.loads(first)
        entry[name] = value
        path.write_text("\n".join([json.dumps(entry), *rest]))
        assert read_log(str(path.parent)) is None, value
    entry.pop(name)
    path.write_text("\n".join([json.dumps(entry), *rest]))
    assert (read_log(str(path.parent)) is None) == (name != "inverted")


@pytest.mark.parametrize(
    "entry",
    [
        "7", "[]", "null", "{}", '{"event": "tried"}', "x", "[" * 100_000,
        '{"event": "tried", "version": "2.1.1", "holds": 7, "said": "", "runs": 1, "absent": false}',
        '{"event": "tried", "version": "2.1.1", "holds": true, "said": 7, "runs": 1, "absent": false}',
        '{"event": "tried", "version": "2.1.1", "holds": true, "said": "", "runs": Infinity, "absent": false}',
        '{"event": "tried", "version": "2.1.7", "holds": true, "said": "", "runs": 1, "absent": false}',
        '{"event": "tried", "version": ["2.1.1"], "holds": true, "said": "", "runs": 1, "absent": false}',
    ],
)  # fmt: skip
def test_an_odd_entry_makes_it_none(home: Home, entry: str) -> None:
    _, path = begun(home)
    path.write_text(path.read_text() + entry + "\n")
    assert read_log(str(path.parent)) is None


def test_cut_anywhere_it_is_none_or_shorter(home: Home) -> None:
    log, path = begun(home)
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        read = read_log(str(path.parent))
        assert read is None or read.seen.items() <= log.seen.items()


def test_what_is_no_plain_file(home: Home) -> None:
    _, path = begun(home)
    path.unlink()
    os.mkfifo(path)
    assert read_log(str(path.parent)) is None


def test_another_project_s_log_is_not_taken(home: Home) -> None:
    """Copied into the folder of this one, or its project moved."""
    _, path = begun(home)
    _, other = begun(home, "/other")
    other.write_bytes(path.read_bytes())
    assert read_log(str(other.parent)) is None
    assert folder_to_continue(home, "/p") == str(path.parent)
    with pytest.raises(NothingToContinue):
        folder_to_continue(home, "/other")


def test_of_two_the_one_that_was_at_work_last_goes_on(home: Home) -> None:
    _, first = begun(home)
    second = Path(folder_of(home, "/p", "2.1.1", "2.1.8"))
    second.mkdir()
    text = first.read_text().splitlines()[0].replace('"bad": "2.1.9"', '"bad": "2.1.8"').replace(', "2.1.9"]', "]")
    (second / "log.jsonl").write_text(text)
    for folder, other in ((first.parent, second), (second, first.parent)):
        os.utime(folder / "log.jsonl", (2_000, 2_000))
        os.utime(other / "log.jsonl", (1_000, 1_000))
        assert folder_to_continue(home, "/p") == str(folder)
