"""What is fetched ahead matters to nobody until it is wanted."""

from __future__ import annotations

from pathlib import Path

from ccpin.launching.fetchahead import FetchAhead
from ccpin.paths import Home


def test_a_process_that_cannot_be_started_is_no_failure(tmp_path: Path) -> None:
    with FetchAhead(Home(str(tmp_path)), {}, str(tmp_path / "nowhere")) as fetch:
        assert fetch.begin(["2.1.1"]) is None
        fetch.want("2.1.1")
