"""The Node.js that a JavaScript release runs on: the first on PATH, checked against what the release wants.

Checking starts a process, so its outcome is kept as a link beside the install: as long as `node` on PATH is that very
file, `shims/claude` starts without asking again. Relative entries of PATH are passed over: what stands in the current
folder is the clone's, not the user's.

On the launch path: what only a check needs is imported for one.
"""

from __future__ import annotations

import os
import sys

from ccpin.checkpoints import checkpoint
from ccpin.errors import NodeMissing, NodeUnfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def find_executable(name: str, path: str) -> str | None:
    """The first executable file `name` in the absolute folders of `path` (a PATH)."""
    suffixes = (".exe",) if sys.platform == "win32" else ("",)
    for folder in path.split(os.pathsep):
        for suffix in suffixes:
            candidate = os.path.join(folder, name + suffix)
            if os.path.isabs(folder) and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
                return candidate
    return None


def require_node(env: dict[str, str], engines: str | None, version: str) -> str:
    """The path of a Node.js that fits `engines` (`>=18.0.0`). Raises NodeMissing, NodeUnfit."""
    from ccpin.releases.engines import DEFAULT, fits

    wanted = engines or DEFAULT
    node = find_executable("node", env.get("PATH", ""))
    if node is None:
        raise NodeMissing(version=version, engines=wanted)
    found = _version(node, env)
    if found is None:
        raise NodeUnfit(version=version, engines=wanted, path=node, found="does not answer `--version`")
    if not fits(found, wanted):
        raise NodeUnfit(version=version, engines=wanted, path=node, found=f"is {'.'.join(map(str, found))}")
    return node


def checked_node(
    env: dict[str, str], link: str, engines: Callable[[], str | None], version: str, *, also: str | None = None
) -> str:
    """The first `node` on PATH, if `link` says that it was checked, or `also`, a link that is only read; else it is
    checked now, and `link` made to say so.

    `engines` gives the range that the release wants. Raises NodeMissing, NodeUnfit.
    """
    found = find_executable("node", env.get("PATH", ""))
    if found is None or not (is_checked(found, link) or (also and is_checked(found, also))):
        found = require_node(env, engines(), version)
        remember_node(found, link)
    return found


def is_checked(node: str, link: str) -> bool:
    """Whether `link` says that this very file was checked."""
    try:
        return os.path.samefile(node, link)
    except OSError:
        return False


def remember_node(node: str, link: str) -> None:
    """Makes `link` lead to `node`. A store that cannot be written only makes the next start slower."""
    if sys.platform == "win32" or is_checked(node, link):
        return
    draft = f"{link}.draft"  # of one name, so that a killed process leaves nothing that stays
    try:
        if not os.path.isdir(os.path.dirname(link)):  # the release is a shared store's
            from ccpin.files import make_folder

            make_folder(os.path.dirname(link))
        if os.path.lexists(draft):
            os.unlink(draft)
        os.symlink(os.path.realpath(node), draft)
        try:
            checkpoint("install: node drafted")
            os.replace(draft, link)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError:
        return


def _version(node: str, env: dict[str, str]) -> tuple[int, ...] | None:
    import subprocess

    try:
        answer = subprocess.run(
            [node, "--version"],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    import re

    found = re.match(r"v(\d{1,6})\.(\d{1,6})\.(\d{1,6})", answer.stdout)
    return tuple(map(int, found.groups())) if found and answer.returncode == 0 else None
