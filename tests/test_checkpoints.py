"""The points at which the crash tests end ccpin: all of them known, and none of them in anybody's way."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import ccpin
from ccpin import checkpoints

SOURCE = Path(ccpin.__file__).parent


def calls() -> list[str]:
    texts = (path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py")))
    return [name for text in texts for name in re.findall(r"\bcheckpoint\((?!name: str)(.*?)\)", text)]


def test_the_table_and_the_source_name_the_same() -> None:
    assert {name.strip('"') for name in calls()} == set(checkpoints.NAMES)


def test_each_is_named_as_it_stands() -> None:
    """A name that is put together could not be looked for."""
    assert [name for name in calls() if not re.fullmatch(r'"[a-z]+: [a-z` -]+"', name)] == []


def test_there_are_enough_of_them() -> None:
    assert len(checkpoints.NAMES) >= 25


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(("at", "passed"), [("b: c", 1), ("b: c #3", 3), ("b: c #4", 4), ("B: C", 4), ("", 4)])
def test_it_ends_this_very_process(at: str, passed: int) -> None:
    program = (
        "from ccpin.checkpoints import checkpoint\n"
        "for number in range(1, 5):\n"
        "    checkpoint('a: b')\n"
        "    print(number, flush=True)\n"
        "    checkpoint('b: c' if number < 4 else 'other')\n"
    )
    env = {"CCPIN_CRASH_AT": at, "PYTHONPATH": str(SOURCE.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == (-9 if passed < 4 else 0)
    assert len(done.stdout.split()) == passed
