"""The command line: which verbs there are. A verb's module is imported when it is called; all of them for `--help`."""

from __future__ import annotations

import importlib
import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ccpin.cli.output import drop_stdout, fail
from ccpin.errors import BadOption, Bug, CcpinError, Interrupted, OutputLost, Stopped, Terminated

VERBS = {
    "init": "init",
    "use": "use",
    "upgrade": "upgrade",
    "rollback": "rollback",
    "outdated": "outdated",
    "sync": "sync",
    "bundle": "bundle",
    "check": "check",
    "fingerprint": "fingerprint",
    "diff": "diff",
    "history": "history",
    "sessions": "sessions",
    "bisect": "bisect",
    "doctor": "doctor",
    "which": "show",
    "current": "show",
    "list": "listing",
    "env": "flags",
    "install": "store",
    "uninstall": "store",
    "verify": "verify",
    "prune": "prune",
    "exec": "exec_help",
    "config": "config",
    "setup": "setup",
    "completion": "completion",
}
"""Verb -> the module of ccpin.cli that holds it, in the order of the help."""

COMPLETE = "_CCPIN_COMPLETE"
"""The variable by which a shell's completion script asks."""

_INTERRUPTED = 130
"""What typer makes of a KeyboardInterrupt: newer ones an exit code, older ones an Abort."""

_WrongUsage: Any = typer.BadParameter.__bases__[0]  # click's UsageError, wherever this typer keeps its click


def run_app(args: list[str]) -> int:
    """The exit code of `ccpin ARGS`. Nothing is raised: what goes wrong is said, as text or as JSON."""
    as_json = "--json" in (args[: args.index("--")] if "--" in args else args)  # what follows is another program's
    command = next((a for a in args if not a.startswith("-")), "")
    try:
        code: Any = build(command)(args or ["--help"], prog_name="ccpin", standalone_mode=False)
    except _WrongUsage as error:
        known = error.ctx.command_path if error.ctx is not None else f"ccpin {command}" if command in VERBS else "ccpin"
        return fail(command, BadOption(reason=error.format_message(), command=known), as_json=as_json)
    except CcpinError as error:
        return fail(command, error, as_json=as_json and not isinstance(error, OutputLost))
    except (KeyboardInterrupt, typer.Abort):
        return fail(command, Interrupted(), as_json=as_json)
    except Stopped:
        return fail(command, Terminated(), as_json=as_json)
    except BrokenPipeError:
        drop_stdout()
        return 1
    except Exception as error:  # noqa: BLE001  the last one to hear of it
        from ccpin.cli.bugs import report

        if as_json:
            fail(command, Bug(kind=type(error).__name__), as_json=True)
        return report(error)
    if code == _INTERRUPTED:
        return fail(command, Interrupted(), as_json=as_json)
    return code if isinstance(code, int) else 0


def build(verb: str) -> typer.Typer:
    """The app with the one verb that was called: importing all the others would cost more than running it."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        cls=_InOrder,
    )
    app.callback()(_ccpin)
    completing = COMPLETE in os.environ
    if completing:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()  # teaches click the shells; it comes with the options that `add_completion` would add
    for name in [verb] if verb in VERBS and not completing else VERBS:
        module = importlib.import_module(f"ccpin.cli.{VERBS[name]}")
        command = getattr(module, f"{name}_command")
        if isinstance(command, typer.Typer):  # a family of verbs
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


class _InOrder(TyperGroup):
    """Typer puts families behind all verbs."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in VERBS if name in self.commands]


def _ccpin(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show ccpin's own version.")] = False,
) -> None:
    """Pins Claude Code for a project: one release, the same behaviour flags, on every machine."""
    if version:  # `ccpin --version` alone never comes here
        raise BadOption(reason=f"`--version` stands alone, without `{ctx.invoked_subcommand}`", command="ccpin")
