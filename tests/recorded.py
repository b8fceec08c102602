"""A real native release as its sources have it: npm's documents and tarballs, and the native channel's files.

Everything comes from the registry that npm's configuration names, once, into $XDG_CACHE_HOME/ccpin-tests/recorded: the
executable out of its package, both manifests out of the agent SDK's. The channel itself cannot be recorded: its packed
copy is made here, and its signatures are by keys of the tests.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import zstandard

from ccpin import platforms
from ccpin.errors import NotFound
from ccpin.releases.manifest import SDK_SERIES
from ccpin.releases.registry import CLAUDE, SDK, Registry, platform_package
from tests.fakes.channel import openpgp_key, raw_key
from tests.fakes.files import HERE, document

_PIECE = 1 << 20


@dataclass(frozen=True)
class Recorded:
    """One release, for this machine's platform. All paths are below `folder`."""

    version: str
    folder: Path

    @property
    def executable(self) -> Path:
        return self.folder / platforms.executable_name(platforms.current())

    @property
    def manifest(self) -> bytes:
        """Upstream's own, byte for byte."""
        return (self.folder / "manifest.json").read_bytes()

    def npm(self) -> Mapping[str, bytes | Path]:
        """What a registry has: path -> content."""
        files: dict[str, bytes | Path] = {}
        for path in self.folder.glob("*.document"):
            said = json.loads(path.read_bytes())
            name = f"{said['name']}-{said['version']}.tgz".rpartition("/")[2]
            said["dist"]["tarball"] = f"{HERE.decode()}{name}"
            files[f"/{said['name']}/{said['version']}"] = document(said)
            if (tarball := self.folder / name).exists():
                files[f"/{name}"] = tarball
        return files

    def channel(self, *, packed: bool = True) -> Mapping[str, bytes | Path]:
        """What the native channel has: path -> content."""
        base, platform = f"/{self.version}", platforms.current()
        files: dict[str, bytes | Path] = {
            "/latest": self.version.encode(),
            f"{base}/manifest.json": self.manifest,
            f"{base}/manifest.json.raw-sig.json": raw_key().sidecar(self.manifest),
            f"{base}/manifest.json.sig": openpgp_key().signature(self.manifest),
            f"{base}/{platform}/{self.executable.name}": self.executable,
        }
        if packed:
            copy = self.folder / f"{self.executable.name}.zst"
            line = {"binary": copy.name, "checksum": _sha256(copy), "size": copy.stat().st_size}
            files[f"{base}/manifest.zst.json"] = document({"version": self.version, "platforms": {platform: line}})
            files[f"{base}/{platform}/{copy.name}"] = copy
        return files


def trust(keys: Path) -> None:
    """Puts the keys of the channel into a ccpin home's folder of keys."""
    keys.mkdir(parents=True, exist_ok=True)
    (keys / f"{raw_key().id}.pem").write_bytes(raw_key().pem)
    (keys / f"{openpgp_key().fingerprint}.asc").write_bytes(openpgp_key().asc)


def recorded(version: str, registry: Registry) -> Recorded:
    """The release, fetched unless it is there already."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    found = Recorded(version, Path(base, "ccpin-tests", "recorded", f"{version}-{platforms.current()}"))
    if not found.folder.exists():
        draft = Recorded(version, found.folder.with_suffix(f".{os.getpid()}"))
        draft.folder.mkdir(parents=True)
        _record(draft, registry)
        try:
            draft.folder.rename(found.folder)
        except OSError:  # another worker was first
            shutil.rmtree(draft.folder)
    return found


def _record(draft: Recorded, registry: Registry) -> None:
    for platform in platforms.ALL:
        tarball = _take(draft, registry, platform_package(platform), draft.version, platform == platforms.current())
        if tarball:
            _extract(tarball, draft.folder, (draft.executable.name,))
    _take(draft, registry, CLAUDE, draft.version, False)
    sdk = next(filter(None, (_sdk(draft, registry, series) for series in SDK_SERIES)))
    _extract(sdk, draft.folder, ("manifest.json", "manifest.zst.json"))
    copy = draft.executable.with_name(f"{draft.executable.name}.zst")
    with draft.executable.open("rb") as source, copy.open("wb") as target:
        zstandard.ZstdCompressor(level=10, threads=-1).copy_stream(source, target)


def _sdk(draft: Recorded, registry: Registry, series: str) -> Path | None:
    try:
        return _take(draft, registry, SDK, f"{series}.{draft.version.rpartition('.')[2]}", True)
    except NotFound:
        return None


def _take(draft: Recorded, registry: Registry, package: str, version: str, whole: bool) -> Path | None:
    """Keeps a version's document, and with `whole` its tarball, compared with what the document says."""
    said = registry.version(package, version)
    name = f"{package}-{version}".rpartition("/")[2]
    (draft.folder / f"{name}.document").write_bytes(document(said))
    if not whole:
        return None
    source, target = registry.tarball(package, said), draft.folder / f"{name}.tgz"
    digest = hashlib.sha512()
    with registry.http.stream(source.address) as body, target.open("wb") as file:
        for chunk in body.chunks:
            digest.update(chunk)
            file.write(chunk)
    assert source.integrity == "sha512-" + base64.b64encode(digest.digest()).decode(), (
        f"{name}: other bytes than the registry promised"
    )
    return target


def _extract(tarball: Path, folder: Path, names: tuple[str, ...]) -> None:
    with tarfile.open(tarball) as archive:
        for name in names:
            found = archive.extractfile(f"package/{name}")
            assert found is not None
            with found, (folder / name).open("wb") as file:
                shutil.copyfileobj(found, file, _PIECE)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
