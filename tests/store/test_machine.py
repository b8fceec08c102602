"""For which machine an executable is: told by its header, and refused only where that says another one."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.errors import BadArchive
from ccpin.store.machine import machine_of, require_machine


def elf(machine: int) -> bytes:
    return b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 2, machine)


def pe(machine: int, at: int = 128) -> bytes:
    return b"MZ".ljust(60, b"\0") + struct.pack("<I", at) + bytes(at - 64) + b"PE\0\0" + struct.pack("<H", machine)


HEADS = {
    "linux-x64": elf(0x3E),
    "linux-arm64": elf(0xB7),
    "linux-another": elf(0x28),
    "darwin-x64": b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x01000007),
    "darwin-arm64": b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C),
    "win32-x64": pe(0x8664),
    "win32-arm64": pe(0xAA64, 4000),
    "win32-another": pe(0x14C),
}
NONE = (
    b"", b"#!/bin/sh\n", b"MZ", b"MZ" + bytes(100), b"MZ".ljust(60, b"\0") + b"\xff\xff\xff\xff", b"\x7fEL",
    b"\xca\xfe\xba\xbe" + bytes(40), b"\0asm",
)  # fmt: skip


@pytest.mark.parametrize("machine", HEADS)
def test_told(machine: str) -> None:
    assert machine_of(HEADS[machine]) == machine


@pytest.mark.parametrize("head", NONE, ids=repr)
def test_not_told(head: bytes) -> None:
    assert machine_of(head) is None


def test_a_header_that_is_cut_off_is_no_machine_of_ours() -> None:
    assert {machine_of(HEADS[machine][:5]) for machine in HEADS if machine.startswith("linux")} == {"linux-another"}


@pytest.mark.parametrize("platform", platforms.ALL)
def test_only_its_own(tmp_path: Path, platform: str) -> None:
    path = tmp_path / "claude"
    for machine, head in HEADS.items():
        path.write_bytes(head.ljust(9000, b"\0"))
        if machine == platform.removesuffix("-musl"):
            require_machine("it", str(path), platform)
            continue
        with pytest.raises(BadArchive, match=f"its executable is for {machine}, and not for {platform}"):
            require_machine("it", str(path), platform)
    for head in NONE:
        path.write_bytes(head)
        require_machine("it", str(path), platform)


@pytest.mark.skipif(sys.platform != "linux", reason="a Python elsewhere may hold code for several machines")
def test_this_very_python_is_for_this_machine() -> None:
    require_machine("it", sys.executable, platforms.current())
