"""The platforms that Claude Code is published for, and which of them this machine is.

Names are upstream's own: `<os>-<cpu>[-musl]`. `any` stands for a JavaScript release, which has one
artifact for all of them.
"""

from __future__ import annotations

import os
import sys

from ccpin.errors import UnsupportedPlatform

ALL = (
    "darwin-arm64",
    "darwin-x64",
    "linux-arm64",
    "linux-arm64-musl",
    "linux-x64",
    "linux-x64-musl",
    "win32-arm64",
    "win32-x64",
)
ANY = "any"

_CPUS = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}


def current() -> str:
    """The platform of this process. Raises UnsupportedPlatform where upstream has none."""
    if sys.platform == "win32":
        # A 32-bit or emulated Python reports its own architecture; the second variable is the machine's.
        machine = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE", "")
        return name("win32", machine)
    uname = os.uname()
    return name(sys.platform, uname.machine, musl=_is_musl(), translated=_is_translated(uname.machine))


def name(system: str, machine: str, *, musl: bool = False, translated: bool = False) -> str:
    """Upstream's name for a machine.

    `system` is `sys.platform`, `machine` what uname calls the processor; `translated` is x64 code under
    Rosetta, which has no AVX, so that only the arm64 build runs there.
    """
    cpu = _CPUS.get(machine.lower())
    system = "linux" if system.startswith("linux") else system
    if cpu is None or system not in ("linux", "darwin", "win32"):
        raise UnsupportedPlatform(platform=f"{system} on {machine or 'an unknown processor'}")
    if translated and system == "darwin":
        cpu = "arm64"
    return f"{system}-{cpu}-musl" if musl and system == "linux" else f"{system}-{cpu}"


def executable_name(platform: str) -> str:
    """The file name of the native executable, as in upstream's packages."""
    return "claude.exe" if platform.startswith("win32") else "claude"


def _is_musl() -> bool:
    """Whether this Python runs on musl. A musl loader somewhere on the disk says nothing: a glibc machine
    with a cross compiler has one too."""
    try:
        return "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or "")
    except (ValueError, OSError):  # the name is glibc's own
        return True


def _is_translated(machine: str) -> bool:
    if sys.platform != "darwin" or machine != "x86_64":
        return False
    import ctypes

    answer, size = ctypes.c_int(0), ctypes.c_size_t(4)
    libc = ctypes.CDLL(None)
    found = libc.sysctlbyname(b"sysctl.proc_translated", ctypes.byref(answer), ctypes.byref(size), None, 0)
    return bool(found == 0 and answer.value)
