"""`ccpin check`: no fault is passed over, and a good machine has none."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.doctor.check import Checked, check
from ccpin.pinning.lock import Lock, parse, render
from ccpin.store.entry import install_folder
from ccpin.store.fetch import LONG_AGO_NS
from tests.cli.arrange import pin, set_up
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude, fake_node
from tests.fakes.registry import Registry
from tests.store.nodes import install_with_node, lock_with_node

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

HERE = platforms.current()


@pytest.fixture(params=["2.1.330", "2.0.14"])
def good(request: pytest.FixtureRequest, box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A machine on which all is well."""
    set_up(box)
    pin(box, request.param)
    monkeypatch.chdir(box.project)
    return box


def look(box: Box, *, deep: bool = False, lock_only: bool = False) -> Checked:
    return check(box.layout, box.env, deep=deep, lock_only=lock_only)


def codes(box: Box, *, deep: bool = False, lock_only: bool = False) -> list[str]:
    return [fault.code for fault in look(box, deep=deep, lock_only=lock_only).faults]


def unlock(box: Box) -> Path:
    """The executable, made writable."""
    path = Path(look(box).executable or "")
    for folder, _, _ in os.walk(box.layout.releases):
        os.chmod(folder, 0o755)
    path.chmod(0o755)
    return path


def test_all_is_well(good: Box) -> None:
    before = good.snapshot()
    found = look(good, deep=True)
    assert found.faults == ()
    assert found.lock == str(good.lock)
    assert found.executable is not None
    assert good.snapshot() == before


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda box: box.lock.unlink(), "no-lock"),
        (lambda box: box.lock.write_text("<<<<<<< a\n"), "lock-conflict"),
        (
            lambda box: _replace(box, 'UPDATES = "1"', 'UPDATES = "0"'),
            "flag-refused",
        ),
        (lambda box: _replace(box, '"sha256:', '"sha256:0'), "lock-invalid"),
        (lambda box: Path(box.layout.minimum_version).write_text("2.2.0\n"), "below-minimum"),
    ],
)
def test_the_lock(good: Box, damage: Callable[[Box], object], code: str) -> None:
    damage(good)
    assert codes(good) == codes(good, lock_only=True) == [code]


def test_a_machine_that_is_not_locked(good: Box) -> None:
    lock = _lock(good)
    if lock.runtime == "node":
        return
    others = {p: a for p, a in lock.artifacts.items() if p != HERE}
    good.lock.write_text(render(dataclasses.replace(lock, artifacts=others)))
    assert codes(good) == ["platform-not-locked"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes() + b"!"),
        lambda path: os.utime(path),
        lambda path: path.unlink(),
        lambda path: path.chmod(0o444),
    ],
)
def test_a_changed_install(good: Box, damage: Callable[[Path], object]) -> None:
    damage(unlock(good))
    assert codes(good) == ["entry-changed"]
    assert codes(good, lock_only=True) == []


def test_bytes_that_only_hashing_sees(good: Box) -> None:
    path = unlock(good)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert codes(good) == []
    assert codes(good, deep=True) == ["entry-changed"]


def test_a_receipt_that_was_made_to_fit(good: Box) -> None:
    """Executable and receipt changed alike: the lock still says otherwise."""
    path = unlock(good)
    receipt = path.parent / "receipt.json"
    if _lock(good).runtime == "node":
        return
    sha256 = _lock(good).artifacts[HERE].sha256 or ""
    receipt.chmod(0o644)
    receipt.write_text(receipt.read_text().replace(sha256, "0" * 64))
    assert "entry-changed" in codes(good)


def test_not_installed(good: Box) -> None:
    unlock(good)
    shutil.rmtree(good.layout.releases)
    assert codes(good) == ["not-installed"]
    assert codes(good, lock_only=True) == []


class TestANodeOfTheLockSOwn:
    @pytest.fixture
    def own(self, box: Box, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Box:
        """2.0.14 with a Node.js of the lock's own, and none on PATH."""
        set_up(box)
        lock = lock_with_node(pin(box, "2.0.14"), registry)
        box.lock.write_text(render(lock))
        install_with_node(box.layout, lock, registry)
        (box.bin / "node").unlink()
        monkeypatch.chdir(box.project)
        return box

    def test_all_is_well(self, own: Box) -> None:
        found = look(own, deep=True)
        assert found.faults == ()
        assert (found.executable or "").endswith("cli.js")

    def test_it_was_changed(self, own: Box) -> None:
        node = Path(install_folder(own.layout, _lock(own)), "node")
        node.parent.chmod(0o755)
        node.chmod(0o755)
        node.write_bytes(node.read_bytes()[:-1] + b"!")
        os.utime(node, ns=(LONG_AGO_NS, LONG_AGO_NS))
        assert codes(own) == []
        assert codes(own, deep=True) == ["entry-changed"]
        os.utime(node)
        assert codes(own) == ["entry-changed"]
        node.unlink()
        assert codes(own) == ["entry-changed"]

    def test_the_lock_gives_it_another_number(self, own: Box) -> None:
        own.lock.write_text(own.lock.read_text().replace('node = "22.23.2"', 'node = "20.0.0"'))
        [fault] = look(own).faults
        assert fault.code == "entry-changed"
        assert "its receipt is of Node.js 22.23.2, and the lock's is 20.0.0" in fault.message

    def test_it_is_not_locked_for_this_machine(self, own: Box) -> None:
        lock = _lock(own)
        others = {key: artifact for key, artifact in lock.artifacts.items() if key != f"node-{HERE}"}
        own.lock.write_text(render(dataclasses.replace(lock, artifacts=others)))
        assert codes(own) == codes(own, lock_only=True) == ["node-not-locked"]


def test_the_node(good: Box) -> None:
    fake_node(good.bin, "16.0.0")
    assert codes(good) == (["node-unfit"] if _lock(good).runtime == "node" else [])


def test_the_shim(good: Box) -> None:
    good.env["PATH"] = f"{good.bin}{os.pathsep}{good.env['PATH']}"
    own = fake_claude(good.bin)
    (fault,) = look(good).faults
    assert str(own) in fault.message
    own.unlink()
    good.env["PATH"] = str(good.bin)
    (fault,) = look(good).faults
    assert "not on this PATH" in fault.message or "is not found" in fault.message
    shim = Path(good.layout.shim())
    shim.chmod(0o755)
    shim.write_text("#!/bin/sh\n")
    (fault,) = look(good).faults
    assert "of another ccpin" in fault.message
    shim.unlink()
    (fault,) = look(good).faults
    assert "is not installed" in fault.message
    assert fault.code == "not-set-up"


def test_every_fault_at_once(good: Box) -> None:
    unlock(good).unlink()
    Path(good.layout.shim()).unlink()
    assert codes(good) == ["entry-changed", "not-set-up"]


def _replace(box: Box, old: str, new: str) -> None:
    box.lock.write_text(box.lock.read_text().replace(old, new))


def _lock(box: Box) -> Lock:
    return parse(box.lock.read_bytes(), "")
