"""What an install tells its caller."""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Does nothing by itself."""

    def waiting(self, name: str, holder: str) -> None:
        """Another process is installing `name`: `process 4711 on a-machine`."""

    def started(self, name: str, size: int | None) -> None:
        """A download of `size` bytes begins."""

    def advanced(self, received: int) -> None:
        """So many bytes have come. Called from another thread."""

    def finished(self) -> None:
        """The download is over, well or not."""

    def noted(self, sentence: str) -> None:
        """Something that people should know, once all went well."""


class Signalled(Progress):
    """Another one, and a signal at each step of it."""

    def __init__(self, progress: Progress, signal: Callable[[], None]) -> None:
        self._progress = progress
        self._signal = signal

    def waiting(self, name: str, holder: str) -> None:
        self._progress.waiting(name, holder)

    def started(self, name: str, size: int | None) -> None:
        self._signal()
        self._progress.started(name, size)

    def advanced(self, received: int) -> None:
        self._signal()
        self._progress.advanced(received)

    def finished(self) -> None:
        self._progress.finished()

    def noted(self, sentence: str) -> None:
        self._progress.noted(sentence)
