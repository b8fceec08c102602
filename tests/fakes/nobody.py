"""Running Python as a user without privileges, for tests about permissions that root would pass."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

UID = 65534
_PROBE = "import sys, ccpin, psutil, packaging, requests, tomlkit; print(*sys.version_info[:2])"


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def credentials() -> dict[str, Any]:
    """For subprocess."""
    return {"user": UID, "group": UID, "extra_groups": []}


def interpreter(repository: Path) -> tuple[str, str]:
    """(python, PYTHONPATH) that uid 65534 can use to run ccpin.

    This interpreter may lie in a private folder (below /root, say). Then the system's does, when it is of the same
    minor version, over this one's packages. Where neither can, the test is skipped, or fails on CI.
    """
    found = _find(str(repository))
    if found is None:
        reason = f"uid {UID} can run no Python {_version()} with ccpin's packages ({sys.executable} is private)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


@functools.cache
def _find(repository: str) -> tuple[str, str] | None:
    path = os.pathsep.join([repository, str(Path(requests.__file__).parent.parent)])
    folders = ("/usr/bin", "/usr/local/bin", "/opt/python/bin")
    for python in (sys.executable, *(f"{folder}/python{_version()}" for folder in folders)):
        if _works(python, path):
            return python, path
    return None


def _works(python: str, path: str) -> bool:
    try:
        done = subprocess.run(
            [python, "-c", _PROBE],
            env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **credentials(),
        )
    except OSError:  # not there, or not executable for that user
        return False
    return done.returncode == 0 and done.stdout.split() == _version().split(".")
