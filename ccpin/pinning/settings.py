"""This user's own settings that are one word each, and where each value comes from.

    name     environment     file below ccpin's home   without both
    source   CCPIN_SOURCE    source                    auto: npm, then the native channel
    channel  CCPIN_CHANNEL   channel                   upstream's own address
    min-age  CCPIN_MIN_AGE   min-age                   none: a release may be of today
    offline  CCPIN_OFFLINE   (no file)                 the network may be asked

The environment goes before the file; an empty variable counts as none. No project can write any of them. The other
settings, which the launch reads, are in `pinning.find` (minimum-version) and `pinning.own` (the lists of flags).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from ccpin.errors import BadAge, BadVariable, BrokenSetting
from ccpin.paths import Home
from ccpin.pinning.find import read_plain

SOURCES = ("npm", "native")
AUTO = ("npm", "native")
"""What `auto` means: the order in which the sources are tried."""
UPSTREAM_CHANNEL = "https://downloads.claude.ai/claude-code-releases"

_MOST_BYTES = 4096
_AGE = re.compile(r"(\d{1,5})([dh])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


class Setting(NamedTuple):
    """A value, or None where nothing is set, and what said so: a variable's name, a file and its line, or "default"."""

    value: str | None
    source: str


class Kind(NamedTuple):
    """What a setting is: the variable and the file that may hold it, what counts without both, why a text is no value
    of it (None: it is one), and a value to show."""

    variable: str
    file: Callable[[Home], str] | None
    default: str | None
    problem: Callable[[str], str | None]
    example: str


def read(name: str, env: Mapping[str, str], home: Home | None) -> Setting:
    """The setting `name` of TABLE; without `home` no file is looked for.

    Raises BadVariable and, with file and line, BrokenSetting.
    """
    kind = TABLE[name]
    if said := env.get(kind.variable):
        if reason := kind.problem(said):
            raise BadVariable(name=kind.variable, reason=reason, example=kind.example)
        return Setting(said, kind.variable)
    if home is not None and kind.file is not None and (found := _from_file(name, kind, kind.file(home))):
        return found
    return Setting(kind.default, "default")


def is_offline(env: Mapping[str, str], flag: bool = False) -> bool:
    """Whether nothing may be asked of any network: `--offline`, or CCPIN_OFFLINE with any value."""
    return flag or bool(env.get("CCPIN_OFFLINE"))


def source_order(value: str) -> tuple[str, ...]:
    """The sources that a value of `source` means, in the order in which they are tried. A value that is none gives
    what is in it: `read` has refused that."""
    return AUTO if value == "auto" else tuple(value.split(","))


def source_problem(value: str) -> str | None:
    """Why a text is no value of `source`, or None."""
    named = source_order(value)
    unknown = [name for name in named if name not in SOURCES]
    if unknown:
        return f"`{unknown[0]}` is not a source; there are {', '.join(SOURCES)}, and `auto` for all of them"
    return f"`{value}` names one of them twice" if len(set(named)) < len(named) else None


def address_problem(value: str) -> str | None:
    """Why a text is no address that files could lie below, or None. Does not repeat it: it may hold a password."""
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        fits = False
    if not fits or any(c.isspace() or not c.isprintable() for c in value):
        return "it is not `https://host/path`"
    return "nothing may stand behind its path" if parts.query or parts.fragment else None


def parse_age(text: str) -> timedelta:
    """`7d` or `36h` as a span of time. Raises BadAge."""
    if age_problem(text):
        raise BadAge(value=text)
    return int(text[:-1]) * _UNITS[text[-1]]


def age_problem(value: str) -> str | None:
    """Why a text is no age, or None."""
    return None if value.isascii() and _AGE.fullmatch(value) else f"`{value}` is not a number of days or hours"


def _from_file(name: str, kind: Kind, path: str) -> Setting | None:
    """What stands in a setting's file; None where there is no such file."""
    try:
        text = read_plain(path, _MOST_BYTES).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise BrokenSetting(where=path, name=name, reason=why, example=kind.example) from None
    value, *more = text.removesuffix("\n").split("\n")
    if reason := kind.problem(value):
        raise BrokenSetting(where=f"{path}:1", name=name, reason=reason, example=kind.example)
    if more:
        raise BrokenSetting(where=f"{path}:2", name=name, reason="one line is all it takes", example=kind.example)
    return Setting(value, f"{path}:1")


TABLE = {
    "source": Kind("CCPIN_SOURCE", lambda home: home.source, "auto", source_problem, "npm"),
    "channel": Kind("CCPIN_CHANNEL", lambda home: home.channel, UPSTREAM_CHANNEL, address_problem, "https://host/path"),
    "min-age": Kind("CCPIN_MIN_AGE", lambda home: home.min_age, None, age_problem, "7d"),
    "offline": Kind("CCPIN_OFFLINE", None, None, lambda value: None, "1"),
}
"""Name -> what it is. Those without a file are set in the environment alone."""
