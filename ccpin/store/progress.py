"""What an install tells its caller."""

from __future__ import annotations


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
