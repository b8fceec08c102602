"""What a bisection needs, as long as it is at work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.errors import BisectBusy
from ccpin.paths import Home
from ccpin.store.bisects import at_work, folder_of, need, needed_by_bisects

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


def test_a_project_and_a_range_have_a_folder_of_their_own(home: Home) -> None:
    asked = [("/p", "2.1.1", "2.1.2"), ("/p", "2.1.1", "2.1.3"), ("/q", "2.1.1", "2.1.2"), ("/p2.1.1", "2.1.1", "2")]
    assert len({folder_of(home, *each) for each in asked}) == len(asked)
