"""Hostile archives through all of `ccpin use` and `ccpin sync`: refused with a reason, in time, and nothing kept."""

from __future__ import annotations

import os

import pytest

from ccpin import platforms
from ccpin.pinning.lock import Artifact, Lock, render
from tests.archives.making import member
from tests.fakes.bundles import tarball
from tests.hostile.archives import ARCHIVES, JAVASCRIPT, NATIVE, UNLISTED, Archive, about, packed
from tests.hostile.scene import Scene

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="processes are measured as POSIX does"),
]


def test_there_are_many() -> None:
    assert len({archive.name for archive in ARCHIVES}) == len(ARCHIVES) >= 35


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
def test_refused(scene: Scene, archive: Archive, record_property: object) -> None:
    scene.restore()
    data = archive.make(scene.box.root)
    here = platforms.current()
    scene.upstream.change(
        scene.upstream.get(archive.version, None if archive.version == JAVASCRIPT else here), raw=data
    )
    args: tuple[str, ...] = ("use", archive.version)
    lock = None
    if ARCHIVES.index(archive) % 2 and archive.version != NATIVE:  # every other one by a lock that names these bytes
        runtime, key = ("node", "any") if archive.version == JAVASCRIPT else ("native", here)
        args, lock = (
            ("sync",),
            render(Lock(archive.version, archive.version, runtime, {key: Artifact(npm=tarball(data).npm)})).encode(),
        )
    done = scene.refused(*args, "--source", "npm", codes=archive.codes, names=archive.names, lock=lock)
    assert archive.version in done.error["message"]
    record_property("hostile", ("archive", done.memory, done.seconds))  # type: ignore[operator]


def test_bits_that_give_rights_away_are_not_kept(scene: Scene) -> None:
    """Not hostile enough to be refused: real archives have odd modes. What is installed has plain ones."""
    scene.restore()
    members = (about(), member("package/cli.js", b"//", mode=0o6777), member("package/x", b"x", mode=0o7777))
    scene.upstream.change(scene.upstream.get(JAVASCRIPT), raw=packed(*members))
    scene.box.ccpin("install", JAVASCRIPT, "--source", "npm").ok()
    entry = next(path for path in (scene.box.ccpin_home / "releases").iterdir() if path.name.startswith(JAVASCRIPT))
    modes = {
        path.name: path.lstat().st_mode & 0o7777
        for path in entry.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    assert modes["cli.js"] == modes["x"] == 0o555
    assert not any(mode & 0o7022 for mode in modes.values())
    scene.box.ccpin("uninstall", JAVASCRIPT).ok()


def test_the_machines_are_told_apart(scene: Scene) -> None:
    """An executable of this machine's own kind is not refused for it, nor is a script."""
    from tests.hostile.archives import _MACHINES, _native

    here = platforms.current()
    for head in (_MACHINES[here.removesuffix("-musl")], b"#!/bin/sh\n", b"MZ", b"\x7fELF"[:3]):
        scene.restore()
        scene.upstream.change(scene.upstream.get(UNLISTED, here), raw=_native(head)(scene.box.root))
        scene.box.ccpin("install", UNLISTED, "--source", "npm").ok()
        scene.box.ccpin("uninstall", UNLISTED).ok()
