"""The check of editors: their extension starts a Claude Code of its own, unless it is told to start another one."""

from __future__ import annotations

import html
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding, edit
from ccpin.doctor.reading import names_in, read_object, read_text, same_file
from ccpin.launching import jsonc
from ccpin.launching.editors import SETTING, family, is_ours, programs_folder, project_settings
from ccpin.pinning.head import is_version, version_key

_EXTENSION = "anthropic.claude-code-"
_COMMAND = re.compile(r'<option name="claudeCommand" value="([^"]*)"')
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
    for editor in family(context.env, context.machine.system):
        root = editor.extensions
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
        yield Extension(editor.name, folder, version, bundled, editor.settings)


def check_editors(context: Context) -> Iterator[Finding]:
    """What each editor's extension starts, against the pin."""
    for extension in extensions(context):
        found = _set_in(_of_project()) or _set_in(extension.settings)  # a project's settings stand above the user's
        yield _wrapped(context, extension, *found) if found else _bare(context, extension)
    yield from _jetbrains(context)


def _of_project() -> str:
    try:
        return project_settings(os.getcwd())
    except OSError:  # the folder is gone
        return ""


def _set_in(path: str) -> tuple[str, str] | None:
    """The program that settings name, and where (`file:line`); None where they name none, or cannot be read."""
    text = read_text(path, 1 << 20)
    try:
        found = jsonc.read(text).last(SETTING) if text else None
    except ValueError:
        return None
    return (found.text, f"{path}:{text.count(chr(10), 0, found.start) + 1}") if text and found and found.text else None


def _bare(context: Context, extension: Extension) -> Finding:
    evidence = (extension.bundled or extension.folder,)
    if context.pin is not None and extension.version == context.version:
        line = f"{extension.editor}: the extension starts its own {extension.version}, without the lock's flags"
        return Finding("editor", "note", line, evidence, _mend(context))
    line = f"{extension.editor}: the extension starts its own Claude Code {extension.version}, not what is pinned"
    return Finding("editor", "note" if context.pin is None else "warning", line, evidence, _mend(context))


def _wrapped(context: Context, extension: Extension, program: str, where: str) -> Finding:
    """The extension hands the wrapper its bundled file as the first argument, so the shim alone will not do."""
    editor, evidence = extension.editor, (f"{where}: claudeProcessWrapper = {program}",)
    home = context.home
    if not os.path.isfile(program) or not os.access(program, os.X_OK):
        line = f"{editor}: the extension is told to start a program that is not there, and starts nothing"
        ours = is_ours(program, home) and where.startswith(extension.settings)
        return Finding("editor", "problem", line, evidence, _mend(context) if ours else edit(where))
    if same_file(program, home.editor_shim):
        return Finding("editor", "ok", f"{editor}: the extension starts what is pinned", evidence)
    if same_file(program, home.shim()):
        line = f"{editor}: the extension starts the shim, but hands it the path of its own Claude Code"
        return Finding("editor", "warning", line, evidence, _mend(context))
    if home.shim() in (read_text(program, 1 << 16) or ""):
        return Finding("editor", "ok", f"{editor}: the extension starts a program that leads to the shim", evidence)
    line = f"{editor}: the extension starts another program; what that starts is not known here"
    return Finding("editor", "note", line, evidence, edit(where))


def _mend(context: Context) -> str | None:
    return None if context.machine.system == "win32" else "ccpin setup --vscode"


def _jetbrains(context: Context) -> Iterator[Finding]:
    """What the JetBrains plugin is told to run. It runs `claude` in a terminal when it is told nothing."""
    base = os.path.join(programs_folder(context.env, context.machine.system), "JetBrains")
    for ide in names_in(base):
        path = os.path.join(base, ide, "options", "claude-code-plugin-settings.xml")  # of plugin 0.1.11-beta
        told = _COMMAND.search(read_text(path, 1 << 20) or "")
        command = html.unescape(told[1]) if told else ""
        if command not in ("", "claude", context.home.shim(), shlex.quote(context.home.shim())):
            line = f"{ide}: the plugin is told to run another command; what that starts is not known here"
            yield Finding("editor", "note", line, (f"{path}: claudeCommand = {command}",), "ccpin setup --jetbrains")
