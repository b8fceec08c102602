"""What `ccpin --help` and `ccpin exec --help` say of exec; the road itself is `ccpin.cli.exec`, without typer."""

from __future__ import annotations

from typing import Annotated

import typer


def exec_command(
    version: Annotated[str, typer.Option(metavar="SPEC", help="Run another release for once.")] = "",
    args: Annotated[list[str] | None, typer.Argument(metavar="ARGS", help="All of it Claude Code's own.")] = None,
) -> None:
    """Run the pinned Claude Code, as `claude` does."""
    raise AssertionError("ccpin.__main__ takes the other road")
