"""The files that a repository gets, each with what tells that it has that already."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ccpin import __version__
from ccpin.launching.shims import quote_sh
from ccpin.paths import LOCK_NAME

ATTRIBUTES = f"{LOCK_NAME} -text -merge"
"""No line ends changed, no merge by lines: two branches with different pins are a conflict to decide."""

_FREE = r"(?:version|source)='(?:[^']|'\\'')*'"
"""Lines of the script that may differ: an assignment of one quoted word, and nothing behind it."""

_TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")


@dataclass(frozen=True)
class Wanted:
    """A file of a repository: `path` from its root, with `/`; `others` are the names under which a tool looks for the
    same; `mark` is in a file that has what is wanted, None where it has to be all of `text`, but for the lines that
    `free` matches; with `append`, `text` may be put behind what a file holds."""

    path: str
    text: str
    mark: str | None
    others: tuple[str, ...] = ()
    mode: int = 0o644
    append: bool = False
    free: str = ""


def wanted(
    source: str,
    *,
    git: bool = True,
    chosen: bool = False,
    ci: bool = False,
    pre_commit: bool = False,
    devcontainer: bool = False,
    renovate: bool = False,
) -> tuple[Wanted, ...]:
    """All but the lock; `source` is where ccpin comes from, or "" where the script has to be told. A script with
    another source, or another ccpin, is as good, unless this one was `chosen`. `git`: it is a checkout."""
    script = template("claude-setup.sh")
    for name, value in (("version", __version__), ("source", source)):
        script = script.replace(f"{name}=''\n", f"{name}={quote_sh(value)}\n", 1)
    found = [Wanted(".gitattributes", ATTRIBUTES + "\n", LOCK_NAME, append=True)] if git else []
    found += [
        Wanted("scripts/claude-setup.sh", script, None, mode=0o755, free="" if chosen else _FREE),
    ]
    if ci:
        found.append(Wanted(".github/workflows/claude-code.yml", template("workflow.yml"), None))
    if pre_commit:
        text = template("pre-commit-config.yaml")
        found.append(Wanted(".pre-commit-config.yaml", text, "ccpin check", (".pre-commit-config.yml",)))
    if devcontainer:
        text, other = template("devcontainer.json"), (".devcontainer.json",)
        found.append(Wanted(".devcontainer/devcontainer.json", text, "claude-setup.sh", other))
    if renovate:
        others = (".github/renovate.json", ".gitlab/renovate.json", ".renovaterc", ".renovaterc.json")
        with_json5 = (*others, "renovate.json5", ".github/renovate.json5", ".renovaterc.json5")
        found.append(Wanted("renovate.json", template("renovate.json"), "ccpin", with_json5))
    return tuple(found)


def template(name: str) -> str:
    with open(os.path.join(_TEMPLATES, name), encoding="utf-8", newline="\n") as file:
        return file.read()
