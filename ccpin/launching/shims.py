"""The files that answer to `claude`: read from where ccpin ships them, and filled in for this machine.

A shim asks nobody where it is or which Python to call: the three values stand in it. So each file shipped in
`shims/` has lines that assign the empty string, and those alone are replaced here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from ccpin import platforms
from ccpin.errors import NotSetUp
from ccpin.launching.settings import MEASURED
from ccpin.paths import Home
from ccpin.pinning import flags
from ccpin.pinning.head import version_key

LAUNCHER = "ccpin-claude.exe"
"""The console script that serves as claude.exe on Windows, where nothing else is found under that name."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@dataclass(frozen=True)
class ShimFile:
    """One file of `<home>/shims`, or beside it: where, what, and with which mode."""

    path: str
    data: bytes
    mode: int = 0o644


@dataclass(frozen=True)
class ShimStatus:
    """What `claude` means on a PATH.

    `resolves` is the file that is found first, or None; `ours` says whether that is the shim. `installed` and
    `current` are about the shim's own file: whether it exists, and whether it is what this ccpin would write.
    """

    path: str
    resolves: str | None
    ours: bool
    installed: bool
    current: bool


def template(name: str) -> str:
    """The text of `claude`, `claude-editor`, `claude.cmd` or `claude.ps1` as shipped, with LF line ends."""
    # In a wheel they lie in the package, in a source checkout beside it.
    candidates = [os.path.join(folder, "shims", name) for folder in (_PACKAGE, os.path.dirname(_PACKAGE))]
    found = next(filter(os.path.isfile, candidates), None)
    if found is None:
        raise RuntimeError(f"ccpin was installed without its shims/{name}")
    with open(found, encoding="utf-8") as file:
        return file.read()


def render_posix(text: str, *, python: str, home: str, platform: str) -> str:
    """The sh shim, filled in. The values may hold anything but NUL. Raises RuntimeError for another template."""
    names = sorted(flags.TABLE)
    common = flags.PROFILES["default"].env, flags.PROFILES["strict"].env  # looked for most: found soonest, if first
    table = sorted(names, key=lambda name: [name not in env for env in common])
    values = {
        "ccpin_python": python,
        "ccpin_home": home,
        "ccpin_platform": platform,
        "ccpin_table": f" {' '.join(f'{name}={flags.TABLE[name].kind.sign}' for name in table)} ",
        "ccpin_names": " ".join(names),
        "ccpin_unset": ",".join(f'"{name}":""' for name in names),
        "ccpin_measured": f" {' '.join(sorted(MEASURED, key=version_key))} ",
    }
    for name, value in values.items():
        text = _fill(text, f"{name}=''", f"{name}={quote_sh(value)}")
    return text


def render_editor(text: str, *, shim: str) -> str:
    """The entry for editors, filled in. Raises RuntimeError for another template."""
    return _fill(text, "ccpin_shim=''", f"ccpin_shim={quote_sh(shim)}")


def render_cmd(text: str, *, python: str, home: str) -> str:
    """The shim for cmd.exe, filled in, with the CRLF that its `goto` needs. Raises RuntimeError."""
    for name, value in (("CCPIN_PYTHON", python), ("CCPIN_SHIM_HOME", home)):
        # A path on Windows cannot hold quotes or line ends; `%` it can.
        text = _fill(text, f'set "{name}="', f'set "{name}={value.replace("%", "%%")}"')
    return text.replace("\n", "\r\n")


def render_ps1(text: str, *, python: str, home: str) -> str:
    """The shim for PowerShell, filled in. Raises RuntimeError."""
    for name, value in (("$ccpinPython", python), ("$ccpinHome", home)):
        text = _fill(text, f"{name} = ''", f"{name} = {_quote_ps1(value)}")
    return text


def quote_sh(value: str) -> str:
    """`value` as one word of any POSIX shell."""
    return "'" + value.replace("'", "'\\''") + "'"


