"""The files that shells read at their start: which ones there are, and ccpin's block in them.

    # >>> ccpin >>>
    # put there by `ccpin setup`; `ccpin setup --undo` takes it away
    [ ! -f "$HOME/…/env.sh" ] || . "$HOME/…/env.sh"
    # <<< ccpin <<<

Between the two markers is ccpin's, everything else is not: it is kept byte for byte, whatever its encoding. The
block stands at the end, since what comes last is first on PATH. A newline goes before it, always, so that it
can be taken away again without a record.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from dataclasses import dataclass

from ccpin.launching.shims import quote_sh
from ccpin.paths import Home

START = b"# >>> ccpin >>>"
END = b"# <<< ccpin <<<"
_NOTE = b"# put there by `ccpin setup`; `ccpin setup --undo` takes it away"

_MARKER = re.compile(rb"^(?:%s|%s)\r?$" % (re.escape(START), re.escape(END)), re.MULTILINE)
_BLOCK = re.compile(rb"^%s\r?\n.*?^%s\r?(?:\n|\Z)" % (re.escape(START), re.escape(END)), re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ShellFile:
    """A file that a shell reads, the line that belongs into it, and whether it is made when it is missing."""

    path: str
    line: str
    create: bool


class BrokenBlockError(Exception):
    """The markers are not one pair: somebody edited them, so nothing here is surely ccpin's."""


def shell_files(home: Home, env: dict[str, str]) -> tuple[ShellFile, ...]:
    """What the shells of this user read, login and interactive; those of absent shells only where they exist."""
    user = user_folder(env)
    if not os.path.isdir(user):  # a service account: nobody logs in
        return ()
    sh = _sh_line(os.path.join(home.root, "env.sh"), user)
    fish = _fish_line(os.path.join(home.root, "env.fish"), user)
    zdotdir = _folder(env, "ZDOTDIR", user)
    fish_folder = os.path.join(_folder(env, "XDG_CONFIG_HOME", os.path.join(user, ".config")), "fish")
    bash = [os.path.join(user, name) for name in (".bash_profile", ".bash_login")]
    login = [path for path in bash if os.path.exists(path)][:1]  # never made: it would hide ~/.profile
    return (
        ShellFile(os.path.join(user, ".profile"), sh, create=True),
        ShellFile(os.path.join(user, ".bashrc"), sh, create=_has(env, "bash")),
        *(ShellFile(path, sh, create=False) for path in login),
        ShellFile(os.path.join(zdotdir, ".zprofile"), sh, create=_has(env, "zsh")),
        ShellFile(os.path.join(zdotdir, ".zshrc"), sh, create=_has(env, "zsh")),
        ShellFile(os.path.join(fish_folder, "conf.d", "ccpin.fish"), fish, create=_has(env, "fish")),
        # It is read behind conf.d, and what it puts on PATH would come before the shim.
        ShellFile(os.path.join(fish_folder, "config.fish"), fish, create=False),
    )


def user_folder(env: dict[str, str]) -> str:
    """HOME where it is a path, else what the system knows of this user."""
    home = env.get("HOME", "")
    return home if os.path.isabs(home) else os.path.abspath(os.path.expanduser("~"))


def with_block(data: bytes, line: str) -> bytes:
    """`data` with the block that holds `line` at its end: what other lines put on PATH must not come before.

    A block that only comments follow stays where it stands. Raises BrokenBlockError.
    """
    found = _find(data)
    if found and re.search(rb"^[ \t]*[^#\s]", data[found.end() :], re.MULTILINE):
        return with_block(without_block(data), line)
    crlf = _is_crlf(found.group()) if found else data.count(b"\r\n") * 2 > data.count(b"\n")
    newline = b"\r\n" if crlf else b"\n"
    # A shell would take the CR for the end of the path; in a comment it does no harm.
    code = line.encode("utf-8", "surrogateescape") + (b" #" if crlf else b"")
    block = newline.join((START, _NOTE, code, END, b""))
    if found:
        return data[: found.start()] + block + data[found.end() :]
    return data + newline + block if data else block


def without_block(data: bytes) -> bytes:
    """`data` as it was before the block was put there. Raises BrokenBlockError."""
    found = _find(data)
    if not found:
        return data
    before, after = data[: found.start()], data[found.end() :]
    shorter = before.removesuffix(b"\r\n" if _is_crlf(found.group()) else b"\n")
    # Without this newline, a line that the user wrote behind the block would be glued to the one before it.
    if not after or not shorter or shorter.endswith(b"\n"):
        before = shorter
    return before + after


def quote_fish(value: str) -> str:
    """`value` as one word of fish."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def read(path: str, most: int = -1) -> bytes | None:
    """What a shell's file holds, up to `most` bytes, None where there is none. Raises OSError; a fifo or folder is
    one."""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(0, "it is not a plain file")
            return file.read(most)
    except FileNotFoundError:
        return None


def create(path: str, data: bytes) -> None:
    """Makes the file, with the folders it needs; a link that leads nowhere is followed. Raises OSError."""
    path = os.path.realpath(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb", buffering=0) as file:
        try:
            _write(file.fileno(), data)
        except OSError:
            os.unlink(path)
            raise


def rewrite(path: str, old: bytes, new: bytes) -> None:
    """Turns a file that holds `old` into one that holds `new`, or leaves it as it was. Raises OSError.

    In place: a new file under the name would lose the owner, the access list, hard and symbolic links, and
    could not be put over a single file that is mounted. Only what differs is written, for a block at the end in
    one call.
    """
    same = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    with open(path, "r+b", buffering=0) as file:
        if file.read() != old:
            raise OSError(0, "it was changed meanwhile")
        try:
            _put(file.fileno(), same, new)
        except OSError:
            _put(file.fileno(), same, old)
            raise


def _find(data: bytes) -> re.Match[bytes] | None:
    markers = _MARKER.findall(data)
    if not markers:
        return None
    block = _BLOCK.search(data)
    if len(markers) != 2 or block is None:
        raise BrokenBlockError
    return block


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a fifo would wait for a writer


def _is_crlf(block: bytes) -> bool:
    return block.startswith(START + b"\r")


def _put(descriptor: int, offset: int, data: bytes) -> None:
    os.lseek(descriptor, offset, os.SEEK_SET)
    _write(descriptor, data[offset:])
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _has(env: dict[str, str], shell: str) -> bool:
    if os.path.basename(env.get("SHELL", "")) == shell:
        return True
    return shutil.which(shell, path=env.get("PATH") or os.defpath) is not None


def _folder(env: dict[str, str], name: str, otherwise: str) -> str:
    """A folder that the environment names; a relative one would be another one in each folder."""
    return env[name] if os.path.isabs(env.get(name, "")) else otherwise


def _sh_line(path: str, user: str) -> str:
    # Tested first: `.` of a missing file ends a POSIX shell, and with it the login.
    word = _below(path, user, '\\"$`') or quote_sh(path)
    return f"[ ! -f {word} ] || . {word}"


def _fish_line(path: str, user: str) -> str:
    word = _below(path, user, '\\"$') or quote_fish(path)
    return f"if test -f {word}; source {word}; end"


def _below(path: str, user: str, special: str) -> str | None:
    """`"$HOME/…"` for a path below the user's folder, so that shell files can be shared between machines."""
    prefix = user.rstrip("/") + "/"
    if not path.startswith(prefix):
        return None
    rest = "".join("\\" + char if char in special else char for char in path[len(prefix) :])
    return f'"$HOME/{rest}"'
