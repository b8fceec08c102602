"""`ccpin setup`: the shim in place, and first on PATH in every shell of this user. `--undo` takes that away.

The order: what could fail is looked at first, then ccpin's own files, then the record, then the shells' files.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable

from ccpin import platforms
from ccpin.checkpoints import checkpoint
from ccpin.errors import CcpinError, StoreUnwritable
from ccpin.files import is_full, make_folder, no_room, replace_file
from ccpin.launching import editorfiles, envfiles, shellblocks, shellfiles, shims, userpath
from ccpin.launching.changes import Change, SetupResult
from ccpin.launching.shims import ShimFile
from ccpin.paths import Home, find_home

_WRITTEN_IN_HOME = (
    "env.sh",
    "env.fish",
    "shims/claude",
    "shims/claude-editor",
    "shims/claude.exe",
    "shims/claude.exe.old",
    "shims/claude.cmd",
    "shims/claude.ps1",
)


def setup(
    home: Home,
    env: dict[str, str],
    *,
    dry_run: bool = False,
    shells: bool = True,
    python: str = sys.executable,
    platform: str | None = None,
    system: str = sys.platform,
    read: Callable[[str], str] = shims.template,
    user_path: userpath.UserPath | None = None,
) -> SetupResult:
    """Installs the shim and puts it first on PATH. Running it again changes nothing.

    `python` is the one that the shim will call, `platform` as in `ccpin.platforms` (None: this machine's), `read` gives
    the shipped shims' texts, `user_path` is the registry's PATH on Windows; without `shells` neither that nor any
    shell's file is touched, for images and CI. A shell's file that cannot be changed is
    one of the result's problems. Raises NotSetUp, StoreUnwritable, NoRoom, UnsupportedPlatform, all before any
    file of the user's was touched.
    """
    _require_separable(home, system)
    python = shims.require_python(python)
    platform = platform or platforms.current()
    files = list(shims.files(home, python=python, platform=platform, system=system, read=read))
    if system == "win32":
        changes = [_install(file, dry_run) for file in files]
        if not shells:
            return SetupResult(tuple(changes))
        changes.append(_change_path(home, user_path or userpath.Registry(), userpath.with_folder, dry_run))
        return SetupResult(tuple(changes), notes=("a new terminal sees it; those that are open do not",))
    behind = envfiles.folder_of_ccpin(home, env, python)
    moved = find_home({name: value for name, value in env.items() if name != "CCPIN_HOME"}).root != home.root
    files.append(_in_home(home, "env.sh", envfiles.env_sh(home, behind, moved=moved)))
    files.append(_in_home(home, "env.fish", envfiles.env_fish(home, behind, moved=moved)))
    changes = [_install(file, dry_run) for file in files]
    if not shells:
        return SetupResult(tuple(changes), activate=activation(home, env))
    read_by = shellfiles.shell_files(home, env)
    record = shellblocks.extended(shellblocks.read_record(home.setup_record), read_by)
    _install(ShimFile(home.setup_record, record), dry_run)
    checkpoint("setup: recorded")
    more, problems = shellblocks.add_blocks(read_by, dry_run=dry_run)
    return SetupResult(
        changes=(*changes, *more),
        activate=activation(home, env),
        notes=_notes(home, env, python, behind),
        problems=tuple(problems),
    )


def undo(
    home: Home,
    env: dict[str, str],
    *,
    dry_run: bool = False,
    system: str = sys.platform,
    user_path: userpath.UserPath | None = None,
) -> SetupResult:
    """Takes away what `setup` wrote, and nothing else: the store, the default lock and ccpin's settings stay.

    Raises StoreUnwritable.
    """
    changes: list[Change] = []
    problems: list[CcpinError] = []
    ours = [os.path.join(home.root, *name.split("/")) for name in _WRITTEN_IN_HOME]
    told, untold = editorfiles.unwrap((), home, dry_run=dry_run)
    if system == "win32":
        changes.append(_change_path(home, user_path or userpath.Registry(), userpath.without_folder, dry_run))
    else:
        record = shellblocks.read_record(home.setup_record)
        changes, problems = shellblocks.remove_blocks(shellfiles.shell_files(home, env), record, dry_run=dry_run)
    if not problems:  # a second undo needs it
        ours.append(home.setup_record)
    changes, problems = [*told, *changes], [*untold, *problems]
    changes += [_remove(path, dry_run) for path in ours if os.path.lexists(path)]
    if not dry_run:
        shellblocks.remove_empty([home.shims, home.root])
    return SetupResult(tuple(changes), problems=tuple(problems))


def _require_separable(home: Home, system: str) -> None:
    separator = ";" if system == "win32" else ":"
    if separator in home.root:
        reason = f"`{separator}` separates the folders of PATH, so this one cannot be on it"
        raise StoreUnwritable(path=home.root, reason=reason)


def _in_home(home: Home, name: str, text: str) -> ShimFile:
    return ShimFile(os.path.join(home.root, name), text.encode("utf-8", "surrogateescape"))


def _install(file: ShimFile, dry_run: bool) -> Change:
    if shims.is_current(file):
        return Change(file.path, "unchanged")
    if dry_run:
        return Change(file.path, "would write")
    try:
        make_folder(os.path.dirname(file.path))
        _replace(file)
    except OSError as error:
        raise _home_error(file.path, error, len(file.data)) from None
    checkpoint("setup: file written")
    return Change(file.path, "written")


def _replace(file: ShimFile) -> None:
    """A `claude` that starts meanwhile finds the old file or the new one, whole."""
    try:
        replace_file(file.path, file.data, file.mode)
    except PermissionError:
        if not file.path.endswith(".exe"):
            raise
        os.replace(file.path, f"{file.path}.old")  # Windows: what runs can be renamed, not replaced
        replace_file(file.path, file.data, file.mode)


def _remove(path: str, dry_run: bool) -> Change:
    if dry_run:
        return Change(path, "would remove")
    try:
        os.unlink(path)
    except OSError as error:
        raise _home_error(path, error) from None
    checkpoint("setup: file removed")
    return Change(path, "removed")


def _home_error(path: str, error: OSError, needed: int | None = None) -> CcpinError:
    if is_full(error):
        return no_room(path, error, needed)
    return StoreUnwritable(path=path, reason=(error.strerror or "unknown").lower())


def _change_path(home: Home, user_path: userpath.UserPath, change: Callable[[str, str], str], dry_run: bool) -> Change:
    try:
        # Of the kind that Windows itself makes: one that expands %NAME%.
        old, kind = user_path.read() or ("", userpath.REG_EXPAND_SZ)
        new = change(old, home.shims)
        if new != old and not dry_run:
            user_path.write(new, kind)
    except OSError as error:
        raise StoreUnwritable(path=userpath.KEY, reason=(error.strerror or "unknown").lower()) from None
    if new == old:
        return Change(userpath.KEY, "unchanged")
    return Change(userpath.KEY, "would write" if dry_run else "written")


def activation(home: Home, env: dict[str, str]) -> str | None:
    """The line that makes the shell with this `env` find the shim first; None where it does, or where none can."""
    if sys.platform == "win32" or shims.resolves_to_shim(home, env):
        return None
    if os.path.basename(env.get("SHELL", "")) == "fish":
        return f"source {shellfiles.quote_fish(os.path.join(home.root, 'env.fish'))}"
    return f". {shlex.quote(os.path.join(home.root, 'env.sh'))}"


def _notes(home: Home, env: dict[str, str], python: str, behind: str | None) -> tuple[str, ...]:
    notes = []
    user = shellfiles.user_folder(env)
    if not os.path.isdir(user):
        notes.append(f"there is no home folder {user}, so no shell's file was changed")
    script = os.path.join(os.path.dirname(python), "ccpin")
    reachable = behind or shutil.which("ccpin", path=env.get("PATH") or os.defpath)
    if not reachable and not os.path.exists(os.path.join(home.bin, "ccpin")) and os.path.exists(script):
        notes.append(f"`ccpin` itself is not on PATH: it is {script}")
    return tuple(notes)
