"""The sources of one command, in the order in which they are tried, and what came of it.

`auto` means npm, then the native channel: npm's way was measured on real releases, while no signature of the
channel's was ever seen by ccpin. A source that cannot be asked, or does not have it, is passed over and named. One that
answers with other bytes than the lock's, or with a bad signature, ends the command: that is no gap, that is a fault. So
does one that has it and tells that it is too young: another place for it makes it no older.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from ccpin.errors import (
    CcpinError,
    ChannelError,
    ChannelUnreachable,
    NoRegistry,
    NotServed,
    RegistryError,
    RegistryUnreachable,
    ReleaseError,
    TooYoung,
    Truncated,
)
from ccpin.releases.source import Source

_PASSED_OVER = (RegistryError, ChannelError, ReleaseError, Truncated)
_DEAD = (RegistryUnreachable, ChannelUnreachable, NoRegistry)
_TITLES = {"npm": "npm", "native": "the native channel", "bundle": "the bundle"}

T = TypeVar("T")


class Sources:
    """Sources by kind, made when they are first asked. Of the last question, `used` is the one that answered, and
    `failed` is kind -> why another one did not. `delivered` tells whether any bytes of a release came, and that was
    said."""

    def __init__(self, makers: Mapping[str, Callable[[], Source]]) -> None:
        self.used: Source | None = None
        self.failed: dict[str, CcpinError] = {}
        self.delivered = False
        self._makers = makers
        self._made: dict[str, Source] = {}
        self._dead: dict[str, CcpinError] = {}
        self._told: set[str] = set()

    def first(self, ask: Callable[[Source], T]) -> T:
        """What the first source answers that can. Raises what the first one raised, with the others' failures beside
        it (`error.besides`), and anything that is a fault at once."""
        self.failed = {}
        for kind in self._makers:
            try:
                source = self._source(kind)
                answer = ask(source)
            except TooYoung:
                raise
            except _PASSED_OVER as error:
                self.failed[kind] = error
                if isinstance(error, _DEAD):
                    self._dead[kind] = error
            else:
                self.used = source
                return answer
        raise self._failure()

    def _failure(self) -> CcpinError:
        """What the first one raised that could have had it."""
        errors = list(self.failed.values())
        first, *others = [error for error in errors if not isinstance(error, NotServed)] or errors[:1]
        first.besides = tuple(others)
        return first

    def origin(self) -> str:
        """`from npm (https://registry.example/); the native channel: … cannot be reached: …`"""
        if self.used is None:
            return ""
        passed = [_said_by(_TITLES[kind], error.message) for kind, error in self.missed.items()]
        return "; ".join((f"from {_TITLES[self.used.kind]} ({self.used.name})", *passed))

    @property
    def missed(self) -> dict[str, CcpinError]:
        """Those of `failed` that could have had it: what a kind of source never has is no news."""
        return {kind: error for kind, error in self.failed.items() if not isinstance(error, NotServed)}

    def notes(self) -> tuple[str, ...]:
        """What the users of those sources should know that were asked; each sentence once, whoever asks for them."""
        found = tuple(note for source in self._made.values() for note in source.notes if note not in self._told)
        self._told.update(found)
        return found

    def _source(self, kind: str) -> Source:
        if kind in self._dead:  # nobody waits for it twice
            raise self._dead[kind]
        if kind not in self._made:
            self._made[kind] = self._makers[kind]()
        return self._made[kind]


def _said_by(title: str, message: str) -> str:
    return message if message.startswith(f"{title} ") else f"{title}: {message}"


def only(source: Source) -> Sources:
    """One source and no other."""
    return Sources({source.kind: lambda: source})
