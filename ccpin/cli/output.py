"""One result, two forms: text for people, one JSON envelope for programs. Results go to stdout, messages to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from ccpin.errors import CcpinError, OutputLost, printable

JSON = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
REGISTRY = Annotated[
    str | None,
    typer.Option("--registry", metavar="URL", help="The npm registry to ask, instead of the configured one."),
]
OFFLINE = Annotated[
    bool, typer.Option("--offline", help="Ask no network, as with CCPIN_OFFLINE=1: what is known here has to do.")
]


@dataclass(frozen=True)
class Answer:
    """What a command found: `data` for JSON, `text` for stdout, `notes` for stderr, and the exit code."""

    data: Mapping[str, Any]
    text: str = ""
    notes: Sequence[str] = ()
    errors: Sequence[CcpinError] = field(default=())

    @property
    def code(self) -> int:
        return max((error.exit_code for error in self.errors), default=0)


def give(command: str, answer: Answer, *, as_json: bool) -> None:
    """Renders an answer, and ends the command with its exit code."""
    if as_json:
        _envelope(command, answer.data, answer.errors)
    elif answer.text:
        _write(printable(answer.text, also="\n") if command != "which" else answer.text)
    for note in answer.notes:
        say(printable(note, also="\n"))
    if not as_json:
        for error in answer.errors:
            complain(error)
    if answer.code:
        raise typer.Exit(answer.code)


def fail(command: str, error: CcpinError, *, as_json: bool) -> int:
    """Renders a failure; its exit code."""
    if as_json:
        _envelope(command, {}, [error, *error.besides])
    else:
        complain(error)
    return error.exit_code


def complain(error: CcpinError) -> None:
    """What happened, and on a line of its own what mends it."""
    say(f"ccpin: {error}")
    for other in error.besides:
        say(f"  tried too: {other}")
    say(f"  {error.hint}")


def _write(text: str) -> None:
    try:
        typer.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:  # a full disk behind a redirection
        drop_stdout()
        raise OutputLost(reason=(error.strerror or "unknown").lower()) from None


def drop_stdout() -> None:
    """Nobody reads it any more; the interpreter would flush it at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _envelope(command: str, data: Mapping[str, Any], errors: Sequence[CcpinError]) -> None:
    _write(
        json.dumps(
            {
                "ok": not errors,
                "command": command,
                "data": data,
                "errors": [{"code": e.code, "message": str(e), "hint": e.hint} for e in errors],
            },
            ensure_ascii=True,  # a path may hold bytes that are no text
            indent=2,
        )
    )
