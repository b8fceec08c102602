"""What a file called `claude` is, and of which version, without starting it: read from what lies beside it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ccpin.doctor.reading import read_object, read_text, same_file
from ccpin.paths import Home
from ccpin.pinning.head import is_version
from ccpin.store.receipt import read_install

UNKNOWN = "version unknown"
_HEAD = 16 << 10  # bytes: a JavaScript release names itself in the first lines, a shim its Python
_VERSION = re.compile(r"^// Version: (\d+\.\d+\.\d+)$", re.MULTILINE)
_PACKAGE = "@anthropic-ai/claude-code"
_UP = 3  # folders from an executable to its package.json
_PLACES = (
    ("/Caskroom/", "Homebrew's"),
    ("/mise/installs/", "mise's"),
    ("/asdf/installs/", "asdf's"),
    ("/.volta/", "Volta's"),
    ("/claude/versions/", "the native installer's"),
)


@dataclass(frozen=True)
class Program:
    """One `claude`. `version` is None where no file says it; `shim`: it is one of ccpin's, of this home or another."""

    path: str
    kind: str
    version: str | None
    shim: bool = False

    def __str__(self) -> str:
        return (
            f"{self.path} ({self.kind}, {self.version or UNKNOWN})" if not self.shim else f"{self.path} ({self.kind})"
        )


def describe(path: str, home: Home) -> Program:
    """What stands at `path`."""
    if same_file(path, home.shim()):
        return Program(path, "ccpin's shim", None, shim=True)
    real = os.path.realpath(path)
    head = read_text(real, _HEAD) or ""
    if "\nccpin_python='" in head:
        return Program(path, "the shim of another ccpin", None, shim=True)
    place = next((kind for part, kind in _PLACES if part in real.replace(os.sep, "/")), None)
    for store, kind in ((home, "of ccpin's store"), *((Home(root), "of a shared store") for root in home.shared)):
        if real.startswith(store.releases + os.sep):
            return Program(path, kind, _of_store(real, store))
    if place == "the native installer's":
        name = os.path.basename(real)
        return Program(path, place, name if is_version(name) else None)
    package = _package(real)
    if package is not None:
        return Program(path, place or "npm's", package)
    said = _VERSION.search(head)
    kind = place or ("a script" if head.startswith("#!") else "an executable")
    return Program(path, kind, said[1] if said else None)


def _of_store(real: str, home: Home) -> str | None:
    parts = os.path.relpath(real, home.releases).split(os.sep)
    found = read_install(os.path.join(home.releases, *parts[:2]))
    return found.receipt.version if found else None


def _package(path: str) -> str | None:
    """The version in the package.json of Claude Code beside or above `path`."""
    folder = os.path.dirname(path)
    for _ in range(_UP):
        said = read_object(os.path.join(folder, "package.json"))
        name, version = said.get("name"), said.get("version")
        if isinstance(name, str) and name.startswith(_PACKAGE) and isinstance(version, str) and is_version(version):
            return version
        folder = os.path.dirname(folder)
    return None
