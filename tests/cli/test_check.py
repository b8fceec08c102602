"""`ccpin check`: every kind of trouble is found, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.arrange import OTHERS, ccpin, edit, pin, pin_default, relock, set_up
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude, fake_node
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def executable(box: Box) -> Path:
    [found] = Path(box.layout.releases).glob("*/*/claude")
    return found.resolve()


def codes(box: Box, *options: str) -> list[str]:
    done = ccpin(box, "check", "--json", *options)
    assert done.code == (1 if done.json["errors"] else 0)
    return [error["code"] for error in done.json["errors"]]


@pytest.mark.parametrize("spec", ["2.0.14", "2.1.166", "2.1.330"])
def test_all_is_well(box: Box, registry: Registry, spec: str) -> None:
    pin(box, spec)
    set_up(box)
    registry.stop()  # no network is needed to know
    before = box.snapshot()
    assert ccpin(box, "check").ok().out == f"Claude Code {spec}: as locked\n"
    assert ccpin(box, "check", "--deep").ok().err == ""
    assert ccpin(box, "check", "--lock-only").ok().out == f"Claude Code {spec}: the lock is valid\n"
    data = ccpin(box, "check", "--json").ok().json["data"]
    where = {"lock": str(box.lock), "executable": str(executable(box))}
    assert data == {"version": spec, **where, "deep": False, "wire": False, "sent": {}, "notes": []}
    assert box.snapshot() == before


def test_the_default_counts_outside_of_a_project(box: Box) -> None:
    pin_default(box, "2.0.14")
    set_up(box)
    assert ccpin(box, "check", cwd="/").ok().out == "Claude Code 2.0.14: as locked\n"


# --- what can be wrong --------------------------------------------------------------------------------


def no_lock(box: Box) -> None:
    box.lock.unlink()


def bad_lock(box: Box) -> None:
    edit(box, "[env]\n", '[env]\nHTTPS_PROXY = "http://127.0.0.1/"\n')


def other_digest(box: Box) -> None:
    edit(box, "size = ", "size = 1")


def not_here(box: Box) -> None:
    relock(box, artifacts={p: a for p, a in pin(box, "2.1.330").artifacts.items() if p in OTHERS})


def too_old(box: Box) -> None:
    Path(box.layout.minimum_version).write_text("3.0.0\n")


def gone(box: Box) -> None:
    Path(box.layout.releases).rename(box.root / "elsewhere")


def longer(box: Box) -> None:
    path = executable(box)
    path.chmod(0o755)
    path.write_bytes(path.read_bytes() + b"\n")


def touched(box: Box) -> None:
    os.utime(executable(box))


def deleted(box: Box) -> None:
    executable(box).parent.chmod(0o755)
    executable(box).unlink()


def old_receipt(box: Box) -> None:
    os.utime(executable(box).with_name("receipt.json"), (0, 0))


def receipt_of_another(box: Box) -> None:
    receipt = executable(box).with_name("receipt.json")
    receipt.chmod(0o644)
    receipt.write_text(receipt.read_text().replace('"size": ', '"size": 1'))


def broken_receipt(box: Box) -> None:
    receipt = executable(box).with_name("receipt.json")
    receipt.chmod(0o644)
    receipt.write_text("{")


def no_shim(box: Box) -> None:
    Path(box.layout.shim()).unlink()


def other_shim(box: Box) -> None:
    shim = Path(box.layout.shim())
    shim.write_text(shim.read_text() + "\n")


def not_on_path(box: Box) -> None:
    box.env["PATH"] = box.env["PATH"].partition(os.pathsep)[2]


def another_first(box: Box) -> None:
    fake_claude(box.root / "theirs")
    box.env["PATH"] = f"{box.root}/theirs{os.pathsep}{box.env['PATH']}"


@pytest.mark.parametrize(
    ("break_it", "code", "says"),
    [
        (no_lock, "no-lock", "no `.ccpin.lock`"),
        (bad_lock, "flag-refused", "`HTTPS_PROXY`"),
        (other_digest, "digest-mismatch", "[artifacts] make"),
        (not_here, "platform-not-locked", "not for this machine"),
        (too_old, "below-minimum", "3.0.0"),
        (gone, "not-installed", "not installed on this machine"),
        (longer, "entry-changed", "bytes, not"),
        (touched, "entry-changed", "written to since"),
        (deleted, "entry-changed", "no such file"),
        (old_receipt, "entry-changed", "receipt is older"),
        (receipt_of_another, "entry-changed", ""),
        (broken_receipt, "not-installed", "not installed"),
        (no_shim, "not-set-up", "the shim is not installed"),
        (other_shim, "not-set-up", "of another ccpin"),
        (not_on_path, "not-set-up", "`claude` is not on this PATH; this shell finds the shim after `. "),
        (another_first, "not-set-up", "theirs/claude, not the shim; this shell"),
    ],
)
def test_a_trouble_is_found(box: Box, break_it: Callable[[Box], None], code: str, says: str) -> None:
    pin(box, "2.1.330")
    set_up(box)
    break_it(box)
    before = box.snapshot()
    [error] = ccpin(box, "check", "--json").failed().json["errors"]
    assert error["code"] == code
    assert says in error["message"]
    text = ccpin(box, "check").failed()
    assert text.err == f"ccpin: {error['message']}\n  {error['hint']}\n"
    assert text.out == ""
    assert box.snapshot() == before


def test_all_troubles_are_said_at_once(box: Box) -> None:
    pin(box, "2.0.14")
    set_up(box)
    (box.bin / "node").unlink()
    touched(box)
    another_first(box)
    assert codes(box) == ["entry-changed", "node-missing", "not-set-up"]
    fake_node(box.bin, "16.0.0")
    assert codes(box) == ["entry-changed", "node-unfit", "not-set-up"]


class TestDeep:
    @pytest.mark.parametrize("spec", ["2.0.14", "2.1.330"])
    def test_a_byte_that_changed_behind_everybodys_back(self, box: Box, spec: str) -> None:
        pin(box, spec)
        set_up(box)
        path = executable(box)
        times = path.stat()
        path.chmod(0o755)
        data = bytearray(path.read_bytes())
        data[-2] ^= 1
        path.write_bytes(bytes(data))
        path.chmod(0o555)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert codes(box) == []
        assert codes(box, "--deep") == ["entry-changed"]

    def test_any_file_of_a_javascript_release(self, box: Box) -> None:
        pin(box, "2.0.14")
        set_up(box)
        [rg] = Path(box.layout.releases).glob("*/any/package/vendor/ripgrep/x64-linux/rg")
        times = rg.stat()
        rg.chmod(0o755)
        rg.write_bytes(rg.read_bytes().replace(b"fake", b"evil"))
        os.utime(rg, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert codes(box) == []
        assert codes(box, "--deep") == ["entry-changed"]


class TestLockOnly:
    def test_looks_at_the_lock_alone(self, box: Box) -> None:
        pin(box, "2.1.330")
        gone(box)
        assert codes(box) == ["not-installed", "not-set-up"]
        assert codes(box, "--lock-only") == []

    @pytest.mark.parametrize(
        ("break_it", "code"),
        [(bad_lock, "flag-refused"), (not_here, "platform-not-locked"), (too_old, "below-minimum")],
    )
    def test_and_finds_what_is_wrong_there(self, box: Box, break_it: Callable[[Box], None], code: str) -> None:
        pin(box, "2.1.330")
        break_it(box)
        assert codes(box, "--lock-only") == [code]


@pytest.mark.parametrize(("name", "value"), [("CCPIN_DISABLE", "1"), ("CCPIN_VERSION", "2.0.15")])
def test_a_variable_that_overrules_the_lock(box: Box, name: str, value: str) -> None:
    pin(box)
    set_up(box)
    box.put_shims_first()
    ccpin(box, "check").ok()
    done = ccpin(box, "check", env={name: value}).failed()
    assert f"{name} is set, so `claude` does not start what the lock says" in done.err
    assert f"`unset {name}`" in done.err


def test_a_version_that_the_request_does_not_mean(box: Box) -> None:
    pin(box)
    edit(box, 'request = "2.0.14"', 'request = "2.1"')
    assert "is not what its request `2.1` means" in ccpin(box, "check", "--lock-only").failed().err
