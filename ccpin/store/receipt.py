"""The receipt of an install: what was verified, written last into the entry, and compared ever after."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ccpin.paths import Home
from ccpin.pinning.head import is_version, version_key
from ccpin.pinning.lock import Artifact
from ccpin.store.entry import COMMAND, RECEIPT, SETTINGS_MARK, takes_settings

FORMAT = 3


@dataclass(frozen=True)
class Kept:
    """One file of an install: size in bytes, sha256, and the mtime in nanoseconds that ccpin gave it."""

    size: int
    sha256: str
    mtime_ns: int


@dataclass(frozen=True)
class Receipt:
    """What was installed, out of which artifact of which lock (`digest`), and every file of it.

    `executable` and the keys of `files` are paths below the entry's platform folder, with `/`. `integrity` is npm's
    sha512 of the tarball that it came from, if it was one. `reads` maps the names of ccpin's table of flags, as it was
    at the install, to whether the release's files hold them; `takes_settings` tells whether it knows the option
    `--settings`.

    `node` is the version of a Node.js of the install's own, `node_artifact` what the lock says of its package; it is
    one of the `files`, beside the fixed name.
    """

    version: str
    runtime: str
    platform: str
    digest: str
    artifact: Artifact
    integrity: str | None
    executable: str
    files: Mapping[str, Kept]
    reads: Mapping[str, bool]
    takes_settings: bool
    engines: str | None = None
    node: str | None = None
    node_artifact: Artifact | None = None

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n"


@dataclass(frozen=True)
class Install:
    """One release on this disk. `folder` is its platform folder, `executable` the file itself, both absolute."""

    folder: str
    receipt: Receipt

    @property
    def executable(self) -> str:
        return os.path.join(self.folder, *self.receipt.executable.split("/"))

    @property
    def entry(self) -> str:
        return os.path.dirname(self.folder)

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(kept.size for kept in self.receipt.files.values())


def read_install(folder: str) -> Install | None:
    """The install in a platform folder, or None where there is none, or none that this ccpin understands."""
    try:
        with open(os.path.join(folder, RECEIPT), encoding="utf-8") as file:
            data: dict[str, Any] = json.load(file)
        if data.pop("format") != FORMAT:
            return None
        data["artifact"] = Artifact(**data["artifact"])
        if data["node_artifact"] is not None:
            data["node_artifact"] = Artifact(**data["node_artifact"])
        data["files"] = {path: Kept(**kept) for path, kept in data["files"].items()}
        data["reads"] = dict(data["reads"])
        receipt = Receipt(**data)
        return Install(folder, receipt) if _is_sound(receipt) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_sound(receipt: Receipt) -> bool:
    """Whether everything in it is of its kind, and all files are below the folder: somebody may have edited it."""
    files = receipt.files.values()
    artifacts = [artifact for artifact in (receipt.artifact, receipt.node_artifact) if artifact is not None]
    texts = [receipt.version, receipt.runtime, receipt.platform, receipt.digest, receipt.executable]
    texts += [kept.sha256 for kept in files]
    others = [receipt.integrity, receipt.engines, receipt.node]
    others += [text for artifact in artifacts for text in (artifact.sha256, artifact.npm)]
    numbers = [number for kept in files for number in (kept.size, kept.mtime_ns)]
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(text, (str, type(None))) for text in others)
        and all(isinstance(number, int) for number in numbers)
        and all(isinstance(artifact.size, (int, type(None))) for artifact in artifacts)
        and all(
            part not in ("", ".", "..") for name in (receipt.executable, *receipt.files) for part in name.split("/")
        )
    )


def stores(home: Home) -> list[Home]:
    """The stores that a launch looks into, in that order, each once; the own one is `home` itself."""
    found: dict[str, Home] = {}
    for store in (*map(Home, home.shared), home):
        found.setdefault(os.path.realpath(store.releases), store)
    found[os.path.realpath(home.releases)] = home  # a shared one may be named twice, and the own one too
    return list(found.values())


def all_installs(home: Home) -> Iterator[tuple[Home, Install]]:
    """All installs that a launch may find, each with its store."""
    for store in stores(home):
        yield from ((store, found) for found in installs(store))


def installs(home: Home) -> Iterator[Install]:
    """All installs of this very store, by version."""
    yield from filter(None, map(read_install, install_folders(home)))


def install_folders(home: Home, *, own: bool = False) -> Iterator[str]:
    """The platform folders of this very store, by version, whether or not their receipts can be read; with `own` none
    whose entry is a link: what is behind that is somebody else's to write to."""
    entries = [n for n in _names(home.releases) if is_version(n.partition("-")[0])]
    for name in sorted(entries, key=lambda n: (version_key(n.partition("-")[0]), n)):
        entry = os.path.join(home.releases, name)
        if own and os.path.islink(entry):
            continue
        for platform in sorted(p for p in _names(entry) if not p.startswith(".")):
            folder = os.path.join(entry, platform)
            if os.path.isdir(folder):  # `node` is a link to a file
                yield folder


def version_of(folder: str) -> str:
    """The version in the name of the entry in which a platform folder stands."""
    return os.path.basename(os.path.dirname(folder)).partition("-")[0]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def changes(install: Install, *, deep: bool = False) -> list[str]:
    """What is no longer as it was installed, a sentence each: by stat, or with `deep` by every byte."""
    found = []
    if install.receipt.runtime == "node" and sys.platform != "win32":
        command = os.path.join(install.folder, COMMAND)
        if not os.path.islink(command) or os.readlink(command) != install.receipt.executable:
            found.append(f"{command}: it does not lead to {install.receipt.executable}")
    if takes_settings(install.folder) is not install.receipt.takes_settings:
        said = "is missing" if install.receipt.takes_settings else "should not be there"
        found.append(f"{os.path.join(install.folder, SETTINGS_MARK)}: it {said}")
    for path, kept in install.receipt.files.items():
        full = os.path.join(install.folder, *path.split("/"))
        try:
            status = os.stat(full, follow_symlinks=False)
        except OSError as error:
            found.append(f"{full}: {(error.strerror or 'missing').lower()}")
            continue
        if status.st_size != kept.size:
            found.append(f"{full}: {status.st_size:,} bytes, not {kept.size:,}")
        elif status.st_mtime_ns != kept.mtime_ns:
            found.append(f"{full}: written to since it was installed")
        elif deep and sha256_of(full) != kept.sha256:
            found.append(f"{full}: its sha256 is not the one that was verified")
    return found


def sha256_of(path: str) -> str:
    """64 hex digits over a file, read in pieces. Where the system lets its owner, the file's access time stays as it
    is: it tells when a release was last used."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0, opener=_unnoticed) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _unnoticed(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # for the owner alone
        return os.open(path, flags)
