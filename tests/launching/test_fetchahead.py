"""What is fetched ahead matters to nobody until it is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.launching.fetchahead import FetchAhead
from ccpin.paths import Home


def test_a_process_that_cannot_be_started_is_no_failure(tmp_path: Path) -> None:
    with FetchAhead(Home(str(tmp_path)), {}, str(tmp_path / "nowhere")) as fetch:
        assert fetch.begin(["2.1.1"]) is None
        fetch.want("2.1.1")


@pytest.mark.skipif(os.name != "posix", reason="the fake interpreter is a script")
def test_what_is_wanted_is_waited_for_and_nothing_else(tmp_path: Path) -> None:
    """It is not ended and begun again."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nsleep 0.3\ntouch '{tmp_path}'/$5\n")
    python.chmod(0o755)
    with FetchAhead(Home(str(tmp_path / "home")), {"PATH": os.defpath}, str(python)) as fetch:
        for wanted in ("2.1.1", "2.1.2"):
            assert fetch.begin(["2.1.1"]) == "2.1.1"
            fetch.want(wanted)
            assert (tmp_path / "2.1.1").exists() == (wanted == "2.1.1")
            (tmp_path / "2.1.1").unlink(missing_ok=True)
