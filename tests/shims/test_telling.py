"""The quick fake tells what the one in Python tells."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.shims import telling
from tests.shims.world import program, told

ENV = {b"A": b"1 2", b"B": b"", b"C": b"a=b\n'\"\\", b"D\xff": b"\xff\xc3\xa9", b"LC_ALL": b"C.UTF-8"}
WORDS: list[str | bytes] = ["-p", "a b", "", "é\n", b"\xff'\\", "x" * 50_000]


@pytest.mark.skipif(telling.compiled() is None, reason="there is no C compiler here, and no quick one")
@pytest.mark.parametrize(
    "more", [{}, {"FAKE_EXIT": "3"}, {"FAKE_RECORD": "record"}, {"FAKE_STDIN": "1"}, {"FAKE_SIGNAL": "15"}]
)
@pytest.mark.parametrize("path", ["./fake", "sub/.././/fake", "{}/fake", "{}/sub/../fake"])
def test_it_tells_the_same(tmp_path: Path, path: str, more: dict[str, str]) -> None:
    (tmp_path / "sub").mkdir()
    answers = []
    for text in (telling.IN_PYTHON, telling.fake()):
        program(tmp_path / "fake", text)
        argv = [path.format(tmp_path), *WORDS]
        env = ENV | {name.encode(): value.encode() for name, value in more.items()}
        done = subprocess.run(argv, cwd=tmp_path, env=env, input=b"in", capture_output=True, check=False)
        record = tmp_path / "record"
        call = told(record.read_bytes() if record.exists() else done.stdout)
        record.unlink(missing_ok=True)
        assert call.pop("pid")
        answers.append((done.returncode, done.stderr, call))
    assert answers[0] == answers[1]


@pytest.mark.skipif(telling.compiled() is None, reason="there is no C compiler here, and no quick one")
def test_it_is_the_quick_one() -> None:
    assert telling.fake().startswith(f"#!{telling.compiled()}\n")
    assert telling.fake().split("\n", 1)[1] == telling.IN_PYTHON.split("\n", 1)[1]
