"""`<home>/env.sh` and `<home>/env.fish`: what a shell sources to find the shim first, and `ccpin` at all.

They move the shims to the front of PATH when they already stand further back, for the lines that put them there may
have been followed by others. Sourced twice, they change nothing. No process is started: this is every shell's
start. Empty entries of PATH (the current folder) stay what they are.
"""

from __future__ import annotations

import os
import shutil

from ccpin.launching.shellfiles import quote_fish
from ccpin.launching.shims import quote_sh
from ccpin.paths import Home

# Not `case`: under bash's nocasematch it finds what the expansion then does not remove, for ever.
_SH = """\
# Puts `claude` as ccpin pins it first on PATH. Written by `ccpin setup`, which writes it anew.
_ccpin_path=":${{PATH:-/usr/bin:/bin}}:"
for _ccpin_folder in {front}; do
    while test "${{_ccpin_path#*":${{_ccpin_folder}}:"}}" != "${{_ccpin_path}}"; do
        _ccpin_path=${{_ccpin_path%%":${{_ccpin_folder}}:"*}}:${{_ccpin_path#*":${{_ccpin_folder}}:"}}
    done
    _ccpin_path=":${{_ccpin_folder}}${{_ccpin_path}}"
done
{back}\
_ccpin_path=${{_ccpin_path#:}}
PATH=${{_ccpin_path%:}}
export PATH
unset _ccpin_path _ccpin_folder
"""
_SH_BACK = """\
_ccpin_folder={folder}
test "${{_ccpin_path#*":${{_ccpin_folder}}:"}}" != "${{_ccpin_path}}" || _ccpin_path=${{_ccpin_path}}${{_ccpin_folder}}:
"""

_SH_HOME = """\
CCPIN_HOME={home}
export CCPIN_HOME
"""

_FISH = """\
# Puts `claude` as ccpin pins it first on PATH. Written by `ccpin setup`, which writes it anew.
set -l ccpin_front {front}
set -l ccpin_rest
set -l ccpin_folder
for ccpin_folder in $PATH
    contains -- "$ccpin_folder" $ccpin_front; or set ccpin_rest $ccpin_rest "$ccpin_folder"
end
{back}\
set -gx PATH $ccpin_front $ccpin_rest
"""
_FISH_BACK = "contains -- {folder} $ccpin_rest; or set ccpin_rest $ccpin_rest {folder}\n"
_FISH_HOME = "set -gx CCPIN_HOME {home}\n"


def env_sh(home: Home, behind: str | None, *, moved: bool = False) -> str:
    """The file for POSIX shells; `behind` is a folder to append to PATH where it is missing.

    `moved` says that this home is found only by CCPIN_HOME: without it, `ccpin` and its own shim would disagree.
    """
    front = " ".join(quote_sh(folder) for folder in reversed(_front(home)))  # the last one ends up first
    back = _SH_BACK.format(folder=quote_sh(behind)) if behind else ""
    return _SH.format(front=front, back=back) + (_SH_HOME.format(home=quote_sh(home.root)) if moved else "")


def env_fish(home: Home, behind: str | None, *, moved: bool = False) -> str:
    """The file for fish; `behind` and `moved` as in `env_sh`."""
    front = " ".join(quote_fish(folder) for folder in _front(home))
    back = _FISH_BACK.format(folder=quote_fish(behind)) if behind else ""
    return _FISH.format(front=front, back=back) + (_FISH_HOME.format(home=quote_fish(home.root)) if moved else "")


def folder_of_ccpin(home: Home, env: dict[str, str], python: str) -> str | None:
    """The folder to append to PATH so that `ccpin` is found, or None where nothing needs or allows it.

    None when `<home>/bin/ccpin` exists, which goes first; when another folder of PATH has one; and when the only
    one stands in a virtual environment's own folder, whose `python` and `pip` nobody asked for. A folder
    that is on PATH already is named all the same: else a second `ccpin setup`, run where the first one's line has
    taken effect, would take that line away again.
    """
    if os.path.exists(os.path.join(home.bin, "ccpin")):
        return None
    folder = _own_folder(env, python)
    found = shutil.which("ccpin", path=env.get("PATH") or os.defpath)
    if found and os.path.dirname(found) != folder:
        return None
    return folder


def _front(home: Home) -> list[str]:
    return [home.shims, home.bin] if os.path.exists(os.path.join(home.bin, "ccpin")) else [home.shims]


def _own_folder(env: dict[str, str], python: str) -> str | None:
    beside = os.path.dirname(python)
    script = os.path.join(beside, "ccpin")
    if not os.path.exists(script):
        return None
    user = os.path.join(env.get("HOME", ""), ".local", "bin")
    for folder in (env.get("UV_TOOL_BIN_DIR"), env.get("PIPX_BIN_DIR"), env.get("XDG_BIN_HOME"), user):
        link = os.path.join(folder or "", "ccpin")
        if folder and _goes_on_path(folder) and os.path.exists(link) and os.path.samefile(link, script):
            return folder
    in_environment = os.path.exists(os.path.join(os.path.dirname(beside), "pyvenv.cfg"))
    return beside if _goes_on_path(beside) and not in_environment else None


def _goes_on_path(folder: str) -> bool:
    return os.path.isabs(folder) and ":" not in folder
