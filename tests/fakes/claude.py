"""The fake Claude Code, native and JavaScript, and the fake Node.js that everyday tests run the latter with.

What they do and which knobs they have stands in program.py.
"""

from __future__ import annotations

import base64
import functools
import os
import random
import shlex
import sys
from pathlib import Path

_BODY = "\n\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("program.py", "talking.py"))
_SCRIPT = Path(__file__).with_name("program.js").read_text(encoding="utf-8")

# Older kernels cut the first line of a script at 127 bytes.
_SHEBANG_LIMIT = 120


def native(version: str, platform: str = "", *, pad: int = 0, hard: bool = False, reads: tuple[str, ...] = ()) -> bytes:
    """An executable that answers as Claude Code `version`.

    `pad` adds about that many bytes, `hard` ones that do not compress. `reads` are names of environment
    variables that occur in the file, as in the releases that read them.
    """
    source = f"{_BODY}\n\nbehave({version!r}, 'native', sys.argv[0], sys.argv[1:])\n"
    facts = f"# // Version: {version}\n# // Platform: {platform}\n" + "".join(f"# {name}\n" for name in reads)
    return python_script(source + facts) + _padding("# ", version + platform, pad, hard)


def javascript(
    version: str, *, said: bool = True, pad: int = 0, hard: bool = False, reads: tuple[str, ...] = ()
) -> bytes:
    """The entry point of a JavaScript release; `said` puts the version into its head, as from 1.0 on."""
    head = "#!/usr/bin/env node\n// A fake.\n\n" + (f"// Version: {version}\n\n" if said else "")
    names = "".join(f"// {name}\n" for name in reads)
    text = f'{head}const VERSION = "{version}";\n{names}{_SCRIPT}'
    return text.encode() + _padding("// ", version, pad, hard)


def node(version: str) -> bytes:
    """An executable that says `v20.11.0`, and runs a release's entry point by doing what the fake `claude` does, with
    the version from the package.json beside the script."""
    return python_script(f"{_BODY}\n\nnode({version!r})\n")


def fake_node(folder: str | os.PathLike[str], version: str = "20.11.0") -> Path:
    """Write an executable named `node` into `folder`."""
    path = Path(folder, "node")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(node(version))
    path.chmod(0o755)
    return path


def fake_claude(folder: str | os.PathLike[str], version: str = "9.9.9") -> Path:
    """Write an executable named `claude` into `folder`: one that somebody installed without ccpin."""
    path = Path(folder, "claude")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(native(version, "somebody's own"))
    path.chmod(0o755)
    return path


def python_script(source: str, python: str | None = None) -> bytes:
    """An executable text that runs `source`, whatever environment it is given.

    The interpreter is named in the first line, because /bin/sh would add PWD and others to the environment
    that a test wants to see; only where the path is too long, or has a blank, does sh stand between.
    """
    python = python or any_python()
    if len(python) <= _SHEBANG_LIMIT and not any(blank in python for blank in " \t\n"):
        return f"#!{python} -IS\n{source}".encode()
    # Read by both: for Python the relay is a string, for sh a command.
    relay = f"''':'\nexec {shlex.quote(python)} -IS \"$0\" \"$@\"\n'''"
    return f"#!/bin/sh\n{relay}\n{source}".encode()


@functools.cache
def any_python() -> str:
    """An interpreter that every user of this machine may run: this one, unless its folder is private."""
    own = os.path.realpath(sys.executable)
    for path in (own, "/usr/bin/python3", "/usr/local/bin/python3"):
        if os.path.exists(path) and _open_to_all(path):
            return path
    return own


def _open_to_all(path: str) -> bool:
    real = Path(os.path.realpath(path))
    return all(place.stat().st_mode & 0o001 for place in (real, *real.parents))


def _padding(comment: str, seed: str, size: int, hard: bool) -> bytes:
    """About `size` bytes of comment lines, the same for the same seed."""
    if size <= 0:
        return b""
    width = 4096
    line = random.Random(seed)
    prefix = comment.encode()
    lines = (
        prefix + (base64.b64encode(line.randbytes(width * 3 // 4)) if hard else b"." * width) + b"\n"
        for _ in range(-(-size // width))
    )
    return b"".join(lines)
