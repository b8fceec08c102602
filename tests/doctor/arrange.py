"""How tests of the doctor begin: a machine on which all is well, with releases that read what the real ones read."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ccpin import platforms
from ccpin.doctor.context import Context, Machine, look
from ccpin.doctor.examine import Diagnosis, examine
from ccpin.doctor.finding import Finding
from ccpin.doctor.mechanisms import Mechanism
from ccpin.pinning.flags import TABLE
from ccpin.pinning.head import version_key
from tests.cli.arrange import ccpin, pin, set_up
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream

HERE = platforms.current()
SOUND = Machine("linux", HERE, frozenset(("sse2", "avx", "avx2")))
JAVASCRIPT = ("1.0.51", "2.0.14", "2.1.112")
NATIVE = ("2.1.113", "2.1.166", "2.1.200", "2.1.330")


def publish(upstream: Upstream) -> None:
    """Puts releases in place of the usual ones that hold the names which the real ones hold (ccpin's own table)."""
    for version in JAVASCRIPT:
        upstream.add_js(version, reads=reads(version))
    for version in NATIVE:
        upstream.add_native(version, reads=reads(version))


def reads(version: str) -> tuple[str, ...]:
    key = version_key(version)
    names = [
        name
        for name, flag in TABLE.items()
        if version_key(flag.first) <= key and (flag.last is None or key <= version_key(flag.last))
    ]
    return (*names, *(["--settings <file-or-json>"] if key >= (1, 0, 100) else []))


def arrange(box: Box, spec: str = "2.1.330", profile: str = "default") -> None:
    """A pinned project with the flags of a profile, and the shim first on PATH."""
    pin(box, spec)
    set_up(box)
    if profile != "default":
        ccpin(box, "env", "profile", profile).ok()


def context(box: Box, *, machine: Machine = SOUND, now: float | None = None) -> Context:
    before = os.getcwd()
    os.chdir(box.project)
    try:
        return look(dict(box.env), box.layout, machine, time.time() if now is None else now)
    finally:
        os.chdir(before)


def diagnose(box: Box, *, machine: Machine = SOUND, now: float | None = None) -> Diagnosis:
    """What `ccpin doctor` finds in the project, on that machine, at that time."""
    found = context(box, machine=machine, now=now)
    before = os.getcwd()
    os.chdir(box.project)
    try:
        return examine(found)
    finally:
        os.chdir(before)


def findings(box: Box, id: str, *, machine: Machine = SOUND, now: float | None = None) -> list[Finding]:  # noqa: A002
    """Those of one check."""
    return [found for found in diagnose(box, machine=machine, now=now).findings if found.id == id]


def levels(box: Box, id: str, *, machine: Machine = SOUND, now: float | None = None) -> list[str]:  # noqa: A002
    return [found.level for found in findings(box, id, machine=machine, now=now)]


def mechanism(box: Box, number: int) -> Mechanism:
    return diagnose(box).mechanisms[number - 1]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
