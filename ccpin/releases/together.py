"""Asking several documents at a time, in a way that can be broken off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class _Answer(NamedTuple):
    at: int
    given: object = None
    error: BaseException | None = None


def ask_all(ask: Callable[[Q], A], questions: Iterable[Q]) -> list[A]:
    """The answer to each question, in their order. Raises what the first of them raises that fails.

    Every question has a thread of its own, which nobody waits for once this was left: an executor joins its threads, so
    that Ctrl-C and SIGTERM would last as long as the slowest server.
    """
    answers: SimpleQueue[_Answer] = SimpleQueue()

    def run(at: int, question: Q) -> None:
        try:
            answers.put(_Answer(at, ask(question)))
        except BaseException as error:  # noqa: BLE001  it is raised where somebody waits
            answers.put(_Answer(at, error=error))

    threads = [Thread(target=run, args=each, daemon=True) for each in enumerate(questions)]
    for thread in threads:
        thread.start()
    found = sorted((answers.get() for _ in threads), key=lambda answer: answer.at)
    for answer in found:
        if answer.error is not None:
            raise answer.error
    return [answer.given for answer in found]  # type: ignore[misc]
