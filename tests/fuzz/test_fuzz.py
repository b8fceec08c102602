"""Every target for a moment, with the same inputs each time; and the engine, which must find what there is."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import __main__ as command
from tests.fuzz import running
from tests.fuzz.mutate import MOST, Mutator
from tests.fuzz.running import Now, inputs, run
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="alarms are POSIX's")

EXAMPLES = {"lock-reader-sh": 1, "packument": 25, "archive": 25}
"""Those that take longer; of the shells, one batch."""


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "lock-reader-sh"])
def test_for_a_moment(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    corpus = list(target.corpus())

    @settings(
        max_examples=EXAMPLES.get(name, 100), deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(seed=st.integers(0, 1 << 32), any_bytes=st.binary(max_size=200))
    def ask(seed: int, any_bytes: bytes) -> None:
        source = random.Random(seed)
        mutated = target.mutator(source, source.choice(corpus), source.choice(corpus))
        for data in (mutated, any_bytes):
            assert target.check(tmp_path, data)
            assert os.listdir(tmp_path) == []

    ask()


def test_the_shells_for_a_moment(tmp_path: Path) -> None:
    target, source = TARGETS["lock-reader-sh"], random.Random(1)
    assert target.batch is not None
    some = [data for data, _ in zip(inputs(target, source, list(target.corpus())), range(200), strict=False)]
    kinds = target.batch(tmp_path, some)
    assert len(set(kinds)) > 3
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_are_good(name: str, tmp_path: Path) -> None:
    """Else their faults would test nothing."""
    target = TARGETS[name]
    said = {target.check(tmp_path, data) for data in target.corpus()[:: 10 if name == "lock-reader-sh" else 1]}
    assert len(said) > 2


# --- the engine


def toy(check: Callable[[Path, bytes], str]) -> Target:
    return Target("toy", lambda: [b"a=1\n", b"b=2\n"], Mutator((b"!",)), check)


def ran(target: Target, folder: Path, count: int = 3000) -> running.Result:
    return run(target, "1", folder, lambda done: done < count, lambda number, data: None)


def test_what_is_raised_is_found_with_its_input(tmp_path: Path) -> None:
    def check(_folder: Path, data: bytes) -> str:
        if data.startswith(b"!"):
            raise KeyError(data[:1])
        return "fine"

    result = ran(toy(check), tmp_path)
    assert [data[:1] for data in result.findings.values()] == [b"!"]
    assert next(iter(result.findings)).startswith("KeyError \"b'!'\"\n  test_fuzz.py:")
    path = running.keep(tmp_path / "kept", "toy", *next(iter(result.findings.items())))
    assert path.read_bytes().startswith(b"!")
    assert "KeyError" in path.with_suffix(".txt").read_text()


def test_what_hangs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 0.2)
    monkeypatch.setattr(running, "CPU_SECONDS", 0.1)

    def check(_folder: Path, data: bytes) -> str:
        end = time.monotonic() + 20
        while b"!" in data and time.monotonic() < end:
            time.sleep(0.001 if b"a" in data else 0)
        return "fine"

    found = set(ran(toy(check), tmp_path, 12).findings)
    assert found
    assert all(sentence.startswith("Hang 'SIG") for sentence in found)


@pytest.mark.parametrize("told", [True, False])
def test_faults_add_up_by_what_they_lead_to(tmp_path: Path, *, told: bool) -> None:
    """Four steps in a row: each of them leads to something new, which joins the good inputs, or nobody gets there."""

    def check(_folder: Path, data: bytes) -> str:
        steps = next(count for count in range(4, -1, -1) if b"wxyz"[:count] in data)
        assert steps < 4
        return f"{steps} steps" if told else "fine"

    words = [bytes([letter]) for letter in b"wxyz"]
    target = Target("toy", lambda: [b"a=1\n"], Mutator(words), check)
    assert bool(ran(target, tmp_path, 30_000 if told else 2_000).findings) == told


def test_a_batch_that_fails_is_asked_one_by_one(tmp_path: Path) -> None:
    def check(_folder: Path, data: bytes) -> str:
        assert not data.startswith(b"!")
        return "fine"

    target = toy(check)
    many = Target(
        "toy", target.corpus, target.mutator, check, lambda folder, some: [check(folder, data) for data in some]
    )
    result = ran(many, tmp_path)
    assert result.iterations % running.BATCH == 0
    assert [data[:1] for data in result.findings.values()] == [b"!"]


def test_inputs_are_bounded_and_the_same_for_a_seed() -> None:
    for target in TARGETS.values():
        made = [
            [data for data, _ in zip(inputs(target, random.Random(3), list(target.corpus())), range(300), strict=False)]
            for _ in range(2)
        ]
        assert made[0] == made[1]
        assert max(map(len, made[0])) <= MOST
        assert len(set(made[0])) > 150


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    assert command.main(["request", "--minutes", "0.005", "--jobs", "1", "--seed", "5", "--keep", str(kept)]) == 0
    out = capsys.readouterr().out
    assert "0 findings" in out
    assert "seed 5" in out
    assert not kept.exists()


def test_a_process_that_dies_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    told = command._job(("no such target", "1", 0.1), tmp_path / "now")
    assert "the process ended with 1" in next(iter(told["findings"]))


def test_an_unknown_target(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["nonsense"])
    assert ended.value.code == 2
    assert "there are lock-reader" in capsys.readouterr().err


def test_now_is_seen_from_outside(tmp_path: Path) -> None:
    one, other = Now(tmp_path / "now"), Now(tmp_path / "now")
    one.put(7, b"input")
    assert other.get() == (7, b"input")
