"""The Python that runs ccpin in tests: one in which `python -I` finds the ccpin of this checkout."""

from __future__ import annotations

import atexit
import functools
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import requests

import ccpin

REPOSITORY = Path(ccpin.__file__).resolve().parent.parent


@functools.cache
def with_ccpin() -> str:
    """This Python, if this ccpin is installed in it. Else that of an environment which borrows its packages:
    `ccpin setup` and the shims call Python with `-I`, which looks at no PYTHONPATH."""
    return sys.executable if _finds_ccpin(sys.executable) else borrowing()


def _finds_ccpin(python: str) -> bool:
    probe = "import ccpin; print(ccpin.__file__)"
    done = subprocess.run([python, "-I", "-c", probe], capture_output=True, text=True, check=False)
    return os.path.realpath(done.stdout.strip()) == os.path.realpath(ccpin.__file__)


def borrowing() -> str:
    folder = Path(tempfile.mkdtemp(prefix="ccpin-test-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    venv.create(folder, symlinks=os.name == "posix")
    windows = os.name == "nt"
    lib = folder / "Lib" if windows else next(folder.glob("lib/python*"))
    packages = Path(requests.__file__).parent.parent
    # addsitedir, and not a bare line, because the packages' own .pth files count too (coverage has one). This checkout
    # stands first: another one may be installed among those packages.
    line = f"{REPOSITORY}\nimport site; site.addsitedir({str(packages)!r})\n"
    (lib / "site-packages" / "ccpin-tests.pth").write_text(line, encoding="utf-8")
    return str(folder / ("Scripts/python.exe" if windows else "bin/python"))


def stand_in(path: Path) -> None:
    """A `python3` that is the one of the tests; but it makes an environment in no time: pip, which takes seconds to be
    unpacked, is that of the tests."""
    import pip

    packages = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    path.write_text(
        f"""#!/bin/sh
case "$1 $2 $3" in
  '-I -m venv') {shlex.quote(sys.executable)} -I -m venv --without-pip "$4" || exit
    exec ln -sfn {shlex.quote(os.path.dirname(pip.__file__))} "$4/{packages}/pip" ;;
esac
exec {shlex.quote(sys.executable)} "$@"
"""
    )
    path.chmod(0o755)
