"""Work that runs ahead of its reader, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

_PATIENCE = 5  # seconds for a thread that waits for the network to notice that nobody reads any more
_LOOK = 5  # seconds between two looks whether it lives: without memory it dies before its first line

T = TypeVar("T")


class Ahead(Generic[T]):
    """An iterator that a thread of its own runs ahead, by `count` items at most. What it raises, the reader raises."""

    def __init__(self, items: Iterator[T], count: int) -> None:
        self._items = items
        self._queue: SimpleQueue[T | _End] = SimpleQueue()
        self._free = threading.Semaphore(count)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.start = self._thread.start

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        item = self._next()
        if isinstance(item, _End):
            self._queue.put(item)  # the end stays the end
            raise item.error
        self._free.release()
        return item

    def _next(self) -> T | _End:
        while True:
            try:
                return self._queue.get(timeout=_LOOK)
            except Empty:
                if not self._thread.is_alive() and self._queue.empty():
                    raise RuntimeError("the thread that runs ahead has died") from None

    def stop(self) -> None:
        """Ends the thread, whatever it waits for, and wakes who waits for an item."""
        self._stopped = True
        self._free.release()
        self._queue.put(_End(StopIteration()))
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        try:
            for item in self._items:
                self._free.acquire()
                if self._stopped:
                    return
                self._queue.put(item)
            self._queue.put(_End(StopIteration()))
        except BaseException as error:  # noqa: BLE001  handed to the reader, which raises it
            self._queue.put(_End(error))


class _End:
    """What stands in the queue behind the last item: the reason why there is no more."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
