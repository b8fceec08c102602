"""Where every start begins. The three roads that must be fast import neither typer, rich nor requests."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ccpin.errors import CcpinError


def main() -> None:
    """The console script `ccpin`, and `python -m ccpin`."""
    sys.exit(run(sys.argv[1:]))


def claude() -> None:
    """The console script whose launcher is `claude.exe` on Windows."""
    sys.exit(run(["exec", "--", *sys.argv[1:]]))


def run(args: list[str]) -> int:
    """The exit code of `ccpin ARGS`."""
    if args == ["--version"]:
        from ccpin import __version__

        print(f"ccpin {__version__}")  # noqa: T201
        return 0
    if args == ["which"]:
        return _which()
    if args[:1] == ["exec"] and not _asks_for_help(args[1:]):
        return _exec(args[1:])
    from ccpin.cli.app import run_app

    return run_app(args)


def _which() -> int:
    from ccpin.errors import CcpinError
    from ccpin.launching.which import which
    from ccpin.paths import find_home

    try:
        print(which(dict(os.environ), find_home(dict(os.environ))))  # noqa: T201
    except CcpinError as error:
        return _complain(error, error.exit_code)
    return 0


def _exec(args: list[str]) -> int:
    """`ccpin exec [--home DIR] [--version SPEC] [--] ARGS…`: here ccpin stands in the place of `claude`."""
    from ccpin.errors import CcpinError

    try:
        from ccpin.cli.exec import exec_claude

        return exec_claude(args, dict(os.environ))
    except CcpinError as error:
        return _complain(error, 2 if error.exit_code == 2 else error.launch_code)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  the last one to hear of it
        from ccpin.cli.bugs import report

        return report(error)


def _asks_for_help(args: list[str]) -> bool:
    return args[:1] in (["--help"], ["-h"])


def _complain(error: CcpinError, code: int) -> int:
    sys.stderr.write(f"ccpin: {error}\n  {error.hint}\n")
    return code


if __name__ == "__main__":
    main()