def files(
    home: Home,
    *,
    python: str,
    platform: str,
    system: str = sys.platform,
    read: Callable[[str], str] = template,
) -> tuple[ShimFile, ...]:
    """All that belongs into `<home>/shims` on a `system` (as in `sys.platform`). Raises NotSetUp."""
    if system != "win32":
        text = render_posix(read("claude"), python=python, home=home.root, platform=platform)
        editor = render_editor(read("claude-editor"), shim=shim_path(home, system))
        return (
            ShimFile(shim_path(home, system), _encode(text), 0o755),
            ShimFile(home.editor_shim, _encode(editor), 0o755),
        )
    cmd = render_cmd(read("claude.cmd"), python=python, home=home.root)
    ps1 = render_ps1(read("claude.ps1"), python=python, home=home.root)
    return (
        ShimFile(shim_path(home, system), _launcher(python), 0o755),
        ShimFile(os.path.join(home.shims, "claude.cmd"), _encode(cmd)),
        # Windows PowerShell takes a file without this mark for one in the machine's old code page.
        ShimFile(os.path.join(home.shims, "claude.ps1"), b"\xef\xbb\xbf" + _encode(ps1)),
    )


def shim_path(home: Home, system: str = sys.platform) -> str:
    """The file that answers to `claude` on a `system`; `Home.shim()` is that of this one."""
    return os.path.join(home.shims, "claude.exe" if system == "win32" else "claude")


def require_python(python: str) -> str:
    """`python`, absolute, when a shim can call it: with `-I`, it must find ccpin. Raises NotSetUp."""
    if not python:
        raise NotSetUp(reason="this Python does not know its own path, so no shim can call it")
    python = os.path.abspath(python)  # not the real path: in a virtual environment that is another Python
    try:
        answer = subprocess.run(
            [python, "-I", "-c", "import ccpin"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSetUp(reason=f"the shim needs {python}, which does not start: {error}") from None
    if answer.returncode != 0:
        # A user-site install, a checkout on PYTHONPATH: `-I` is what keeps a project's files out of a launch.
        raise NotSetUp(
            reason=f"`{python} -I` does not find ccpin, so no shim could call it; "
            "install ccpin with install.sh, uv or pipx, then run that one's `ccpin setup`"
        )
    return python


def shim_status(
    home: Home,
    env: dict[str, str],
    *,
    python: str = sys.executable,
    platform: str | None = None,
    system: str = sys.platform,
    read: Callable[[str], str] = template,
) -> ShimStatus:
    """What `claude` means on `env`'s PATH, and the state of the shim. Raises UnsupportedPlatform, NotSetUp."""
    python, platform = os.path.abspath(python), platform or platforms.current()
    path = shim_path(home, system)
    return ShimStatus(
        path=path,
        resolves=_which_claude(env),
        ours=resolves_to_shim(home, env, system),
        installed=os.path.isfile(path),
        current=all(map(is_current, files(home, python=python, platform=platform, system=system, read=read))),
    )


def resolves_to_shim(home: Home, env: dict[str, str], system: str = sys.platform) -> bool:
    """Whether the first `claude` on `env`'s PATH is the shim, under whatever name the folder stands there."""
    found = _which_claude(env)
    try:
        return found is not None and os.path.samefile(found, shim_path(home, system))
    except OSError:
        return False


def is_current(file: ShimFile) -> bool:
    """Whether the file is on the disk just so."""
    try:
        with open(file.path, "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            return stream.read(len(file.data) + 1) == file.data and (os.name == "nt" or mode & 0o777 == file.mode)
    except OSError:
        return False


def _which_claude(env: dict[str, str]) -> str | None:
    return shutil.which("claude", path=env.get("PATH") or os.defpath)


def _fill(text: str, line: str, filled: str) -> str:
    pattern = re.compile(f"^{re.escape(line)}$", re.MULTILINE)
    if len(pattern.findall(text)) != 1:
        raise RuntimeError(f"the shim's template must hold the line {line} once")
    return pattern.sub(lambda _: filled, text)


def _quote_ps1(value: str) -> str:
    # PowerShell takes four more characters for a single quote, and each is escaped by doubling.
    return "'" + re.sub("(['‘’‚‛])", r"\1\1", value) + "'"


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _launcher(python: str) -> bytes:
    """The console script's executable: beside `python` in a virtual environment, else in Scripts below it."""
    folder = os.path.dirname(python)
    candidates = [os.path.join(folder, LAUNCHER), os.path.join(folder, "Scripts", LAUNCHER)]
    found = next(filter(os.path.isfile, candidates), None)
    if found is None:
        raise NotSetUp(reason=f"there is no {LAUNCHER} beside {python}; install ccpin with uv or pipx")
    with open(found, "rb") as file:
        return file.read()
