"""Commands within sentences, in backticks: what is wrong with one, by the command line that there is.

Placeholders (`SPEC`, `FILE`, `…`) and the brackets around what may be left away are as good as words.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator

from ccpin.cli.app import VERBS
from tests.docs.generated.commands import Command, arguments, commands, options
from tests.docs.pages import ROOT

_MANY = 99


def faults(span: str) -> Iterator[str]:
    """Nothing for what is no command of ccpin's or this repository's."""
    words = _words(span)
    while words and re.fullmatch(r"[A-Z][A-Z0-9_]*=\S*", words[0]):
        words = words[1:]
    if words[:1] == ["ccpin"] and len(words) > 1:
        yield from _of_ccpin(words[1:])
    elif words[:2] == ["python", "-m"]:
        yield from () if _is_module(words[2], words[3:]) else ("no such module",)
    elif words[:1] in (["sh"], ["bash"]):
        files = [word for word in words[1:] if "/" in word or word.endswith(".sh")]
        yield from (f"no file {file}" for file in files if not (ROOT / file).exists())


def _words(span: str) -> list[str]:
    bare = re.sub(r"[\[\]…]|\bOPTIONS\b", " ", re.sub(r"\[=\w+\]", "", span))
    try:
        words = shlex.split(bare)
    except ValueError:
        words = bare.split()
    ends = [at for at, word in enumerate(words) if word in (">", ">>", "|", "&&", ";", "--")]
    return words[: ends[0]] if ends else words


def _is_module(name: str, arguments_: list[str]) -> bool:
    """`tests.bench shim` is the module tests.bench.shim."""
    parts = [word for word in arguments_[:1] if word.isidentifier()]
    return importlib.util.find_spec(".".join([name, *parts])) is not None


def _of_ccpin(words: list[str]) -> Iterator[str]:
    verb, *rest = words
    if verb.startswith("-"):
        yield from () if verb in ("--version", "--help") else (f"no option {verb}",)
    elif verb in VERBS:
        known = commands()
        name = " ".join(words[:2])
        yield from _of_command(known[name], words[2:]) if name in known else _of_command(known[verb], rest)
    elif not verb.isupper():  # VERB stands for any
        yield f"no verb {verb}"


def _of_command(command: Command, words: list[str]) -> Iterator[str]:
    has = {"--help", *(name for one in options(command) for name in one.opts)}
    valued = {name for one in options(command) if not one.is_flag for name in one.opts}
    yield from (f"no option {word}" for word in words if word.startswith("-") and word.partition("=")[0] not in has)
    plain = [
        word for before, word in zip(["", *words], words, strict=False) if word[:1] != "-" and before not in valued
    ]
    takes = arguments(command)
    most = _MANY if any(one.nargs == -1 for one in takes) else len(takes)
    if len(plain) > most:
        yield f"too many words: {' '.join(plain)}"
