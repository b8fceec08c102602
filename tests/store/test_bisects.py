"""What a bisection needs, as long as it is at work."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ccpin.errors import BisectBusy, StoreUnwritable
from ccpin.paths import Home
from ccpin.store.bisects import at_work, folder_of, need, needed_by_bisects
from ccpin.store.holding import kernel_lock

ENTRY, OTHER = f"2.1.200-{'0' * 32}", f"2.1.20-{'0' * 32}"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "home"))


def test_what_is_needed_and_only_while_it_works(home: Home) -> None:
    folder = folder_of(home, "/p", "2.1.1", "2.1.300")
    assert not needed_by_bisects(home, ENTRY)
    with at_work(home, folder):
        need(folder, ["2.1.150", "2.1.200"])
        assert [needed_by_bisects(home, entry) for entry in (ENTRY, OTHER, "no entry")] == [True, False, False]
        need(folder, ["2.1.150"])
        assert not needed_by_bisects(home, ENTRY)
    need(folder, ["2.1.200"])  # what a killed one left
    assert not needed_by_bisects(home, ENTRY)


def test_one_at_a_time(home: Home) -> None:
    folder = folder_of(home, "/p", "2.1.1", "2.1.300")
    with at_work(home, folder):
        with pytest.raises(BisectBusy) as raised, at_work(home, folder):
            pass
        assert str(os.getpid()) in str(raised.value)
        with at_work(home, folder_of(home, "/p", "2.1.1", "2.1.299")):
            pass


def test_a_look_at_the_lock_is_no_other_bisection(home: Home) -> None:
    """`is_held` takes it for a moment; who begins just then waits for that."""
    folder = folder_of(home, "/p", "2.1.1", "2.1.300")
    with at_work(home, folder):
        pass
    looked = os.open(os.path.join(folder, "lock"), os.O_RDWR)
    assert kernel_lock(looked)
    timer = threading.Timer(0.05, os.close, [looked])
    timer.start()
    with at_work(home, folder):
        timer.join()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_nobody_else_may_write_there_whatever_the_umask(home: Home) -> None:
    """A command is given a `claude` out of that folder: who may rename it chooses what this user runs."""
    before = os.umask(0)
    try:
        with at_work(home, folder_of(home, "/p", "2.1.1", "2.1.300")):
            pass
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (Path(home.root), *Path(home.root).rglob("*"))}
    assert all(mode & 0o022 == 0 for mode in modes.values()), modes


def test_where_no_folder_can_be_made(home: Home) -> None:
    os.mkdir(home.root)
    Path(home.bisects).write_text("a file")
    with pytest.raises(StoreUnwritable), at_work(home, folder_of(home, "/p", "2.1.1", "2.1.300")):
        pass


def test_what_fails_within_is_not_taken_for_that(home: Home) -> None:
    with pytest.raises(PermissionError), at_work(home, folder_of(home, "/p", "2.1.1", "2.1.300")):
        raise PermissionError


def test_a_project_and_a_range_have_a_folder_of_their_own(home: Home) -> None:
    asked = [("/p", "2.1.1", "2.1.2"), ("/p", "2.1.1", "2.1.3"), ("/q", "2.1.1", "2.1.2"), ("/p2.1.1", "2.1.1", "2")]
    assert len({folder_of(home, *each) for each in asked}) == len(asked)
