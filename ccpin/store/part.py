"""One artifact of a lock, for any platform, as a file by itself: what a bundle is made of.

An executable is kept as the lock names it, whatever it came packed in; where the lock names npm's tarball, that is kept
as it came. So the file is the same, byte for byte, wherever it is from. Nothing of it goes into the store.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from ccpin import platforms
from ccpin.archives.receive import receive
from ccpin.errors import BadArchive, IntegrityMismatch
from ccpin.paths import Home
from ccpin.pinning.artifacts import NODE_KEYS, is_node_key
from ccpin.pinning.lock import Artifact, Lock
from ccpin.releases.again import again
from ccpin.releases.contents import MAX_TARBALL, file_name
from ccpin.releases.source import Offer, Source
from ccpin.releases.sources import Sources
from ccpin.store.fetch import opened, received, require_artifact, unpacked
from ccpin.store.present import equal_copy
from ccpin.store.progress import Progress
from ccpin.store.receipt import all_installs


@dataclass(frozen=True)
class Part:
    """What stands under `key` in the [artifacts] of a lock."""

    lock: Lock
    key: str

    @property
    def artifact(self) -> Artifact:
        return self.lock.artifacts[self.key]

    @property
    def file(self) -> str:
        """Its name in a bundle."""
        return file_name(self.artifact)

    @property
    def title(self) -> str:
        """`Claude Code 2.1.330 for linux-x64`, `Node.js 22.23.2 for linux-x64`, `Claude Code 2.0.14`"""
        if is_node_key(self.key):
            return f"Node.js {self.lock.node} for {self.key.removeprefix(NODE_KEYS)}"
        return f"Claude Code {self.lock.version}" + ("" if self.key == platforms.ANY else f" for {self.key}")


class Gathering:
    """Parts on their way into `folder`, each under its name. `origins` tells from which sources those came that the
    store does not hold: `from npm (…)`."""

    def __init__(self, folder: str, home: Home, sources: Callable[[], Sources], progress: Progress) -> None:
        self.folder = folder
        self.origins: list[str] = []
        self._home = home
        self._sources = cache(sources)  # read from the configuration once, and only where one is needed
        self._progress = progress

    def get(self, part: Part) -> None:
        """Writes a part: from the store where an install holds it, else from the sources.

        Raises RegistryError, ChannelError, ReleaseError, StoreError, OSError; what it leaves is then worth nothing.
        """
        path = os.path.join(self.folder, part.file)
        held = (
            found.executable
            for _, found in all_installs(self._home)
            if found.receipt.artifact == part.artifact and found.receipt.version == part.lock.version
        )
        if equal_copy(part.artifact, path, held):
            return

        def attempt(source: Source) -> None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # of a source that broke off
            _download(part, source.offer(part.lock, part.key), self.folder, self._progress)

        sources = self._sources()
        sources.first(lambda source: again(lambda: attempt(source)))
        if sources.origin() not in self.origins:
            self.origins.append(sources.origin())


def _download(part: Part, offer: Offer, folder: str, progress: Progress) -> None:
    path = os.path.join(folder, part.file)
    if part.artifact.npm is not None:
        _keep_tarball(part, offer, path, progress)
        return
    if offer.form == "tarball":
        member = f"package/{platforms.executable_name(part.key)}"
        written = unpacked(part.title, offer, part.artifact.size, folder, {member: part.file}.get, progress)
        if part.file not in written:
            raise BadArchive(what=offer.name, reason="it holds no executable")
        found = written[part.file]
    else:
        found = received(part.title, offer, part.artifact, path, progress)
    require_artifact(offer.name, part.artifact, found)


def _keep_tarball(part: Part, offer: Offer, path: str, progress: Progress) -> None:
    digest = hashlib.sha512()

    def hashed(chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            digest.update(chunk)
            yield chunk

    with opened(part.title, offer, progress) as body:
        chunks = hashed(body.chunks)
        receive(chunks, body.length, offer.name, path, MAX_TARBALL, progress=progress.advanced, hang_up=body.hang_up)
    found = "sha512-" + base64.b64encode(digest.digest()).decode()
    if found != part.artifact.npm:
        raise IntegrityMismatch(what=offer.name, kind="sha512", expected=part.artifact.npm, found=found)
