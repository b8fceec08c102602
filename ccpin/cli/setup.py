"""`ccpin setup`: installs the shims, puts them on PATH and into editors' settings; `--undo` takes that away again."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.cli.place import current_folder
from ccpin.errors import BadOption, CcpinError, NoEditor
from ccpin.launching import editorfiles, editors
from ccpin.launching.changes import Change, SetupResult
from ccpin.launching.setup import setup, undo
from ccpin.launching.shellfiles import user_folder
from ccpin.paths import Home, find_home


def setup_command(
    vscode: Annotated[
        bool, typer.Option("--vscode", help="Also for VS Code and its family: the extension starts what is pinned.")
    ] = False,
    project: Annotated[
        bool, typer.Option("--project", help="With --vscode: in .vscode/settings.json, where git ignores that.")
    ] = False,
    user: Annotated[bool, typer.Option("--user", help="With --vscode: in this user's settings, the default.")] = False,
    jetbrains: Annotated[
        bool, typer.Option("--jetbrains", help="Say what to type into the settings of the JetBrains plugin.")
    ] = False,
    shims_only: Annotated[
        bool, typer.Option("--shims-only", help="Leave PATH and the shells' files alone, as in CI and images.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    take_away: Annotated[
        bool, typer.Option("--undo", help="Take away what setup wrote, with --vscode only that; the store stays.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Put the `claude` shim first on PATH, in every shell."""
    _require_sense(vscode, project, user)
    env = dict(os.environ)
    home = find_home(env)
    files = _editor_files(home, env, project=project, take_away=take_away) if vscode else []
    if vscode and take_away:
        result = SetupResult(())
    elif take_away:
        result = undo(home, env, dry_run=dry_run)
    else:
        result = setup(home, env, dry_run=dry_run, shells=not shims_only)
    if vscode:
        act = editorfiles.unwrap if take_away else editorfiles.wrap
        result = _together(result, *act(files, home, dry_run=dry_run))
    if vscode and not take_away and not files:
        missing = NoEditor(user=user_folder(env), line=editors.line(home.editor_shim))
        result = _together(result, [], [missing])
    lines = [f"{c.action:<12} {c.path}" + (f"  ({c.detail})" if c.detail else "") for c in result.changes]
    notes = list(result.notes) if lines else ["there is nothing to take away"]
    if jetbrains and take_away:
        notes.append("in Settings → Tools → Claude Code, type as the Claude command what it was before: claude")
    elif jetbrains:
        notes.append(f"in Settings → Tools → Claude Code, type as the Claude command: {shlex.quote(home.shim())}")
    if vscode and not take_away and not dry_run:
        notes.append("a window that is open starts it after it was reloaded")
    if result.activate and not take_away:
        notes.append(f"this shell sees it after: {result.activate}")
    data = {"changes": [asdict(c) for c in result.changes], "activate": result.activate, "notes": notes}
    give("setup", Answer(data, "\n".join(lines), notes, result.problems), as_json=as_json)


def _require_sense(vscode: bool, project: bool, user: bool) -> None:
    reason = ""
    if (project or user) and not vscode:
        reason = f"`{'--project' if project else '--user'}` says where `--vscode` writes"
    elif project and user:
        reason = "`--project` and `--user` are two places"
    elif vscode and sys.platform == "win32":
        reason = "`--vscode` has no entry yet that an editor on Windows could start"
    if reason:
        raise BadOption(reason=reason, command="ccpin setup")


def _editor_files(home: Home, env: dict[str, str], *, project: bool, take_away: bool) -> list[str]:
    """The settings' files: the project's, or those of this user's editors. Raises EditorFileShared."""
    if not project:
        return [editor.settings for editor in editors.family(env, sys.platform) if editor.is_here()]
    if take_away:
        return [editors.project_settings(current_folder())]
    return [editors.of_project(current_folder(), home.editor_shim, env)]


def _together(result: SetupResult, changes: Sequence[Change], problems: Sequence[CcpinError]) -> SetupResult:
    return replace(result, changes=(*result.changes, *changes), problems=(*result.problems, *problems))
