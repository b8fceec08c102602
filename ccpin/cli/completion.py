"""`ccpin completion`: the script that makes a shell complete ccpin's words."""

from __future__ import annotations

from typing import Annotated

import typer

from ccpin.errors import BadOption

_SHELLS = ("bash", "zsh", "fish", "powershell")


def completion_command(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> None:
    """Print a shell's completion script. `ccpin completion bash >> ~/.bashrc` installs it."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    from ccpin.cli.app import COMPLETE

    if shell not in _SHELLS:
        raise BadOption(reason=f"`{shell}` is not one of {', '.join(_SHELLS)}", command="ccpin completion")
    typer.echo(get_completion_script(prog_name="ccpin", complete_var=COMPLETE, shell=shell))
