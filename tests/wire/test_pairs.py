"""Two captures at a time, in their order, and an end at once."""

from __future__ import annotations

import threading
import time
from threading import Event

import pytest

from ccpin.errors import Stopped
from ccpin.wire.pairs import two_at_a_time


def test_never_more_than_two_and_in_their_order() -> None:
    running: list[int] = []
    most: list[int] = []

    def capture(number: int) -> int:
        running.append(number)
        most.append(len(running))
        time.sleep(0.01 * (5 - number))
        running.remove(number)
        return number * 10

    assert two_at_a_time(capture, range(5), Event()) == [0, 10, 20, 30, 40]
    assert max(most) == 2


def test_the_first_that_fails_is_told() -> None:
    """And it stops nobody: what another one found is not to be taken for a run that was killed."""
    over = Event()

    def capture(number: int) -> int:
        if number:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="1"):
        two_at_a_time(capture, range(3), over)
    assert not over.is_set()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Stopped])
def test_one_that_is_broken_off(kind: type[BaseException]) -> None:
    """A signal comes to the thread that waits; here one of the others hands it on."""
    over, begun = Event(), list[int]()
    first = threading.Semaphore(0)

    def capture(number: int) -> None:
        begun.append(number)
        if number == 0:
            first.acquire(timeout=10)
            raise kind
        first.release()
        assert over.wait(10)

    with pytest.raises(kind):
        two_at_a_time(capture, range(9), over)
    assert len(begun) < 9
