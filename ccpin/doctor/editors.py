"""The check of editors: their extension starts a Claude Code of its own, unless it is told to start another one."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding, edit
from ccpin.doctor.reading import names_in, read_object, read_text, same_file
from ccpin.pinning.head import is_version, version_key

_EDITORS = {
    ".vscode": ("VS Code", "Code"),
    ".vscode-insiders": ("VS Code Insiders", "Code - Insiders"),
    ".vscode-oss": ("VSCodium", "VSCodium"),
    ".cursor": ("Cursor", "Cursor"),
    ".windsurf": ("Windsurf", "Windsurf"),
    ".vscode-server": ("VS Code, remote", ""),
    ".vscode-server-insiders": ("VS Code Insiders, remote", ""),
    ".cursor-server": ("Cursor, remote", ""),
    ".windsurf-server": ("Windsurf, remote", ""),
}
"""The folder of an editor's extensions, its name, and the folder of its settings; a server keeps them below its own."""

_EXTENSION = "anthropic.claude-code-"
_WRAPPER = re.compile(
    r'^[ \t]*"(?:claudeCode|claude-code)\.claudeProcessWrapper"\s*:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE
)
_BUNDLED = ("resources/native-binary/claude", "resources/native-binary/claude.exe", "resources/claude-code/cli.js")


@dataclass(frozen=True)
class Extension:
    """One editor's newest copy of the extension: the release that it brings along, and its settings' file."""

    editor: str
    folder: str
    version: str
    bundled: str | None
    settings: str


def extensions(context: Context) -> Iterator[Extension]:
    """The extension in every editor that has it."""
    for place, (editor, name) in _EDITORS.items():
        root = os.path.join(context.user, place, "extensions")
        found = [
            (version, folder)
            for entry in names_in(root)
            if entry.startswith(_EXTENSION)
            and is_version(
                version := str(read_object(folder := os.path.join(root, entry, "package.json")).get("version"))
            )
        ]
        if not found:
            continue
        version, package = max(found, key=lambda pair: version_key(pair[0]))
        folder = os.path.dirname(package)
        bundled = next((f"{folder}/{b}" for b in _BUNDLED if os.path.isfile(f"{folder}/{b}")), None)
        yield Extension(editor, folder, version, bundled, _settings(context, place, name))


def check_editors(context: Context) -> Iterator[Finding]:
    """What each editor's extension starts, against the pin."""
    for extension in extensions(context):
        yield _finding(context, extension)


def _finding(context: Context, extension: Extension) -> Finding:
    text = read_text(extension.settings) or ""
    set_to = [*_WRAPPER.finditer(text)][-1:]
    if set_to:
        where = f"{extension.settings}:{text.count(chr(10), 0, set_to[0].start(1)) + 1}"
        return _wrapped(context, extension, where, set_to[0][1].replace("\\\\", "\\").replace('\\"', '"'))
    evidence = (extension.bundled or extension.folder,)
    if context.pin is not None and extension.version == context.version:
        line = f"{extension.editor}: the extension starts its own {extension.version}, without the lock's flags"
        return Finding("editor", "note", line, (*evidence, _how(extension)), _script(context))
    line = f"{extension.editor}: the extension starts its own Claude Code {extension.version}, not what is pinned"
    return Finding(
        "editor", "note" if context.pin is None else "warning", line, (*evidence, _how(extension)), _script(context)
    )


def _wrapped(context: Context, extension: Extension, where: str, program: str) -> Finding:
    """The extension hands the wrapper its bundled file as the first argument, so the shim alone will not do."""
    evidence = (f"{where}: claudeProcessWrapper = {program}",)
    if same_file(program, context.home.shim()):
        line = f"{extension.editor}: the extension starts the shim, but hands it the path of its own Claude Code"
        return Finding("editor", "warning", line, (*evidence, _how(extension)), _script(context))
    if context.home.shim() in (read_text(program, 1 << 16) or ""):
        return Finding(
            "editor", "ok", f"{extension.editor}: the extension starts a program that leads to the shim", evidence
        )
    line = f"{extension.editor}: the extension starts another program; what that starts is not known here"
    return Finding("editor", "note", line, evidence, edit(where))


def _how(extension: Extension) -> str:
    return f'the script below mends it, named in {extension.settings} as "claudeCode.claudeProcessWrapper"'


def _script(context: Context) -> str | None:
    """The command that writes a program which drops the bundled file's path and becomes the shim. On Windows it would
    have to be an executable."""
    if context.machine.system == "win32":
        return None
    body = f'#!/bin/sh\ncase $1 in */native-binary/*) shift ;; esac\nexec {shlex.quote(context.home.shim())} "$@"'
    lines = " ".join(map(shlex.quote, body.split("\n")))
    return f"printf '%s\\n' {lines} > ~/claude-for-editors && chmod +x ~/claude-for-editors"


def _settings(context: Context, place: str, name: str) -> str:
    if not name:
        return os.path.join(context.user, place, "data", "Machine", "settings.json")
    if context.machine.system == "darwin":
        base = os.path.join(context.user, "Library", "Application Support")
    elif context.machine.system == "win32":
        base = context.env.get("APPDATA") or os.path.join(context.user, "AppData", "Roaming")
    else:
        base = context.env.get("XDG_CONFIG_HOME") or os.path.join(context.user, ".config")
    return os.path.join(base, name, "User", "settings.json")
