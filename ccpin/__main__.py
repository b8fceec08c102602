"""Where every start begins. The roads that must be fast import neither typer, rich nor requests."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ccpin.errors import CcpinError


def main() -> None:
    """The console script `ccpin`, and `python -m ccpin`."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a path may hold bytes that are no text; not every encoding has `…`
        sys.stdout.reconfigure(errors="surrogateescape" if sys.stdout.encoding == "utf-8" else "replace")
    _end_tidily()
    sys.exit(run(sys.argv[1:]))


def claude() -> None:
    """The console script whose launcher is `claude.exe` on Windows."""
    shims = os.path.dirname(os.path.abspath(sys.argv[0]))  # it is `<home>\\shims\\claude.exe`
    _end_tidily()
    sys.exit(run(["exec", "--home", os.environ.get("CCPIN_HOME") or os.path.dirname(shims), "--", *sys.argv[1:]]))


def _end_tidily() -> None:
    """SIGTERM ends a command as Ctrl-C does, with everything put back; a second one ends it at once, and the next run
    sweeps what that leaves. What `exec` starts gets none of this."""
    import signal

    from ccpin.errors import Stopped

    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise Stopped

    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:  # else whoever started this has it ignored
        signal.signal(signal.SIGTERM, stop)


def run(args: list[str]) -> int:
    """The exit code of `ccpin ARGS`, also where a signal comes while nobody else catches it: in an import."""
    from ccpin.errors import Interrupted, Stopped, Terminated

    try:
        return _run(args)
    except KeyboardInterrupt:
        return _complain(Interrupted(), 130)
    except Stopped:
        return _complain(Terminated(), 143)


def _run(args: list[str]) -> int:
    if args == ["--version"]:
        from ccpin import __version__

        print(f"ccpin {__version__}")  # noqa: T201
        return 0
    if args == ["which"]:
        return _quick(_which)
    if args in (["sync"], ["sync", "--locked"]):
        return _quick(_sync, locked="--locked" in args)
    if args[:1] == ["exec"] and args[1:2] not in (["--help"], ["-h"]):
        return _exec(args[1:])
    from ccpin.cli.app import run_app

    return run_app(args)


def _quick(command: Callable[..., str], **options: bool) -> int:
    """Runs a command whose answer is one line; its exit code."""
    from ccpin.errors import CcpinError

    try:
        answer = command(dict(os.environ), **options)
    except CcpinError as error:
        return _complain(error, error.exit_code)
    except Exception as error:  # noqa: BLE001  the last one to hear of it
        return _bug(error)
    try:
        print(answer, flush=True)  # noqa: T201
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes at its end
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"ccpin: the answer could not be written: {error.strerror}\n")
        return 1
    return 0


def _which(env: dict[str, str]) -> str:
    from ccpin.launching.which import which
    from ccpin.paths import find_home

    return which(env, find_home(env))


def _sync(env: dict[str, str], *, locked: bool) -> str:
    from ccpin.cli.exec import progress
    from ccpin.launching.sync import sync
    from ccpin.paths import find_home
    from ccpin.pinning.find import find_pin

    home = find_home(env)
    installed = sync(find_pin(home), home, env, progress=progress, locked=locked)
    return f"Claude Code {installed.receipt.version} is installed"


def _exec(args: list[str]) -> int:
    """`ccpin exec [--home DIR] [--version SPEC] [--] ARGS…`: here ccpin stands in the place of `claude`."""
    from ccpin.errors import CcpinError

    try:
        from ccpin.cli.exec import exec_claude

        return exec_claude(args, dict(os.environ))
    except CcpinError as error:
        return _complain(error, error.launch_code)
    except Exception as error:  # noqa: BLE001  the last one to hear of it
        return _bug(error)


def _bug(error: Exception) -> int:
    from ccpin.cli.bugs import report

    return report(error)


def _complain(error: CcpinError, code: int) -> int:
    sys.stderr.write(f"ccpin: {error}\n  {error.hint}\n")
    return code


if __name__ == "__main__":
    main()
