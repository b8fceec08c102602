"""VS Code and its family: where they keep their settings, and the line by which the Claude Code extension starts what
is pinned.

    "claudeCode.claudeProcessWrapper": "<home>/shims/claude-editor"

The extension calls that program with the path of its own Claude Code and then the arguments (anthropics/claude-code
issues 21565 and 57421). It expands no variables in the setting (issue 13022), so the path is absolute, and one user's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ccpin.errors import EditorFileShared, EditorFileUnwritable, NoPrevious
from ccpin.launching.shellfiles import user_folder
from ccpin.paths import Home
from ccpin.pinning.git import Git
from ccpin.pinning.write import checkout, is_below

SETTING = "claudeCode.claudeProcessWrapper"

_FAMILY = {
    ".vscode": ("VS Code", "Code"),
    ".vscode-insiders": ("VS Code Insiders", "Code - Insiders"),
    ".vscode-oss": ("VSCodium", "VSCodium"),
    ".cursor": ("Cursor", "Cursor"),
    ".windsurf": ("Windsurf", "Windsurf"),
    ".vscode-server": ("VS Code, remote", ""),
    ".vscode-server-insiders": ("VS Code Insiders, remote", ""),
    ".vscodium-server": ("VSCodium, remote", ""),
    ".cursor-server": ("Cursor, remote", ""),
    ".windsurf-server": ("Windsurf, remote", ""),
    ".local/share/code-server": ("code-server", "."),
}
"""The folder below the user's where an editor keeps its extensions, its name, and the folder of its settings; a server
keeps them below its own."""


@dataclass(frozen=True)
class Editor:
    """One that may be here: its name, where its extensions lie, and its settings' file."""

    name: str
    extensions: str
    settings: str

    def is_here(self) -> bool:
        return os.path.isdir(os.path.dirname(self.extensions)) or os.path.isdir(os.path.dirname(self.settings))


def family(env: Mapping[str, str], system: str) -> tuple[Editor, ...]:
    """All that are known, here or not; `system` as `sys.platform`."""
    user = user_folder(dict(env))
    return tuple(
        Editor(name, os.path.join(user, place, "extensions"), _settings(env, system, os.path.join(user, place), folder))
        for place, (name, folder) in _FAMILY.items()
    )


def project_settings(folder: str) -> str:
    """The settings' file of the project that `folder` is in: at the root of the checkout, or here."""
    return os.path.join(checkout(folder) or folder, ".vscode", "settings.json")


def of_project(folder: str, program: str, env: Mapping[str, str]) -> str:
    """The same, for `program` to be named there. Raises EditorFileShared where git would commit them,
    EditorFileUnwritable for a link out of the project."""
    path, root = project_settings(folder), checkout(folder)
    if not is_below(path, root or folder):  # by it a clone would choose what is written
        reason = "a link on the way to it leads out of the project"
        raise EditorFileUnwritable(path=path, reason=reason, line=line(program))
    if root is not None and not _is_ignored(path, root, env):
        raise EditorFileShared(path=path, program=program)
    return path


def line(program: str) -> str:
    """The line as one types it."""
    return f"{json.dumps(SETTING)}: {json.dumps(program, ensure_ascii=False)}"


def is_ours(program: str | None, home: Home) -> bool:
    """Whether it is the entry, of this home or of another one, or the shim itself, which alone will not do."""
    if not program:
        return False
    entry = os.path.join(os.path.basename(home.shims), os.path.basename(home.editor_shim))
    return program.endswith(os.sep + entry) or program == home.shim()


def programs_folder(env: Mapping[str, str], system: str) -> str:
    """Where the programs of this user keep their settings."""
    user = user_folder(dict(env))
    if system == "darwin":
        return os.path.join(user, "Library", "Application Support")
    if system == "win32":
        return env.get("APPDATA") or os.path.join(user, "AppData", "Roaming")
    return env.get("XDG_CONFIG_HOME") or os.path.join(user, ".config")


def _settings(env: Mapping[str, str], system: str, place: str, folder: str) -> str:
    """`place` is the editor's folder, `folder` as in the table."""
    if folder == ".":
        return os.path.join(place, "User", "settings.json")
    if not folder:
        return os.path.join(place, "data", "Machine", "settings.json")
    return os.path.join(programs_folder(env, system), folder, "User", "settings.json")


def _is_ignored(path: str, root: str, env: Mapping[str, str]) -> bool:
    """Whether git leaves it out; no git, no answer, and so not."""
    try:
        return Git(root, root, env).ignores(path)
    except NoPrevious:
        return False
