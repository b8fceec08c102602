"""The project's own .npmrc, which npm would read and ccpin does not: whoever wrote the clone would choose where the
executable comes from. Where it names another registry than the one that is asked, it is named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from ccpin.net import shown
from ccpin.pinning.find import read_plain
from ccpin.releases.npmrc import SCOPE, NpmConfig, expand, keys

_MAX_BYTES = 1 << 20
_MOST_FOLDERS = 100


def passed_over(folder: str, config: NpmConfig, env: Mapping[str, str], asked: str) -> str | None:
    """The sentence about the .npmrc that npm would have read in `folder`, when by it npm would ask another registry
    than `asked`; else None. Variables are expanded to compare, and not to show: they may be secrets."""
    for path in _files(folder, config):
        try:
            text = read_plain(path, _MAX_BYTES).decode("utf-8-sig", errors="replace")
        except (OSError, ValueError):
            continue
        said = {expand(key, env): (value, line) for key, value, line in keys(text)}
        for key in (f"{SCOPE}:registry", "registry"):
            own = config.said(key)
            if own and (own.rank == 0 or key not in said):
                return None  # the environment beats a project's file, and the scope's registry the general one
            if key in said:
                value, line = said[key]
                if _same(expand(value, env), asked):
                    return None
                return (
                    f"note: {path}:{line} names another registry, {shown(value)}: "
                    f"ccpin never reads a project's .npmrc, and asks {shown(asked)}"
                )
        return None  # only the nearest counts
    return None


def _files(folder: str, config: NpmConfig) -> Iterator[str]:
    """Where npm may look: in the folder, and beside each package.json above it. The user's own files are no
    project's."""
    for number in range(_MOST_FOLDERS):
        path = os.path.join(folder, ".npmrc")
        beside = number == 0 or os.path.exists(os.path.join(folder, "package.json"))
        if beside and os.path.isfile(path) and not any(_is_one(path, own) for own in config.files):
            yield path
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _is_one(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _same(one: str, other: str) -> bool:
    return one.strip().rstrip("/") == other.rstrip("/")
