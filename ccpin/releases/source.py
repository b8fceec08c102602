"""What a source of releases is, whichever it may be: npm, the native channel, a bundle.

The same bytes come from all of them, so a lock that was written through one is satisfied by any other. A source is
never trusted with more than its answer: what an offer turns out to be is compared with the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ccpin.net import Body
from ccpin.pinning.lock import Lock
from ccpin.pinning.request import Request
from ccpin.releases.node import Node
from ccpin.releases.release import Release


@dataclass(frozen=True)
class Offer:
    """One artifact of a lock, as a source has it.

    `open` gives the body, and `form` tells what that is: "tarball" (npm's, gzipped), "executable" (as it is), or
    "zstd" (the executable, packed). `integrity` is npm's sha512 of a tarball; `packed` the size in bytes and the
    sha256 of a packed copy, good for finding a broken download. `engines` is the range of Node.js that a JavaScript
    release wants, where the source knows it before the download.
    """

    name: str
    form: str
    open: Callable[[], AbstractContextManager[Body]]
    integrity: str = ""
    packed: tuple[int, str] | None = None
    engines: str | None = None


class Source(Protocol):
    """One place. `kind` is npm, native or bundle; `name` its address or path, fit to be shown; `notes` are sentences
    that its user should know."""

    kind: str

    @property
    def name(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def candidates(self, request: Request) -> Iterator[str]:
        """The versions that a request may mean, the one that it means today first, then older ones.

        Raises ReleaseError where there is none, RegistryError, ChannelError.
        """

    def between(self, first: str, last: str) -> dict[str, str]:
        """The versions from `first` to `last`, both included, oldest first by number: version -> why it is not whole,
        empty where it is; as far as that can be told without asking for each.

        Raises NotServed where this kind of source cannot tell, ReleaseError, RegistryError, ChannelError.
        """

    def resolve(self, version: str, platform: str, runtime: str | None, *, whole: bool = False) -> Release:
        """A version, for a project on this `platform` and all others; `runtime` chooses where it has both. With
        `whole`, Incomplete is raised for one that lacks a platform.

        Raises ReleaseError, RegistryError, ChannelError, SignatureError, IntegrityMismatch.
        """

    def node(self, spec: str, engines: str | None, platform: str) -> Node:
        """The Node.js that a request for one (`22`) means, for a release that wants `engines`.

        Raises NotServed where this kind of source has none, ReleaseError, RegistryError, BadNodeRequest.
        """

    def offer(self, lock: Lock, key: str) -> Offer:
        """The artifact that stands under `key` in the lock's [artifacts].

        Raises NotServed where this kind of source cannot have it, ReleaseError, RegistryError, ChannelError.
        """
