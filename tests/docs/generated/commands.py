"""docs/commands.md, out of the command line itself: every verb, what it takes, and what each option does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import typer

from ccpin.cli.app import VERBS, build
from tests.docs.generated.tables import table
from tests.docs.marked import Generator, names

Command = Any
"""A command of click's, wherever this typer keeps its click."""


@cache
def commands() -> dict[str, Command]:
    """`use`, `env`, `env set`, …, in the order of the help."""
    group: Command = typer.main.get_command(build(""))
    found: dict[str, Command] = {}
    for verb in VERBS:
        found[verb] = group.commands[verb]
        found |= {f"{verb} {name}": command for name, command in getattr(found[verb], "commands", {}).items()}
    return found


def generators() -> dict[str, Generator]:
    return {f"command {verb}": _generator(verb) for verb in VERBS}


def with_all_verbs(text: str) -> str:
    """The page with a part for every verb, in their order; what is missing is put in."""
    there = names(text)
    for verb in reversed(VERBS):
        if f"command {verb}" not in there:
            text = _with(text, verb)
    return text


def options(command: Command) -> Iterator[Any]:
    return (param for param in command.params if param.param_type_name == "option" and not param.hidden)


def arguments(command: Command) -> list[Any]:
    return [param for param in command.params if param.param_type_name == "argument"]


def _with(text: str, verb: str) -> str:
    """`text` with an empty part for `verb`, before that of the next one, else at its end."""
    new = f"<!-- generated: command {verb} -->\n<!-- end -->\n"
    verbs = list(VERBS)
    for other in verbs[verbs.index(verb) + 1 :]:
        mark = f"<!-- generated: command {other} -->\n"
        if mark in text:
            return text.replace(mark, f"{new}\n{mark}")
    return f"{text.rstrip()}\n\n{new}"


def _generator(verb: str) -> Generator:
    def text(_: str) -> str:
        return "\n\n".join(
            _said(name, command) for name, command in commands().items() if name.partition(" ")[0] == verb
        )

    return text


def _said(name: str, command: Command) -> str:
    usage = " ".join(["ccpin", name, *_options_word(command), *map(_argument, arguments(command))])
    level = "##" if " " not in name else "###"
    rows = [(f"`{_argument(one)}`", _help(one)) for one in arguments(command) if _help(one)]
    rows += [(_option(one), _help(one)) for one in options(command)]
    said = [f"{level} {name}", f"`{usage}`", _whole(command.help)]
    return "\n\n".join([*said, table(("", ""), rows)] if rows else said)


def _options_word(command: Command) -> list[str]:
    words = [f"{max(one.opts, key=len)} {one.metavar}" for one in options(command) if one.required]
    return [*words, "[OPTIONS]"] if any(not one.required for one in options(command)) else words


def _argument(param: Any) -> str:
    name = (param.metavar or param.name.upper()).strip("[].")
    if name.startswith("NAME[="):
        name = param.metavar
    name += "]" if name.count("[") > name.count("]") else ""
    many = "…" if param.nargs == -1 else ""
    return f"{name}{many}" if param.required else f"[{name}]{many}"


def _option(param: Any) -> str:
    names_of = ", ".join(f"`{name}`" for name in sorted(param.opts, key=len))
    return names_of if param.is_flag else f"{names_of} `{param.metavar}`"


def _help(param: Any) -> str:
    said = _whole(getattr(param, "help", None) or "")
    default = param.default
    number = isinstance(default, int) and not isinstance(default, bool)
    return f"{said} Else {default}." if number else said


def _whole(text: str) -> str:
    """Help is wrapped at the width of a terminal; paragraphs stay."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
