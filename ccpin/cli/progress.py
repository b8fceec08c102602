"""What an install shows while it runs: a bar, where stderr is a terminal; one line when it waits for somebody.

A first `claude` comes this way, so rich and typer are imported only when there is something to show.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ccpin.errors import printable
from ccpin.store.progress import Progress

if TYPE_CHECKING:
    import rich.progress


class Shown(Progress):
    """Progress on stderr. Nothing moves where nobody watches: in CI, in a pipe, under `claude -p`."""

    def __init__(self) -> None:
        self._bar: rich.progress.Progress | None = None
        self._task: rich.progress.TaskID | None = None

    def waiting(self, name: str, holder: str) -> None:
        from ccpin.cli.output import say

        say(printable(f"ccpin: waiting for {holder}, which is installing {name}"))

    def noted(self, sentence: str) -> None:
        from ccpin.cli.output import say

        say(printable(f"ccpin: {sentence}"))

    def started(self, name: str, size: int | None) -> None:
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(name, total=size)

    def advanced(self, received: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=received)

    def finished(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
