"""The commands that are killed at each of their points, and where each of them begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import zstandard

from ccpin import platforms
from tests.cli.arrange import ccpin, empty_store, pin
from tests.crash.machines import Scene
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.upstream import Upstream

NATIVE, OTHER = "2.1.331", "2.1.330"
JAVASCRIPT = "2.0.15"
PAD = 1 << 20  # bytes that do not compress: a dozen pieces


def publish(upstream: Upstream, channel: Channel) -> None:
    """A release that is large enough to be broken off."""
    upstream.add_native(NATIVE, pad=PAD, hard=True)
    packed = zstandard.compress(upstream.executable(NATIVE, platforms.current()))
    channel.put_packed(NATIVE, {platforms.current(): packed})


def _fresh(box: Box) -> None:
    """As cloned: a lock, and a store without it."""
    empty_store(box)


def _pinned(version: str, *, installed: bool = False) -> Callable[[Box], None]:
    def arrange(box: Box) -> None:
        pin(box, version)
        if not installed:
            _fresh(box)

    return arrange


def _bundled(box: Box) -> None:
    pin(box, NATIVE)
    ccpin(box, "bundle", "-o", "b.tar").ok()
    _fresh(box)


def _half_done(box: Box) -> None:
    """Somebody was killed here before."""
    _pinned(NATIVE)(box)
    lock = next(line for line in box.lock.read_text().splitlines() if line.startswith("digest"))
    entry = Path(box.layout.entry(NATIVE, lock.partition("sha256:")[2].strip('"')))
    for name in (".staging-abc", ".staging-abc-old", ".staging-removed"):
        (entry / name / "package").mkdir(parents=True)
        (entry / name / "package/half").write_text("half")


def _own_node(box: Box) -> None:
    ccpin(box, "use", "2.0.14", "--node", "22.23.2").ok()
    _fresh(box)


def _rolled(box: Box) -> None:
    """The release that comes back is not installed any more."""
    pin(box, JAVASCRIPT)
    pin(box, OTHER)
    ccpin(box, "uninstall", JAVASCRIPT, "--force").ok()


def _shells(box: Box) -> None:
    box.env["SHELL"] = "/bin/bash"
    for name in (".bashrc", ".profile", ".zshrc"):
        (box.home / name).write_text("# mine\n")


def _set_up(box: Box) -> None:
    _shells(box)
    box.ccpin("setup").ok()


def _installed(box: Box) -> None:
    ccpin(box, "install", JAVASCRIPT).ok()
    ccpin(box, "install", OTHER).ok()
    ccpin(box, "sync", cwd=os.path.dirname(box.lock)) if box.lock.exists() else None


def _with_bundle(form: str) -> Callable[[Box], None]:
    def arrange(box: Box) -> None:
        pin(box, OTHER)
        ccpin(box, "bundle", "-o", form).ok()
        ccpin(box, "use", JAVASCRIPT, "--node", "22.23.2").ok()

    return arrange


def _much_unneeded(box: Box) -> None:
    """Releases that nobody needs, a project that is gone, and what killed processes left."""
    pin(box, OTHER)
    for version in ("2.1.113", "2.1.200"):
        ccpin(box, "install", version).ok()
    gone = box.folder("gone")
    pin(box, JAVASCRIPT, folder=gone)
    (gone / ".ccpin.lock").unlink()
    ccpin(box, "prune", "--keep", "9").ok()  # notes since when it is gone
    for name in ("2.1.331-" + "0" * 32, "2.1.332-" + "0" * 32):
        half = Path(box.layout.releases, name, ".staging-abc")
        half.mkdir(parents=True)
        (half / "claude").write_text("half")
        Path(box.layout.locks, f"{name}.lock").touch()


SCENES = (
    Scene("use: native from npm, after JavaScript", ("use", NATIVE), _pinned(JAVASCRIPT, installed=True)),
    Scene("use: JavaScript, the first lock", ("use", JAVASCRIPT), lambda box: None),
    Scene("use: a Node.js of the lock's own", ("use", "2.0.14", "--node", "22.23.2"), lambda box: None),
    Scene("sync: native from npm", ("sync",), _pinned(NATIVE)),
    Scene("sync: JavaScript", ("sync",), _pinned(JAVASCRIPT)),
    Scene("sync: a Node.js of the lock's own", ("sync",), _own_node),
    Scene("sync: a packed copy from the channel", ("sync", "--source", "native"), _pinned(NATIVE)),
    Scene("sync: a bundle", ("sync", "--from", "b.tar"), _bundled),
    Scene("sync: where one was killed before", ("sync",), _half_done, least=2),
    Scene("sync: anew, native", ("sync", "--force"), _pinned(NATIVE, installed=True), least=2),
    Scene("sync: anew, JavaScript", ("sync", "--force"), _pinned(JAVASCRIPT, installed=True), least=2),
    Scene("rollback", ("rollback",), _rolled),
    Scene("uninstall", ("uninstall", JAVASCRIPT, "--force"), _installed, least=4),
    Scene("setup", ("setup",), _shells, least=4),
    Scene("setup: undone", ("setup", "--undo"), _set_up, least=4),
    Scene("bundle: a folder over another", ("bundle", "-o", "b", "--platform", "all"), _with_bundle("b"), least=4),
    Scene("bundle: a tar over another", ("bundle", "-o", "b.tar"), _with_bundle("b.tar"), least=2),
    Scene("prune", ("prune", "--keep", "0"), _much_unneeded, least=4),
)
