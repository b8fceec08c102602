"""`ccpin exec`: stands in the place of `claude`. The shim hands over to it, so it starts as fast as it can."""

from __future__ import annotations

import sys

from ccpin.errors import BadOption
from ccpin.launching.launch import launch, run_pin
from ccpin.paths import Home, find_home
from ccpin.pinning.find import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ccpin.store.progress import Progress


def exec_claude(args: Sequence[str], env: dict[str, str]) -> int:
    """`[--home DIR] [--version SPEC | --lock FILE] [--] ARGS…`. Returns only on Windows; raises CcpinError."""
    options, rest = _split(args)
    if options.keys() >= {"--version", "--lock"}:
        raise BadOption(reason="`--version` and `--lock` each name a release", command="ccpin exec")
    home = find_home({**env, "CCPIN_HOME": options["--home"]} if "--home" in options else env)
    if "--lock" in options:  # of `ccpin bisect`: it counts here, wherever it stands
        from ccpin.launching.candidate import read_candidate

        return run_pin(rest, env, home, read_candidate(home, options["--lock"]), install=_not_here, say=_say)
    if "--version" not in options:
        return launch(rest, env, home, install=install_missing, say=_say)
    from ccpin.launching.choose import pin_of_request, pin_or_none

    pin = pin_of_request(home, options["--version"], pin_or_none(home), env, where="ccpin exec --version")
    return run_pin(rest, env, home, pin, install=install_missing, say=_say)


def install_missing(home: Home, pin: Pin, env: dict[str, str]) -> None:
    """Puts what a valid lock names into the store."""
    from ccpin.launching.sync import sync

    sync(pin, home, env, progress=progress)


def _not_here(home: Home, pin: Pin, env: dict[str, str]) -> None:
    """Nothing: a candidate's file has no artifacts to install by, and its bisection has installed it."""


def progress() -> Progress:
    """What an install shows, imported when there is one."""
    from ccpin.cli.progress import Shown

    return Shown()


def _split(args: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """ccpin's own options, which stand first, and the rest, which is Claude Code's."""
    options: dict[str, str] = {}
    rest = list(args)
    while rest and rest[0] in ("--home", "--version", "--lock"):
        if len(rest) < 2 or not rest[1] or rest[1].startswith("-"):
            raise BadOption(reason=f"`{rest[0]}` needs a value", command="ccpin exec")
        options[rest[0]], rest = rest[1], rest[2:]
    return options, rest[1:] if rest[:1] == ["--"] else rest


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
