"""What a lock's flags do in a release, as its receipt tells."""

from __future__ import annotations

import dataclasses

import pytest

from ccpin.pinning.flags import PROFILES
from ccpin.store.effect import Ignored, does_read, ignored, receipt_of, remedy, sentence, what_does
from ccpin.store.receipt import Receipt
from tests.store.installing import Store


@pytest.fixture
def receipt(store: Store) -> Receipt:
    return store.install("2.0.14").receipt


def reading(receipt: Receipt, *names: str, known: tuple[str, ...] = ()) -> Receipt:
    """A receipt of a release that reads `names`, and of `known` no others; of the rest nobody knows."""
    return dataclasses.replace(receipt, reads=dict.fromkeys(known, False) | dict.fromkeys(names, True))


BETAS, UPDATES, AUTO = "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS", "DISABLE_UPDATES", "DISABLE_AUTOUPDATER"
THINKING, STREAMING = "DISABLE_INTERLEAVED_THINKING", "CLAUDE_CODE_DISABLE_FINE_GRAINED_TOOL_STREAMING"


def test_what_is_installed_tells(store: Store, receipt: Receipt) -> None:
    head = store.lock("2.0.14").head()
    found = receipt_of(store.home, head)
    assert found == receipt
    assert does_read(found, AUTO) is True
    assert does_read(found, UPDATES) is False
    assert receipt_of(store.home, store.lock("2.0.15").head()) is None


def test_what_nobody_looked_up_is_not_known(receipt: Receipt) -> None:
    assert does_read(None, AUTO) is None
    assert does_read(receipt, "CLAUDE_CODE_SCROLL_SPEED") is None
    env = {**PROFILES["default"].env, "CLAUDE_CODE_SCROLL_SPEED": "3"}
    assert ignored(env, None) == ignored(env, reading(receipt)) == []


def test_what_has_no_effect(receipt: Receipt) -> None:
    env = PROFILES["default"].env
    assert [one.name for one in ignored(env, reading(receipt, AUTO, known=tuple(env)))] == sorted(set(env) - {AUTO})
    assert ignored(env, reading(receipt, *env)) == []
    assert ignored({}, reading(receipt, known=tuple(env))) == []


def test_what_does_the_job_is_read_there_itself(receipt: Receipt) -> None:
    half = reading(receipt, THINKING, known=(BETAS, STREAMING))
    assert what_does(BETAS, {BETAS: "1"}, half) == Ignored(BETAS, (THINKING,), ())
    assert what_does(BETAS, {BETAS: "1", THINKING: "1"}, half) == Ignored(BETAS, (THINKING,), (THINKING,))
    assert what_does(BETAS, {BETAS: "1", STREAMING: "1"}, half) == Ignored(BETAS, (THINKING,), ())
    assert what_does(BETAS, {BETAS: "1"}, None) == Ignored(BETAS, (), ())
    assert what_does("CLAUDE_CODE_SCROLL_SPEED", {}, half) == Ignored("CLAUDE_CODE_SCROLL_SPEED", (), ())


@pytest.mark.parametrize(
    ("instead", "held", "said"),
    [
        ((), (), ""),
        (("A",), (), "; there, A does the same job"),
        (("A",), ("A",), "; there, A, which the lock holds, does the same job"),
        (("A", "B"), (), "; there, A and B do the same job"),
        (("A", "B"), ("B",), "; there, B, which the lock holds, does the same job"),
        (("A", "B", "C"), (), "; there, A, B and C do the same job"),
    ],
)
def test_what_is_said_of_one(instead: tuple[str, ...], held: tuple[str, ...], said: str) -> None:
    one = Ignored("X", instead, held)
    assert remedy(one) == said
    assert sentence("2.0.14", [one]) == f"2.0.14 does not read X: no effect{said}"


def test_what_is_said_of_several() -> None:
    names = [Ignored(name, (), ()) for name in "ABCD"]
    assert sentence("2.0.14", names[:2]) == "2.0.14 does not read A and B: no effect"
    assert sentence("2.0.14", names).startswith("2.0.14 does not read A, B, C and D: no effect")
    helped = [*names[:2], Ignored("X", ("Y",), ())]
    assert sentence("2.0.14", helped).endswith("A, B and X: no effect; `ccpin env` says what does the same job there")
    assert sentence("2.0.14", [*names, helped[2]]).startswith("2.0.14 does not read 5 of the lock's flags; `ccpin env`")
