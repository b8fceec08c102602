"""Checks of the machine: what a native executable needs of it; and of a supervisor that runs on it."""

from __future__ import annotations

from collections.abc import Iterator

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding
from ccpin.launching.background import supervisor

_X64 = ("linux-x64", "linux-x64-musl")


def check_cpu(context: Context) -> Iterator[Finding]:
    """AVX: native x64 releases end with "Illegal instruction" without it. On macOS and Windows nobody says it."""
    if not _native(context) or context.machine.platform not in _X64 or context.machine.cpu_flags is None:
        return
    if "avx" in context.machine.cpu_flags:
        yield Finding("cpu-avx", "ok", "this processor has AVX, which native releases need")
    else:
        line = f'this processor has no AVX: {context.version} ends with "Illegal instruction"'
        evidence = ("/proc/cpuinfo: flags; up to 2.1.112 there are JavaScript releases, which do not need it",)
        yield Finding("cpu-avx", "problem", line, evidence, "ccpin use 2.1.112 --runtime node")


def check_libc(context: Context) -> Iterator[Finding]:
    """musl: native releases need more than the system brings along."""
    platform = context.machine.platform
    if not _native(context) or platform is None or not platform.endswith("-musl"):
        return
    needs = "it needs libgcc, libstdc++ and ripgrep of this system, and USE_BUILTIN_RIPGREP=0 in its environment"
    evidence = ("as upstream documents it for Alpine",)
    if context.env.get("USE_BUILTIN_RIPGREP") == "0":
        yield Finding("libc", "ok", "musl: the system's ripgrep is used", evidence)
    else:
        line = f"this system has musl: {context.version} runs as {platform}; {needs}"
        yield Finding("libc", "note", line, evidence, "apk add libgcc libstdc++ ripgrep")


def check_rosetta(context: Context) -> Iterator[Finding]:
    """Rosetta: it has no AVX, so ccpin takes the release for Apple's own processor."""
    if context.machine.translated:
        line = f"this Python runs under Rosetta; Claude Code does not: it is installed for {context.machine.platform}"
        yield Finding("rosetta", "note", line)


def check_supervisor(context: Context) -> Iterator[Finding]:
    """A background supervisor does its work with its own release, whoever asks."""
    running = supervisor(context.env)
    if running is None:
        return
    evidence = (f"process {running.pid}, {running.file}",)
    if context.pin is None or running.version == context.version:
        yield Finding("supervisor", "ok", f"a background supervisor of {running.version} runs", evidence)
    else:
        line = f"a background supervisor of {running.version} runs; its work would not be done by {context.version}"
        yield Finding("supervisor", "warning", line, evidence, "claude daemon stop --any")


def _native(context: Context) -> bool:
    return context.lock is not None and context.lock.runtime == "native"
