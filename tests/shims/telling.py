"""What stands in for Claude Code, Python, Node.js and the next `claude`: it tells how it was called.

These tests start thousands of them. Where there is a C compiler, `tell.c` does for most of them what the text below
does, because nearly all the time of these tests would be Python's own start.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_TEXT = """import os, sys  # json would take longer than all the rest
def text(value): return os.fsencode(value).decode("latin-1")
def is_open(descriptor):
    try: os.fstat(descriptor)
    except OSError: return False
    return True
opened = [number for number in range(20) if is_open(number)]
try: cwd = os.getcwd()
except OSError: cwd = ""
call = {
    "file": text(os.path.abspath(__file__)),
    "argv": [text(word) for word in sys.argv[1:]],
    "env": {text(name): text(value) for name, value in os.environ.items()},
    "cwd": text(cwd),
    "pid": os.getpid(),
    "open": opened,
}
if "FAKE_STDIN" in os.environ: call["stdin"] = sys.stdin.read()
if "FAKE_RECORD" in os.environ:
    with open(os.environ["FAKE_RECORD"], "a") as file: file.write(ascii(call) + "\\n")
else: print(ascii(call))
if "FAKE_SIGNAL" in os.environ: os.kill(os.getpid(), int(os.environ["FAKE_SIGNAL"]))
if "FAKE_NEXT" in os.environ: os.execv(os.environ["FAKE_NEXT"], [os.environ["FAKE_NEXT"]] + sys.argv[1:])
sys.exit(int(os.environ.get("FAKE_EXIT", "0")))
"""

IN_PYTHON = f"#!{sys.executable} -IS\n{_TEXT}"


def fake() -> str:
    """The quicker one that this machine can have."""
    tell = compiled()
    return f"#!{tell}\n{_TEXT}" if tell else IN_PYTHON


@functools.cache
def compiled() -> Path | None:
    """`tell.c` as a program; None without a compiler that takes it."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform == "win32":
        return None
    folder = Path(tempfile.mkdtemp(prefix="ccpin-test-tell-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    source = Path(__file__).with_name("tell.c")
    python = sys.executable.replace("\\", "\\\\").replace('"', '\\"')
    argv = [compiler, "-O1", f'-DPYTHON="{python}"', "-o", str(folder / "tell"), str(source)]
    done = subprocess.run(argv, capture_output=True, check=False)
    return folder / "tell" if done.returncode == 0 else None
