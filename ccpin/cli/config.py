"""`ccpin config`: this user's own settings, which no project can write.

One value, the floor below which nothing runs, and two lists of flags: what locks may set beyond ccpin's table, and
what a clean slate leaves alone.
"""

from __future__ import annotations

import contextlib
import os
from typing import Annotated, Any

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.errors import BadOption, BadSetting, StoreUnwritable
from ccpin.files import make_folder, replace_file
from ccpin.paths import Home, find_home
from ccpin.pinning import flags
from ccpin.pinning.find import minimum_version, read_plain
from ccpin.pinning.head import is_version
from ccpin.pinning.own import MOST_BYTES, allowed_flags, cannot_allow, cannot_keep, kept_flags

_FLOOR = "minimum-version"
_CHECKS = {"allow-flag": cannot_allow, "keep-flag": cannot_keep}
_SETTINGS = (_FLOOR, *_CHECKS)


def set_minimum(home: Home, value: str | None) -> None:
    """Sets the floor, or takes it away. Raises BadSetting, StoreUnwritable."""
    if value is not None and not is_version(value):
        raise BadSetting(name=_FLOOR, value=value, reason="it is not N.N.N")
    _write(home, home.minimum_version, [value] if value is not None else [])


def list_flag(home: Home, setting: str, name: str) -> None:
    """Puts a flag into the list of `setting`. Raises BadSetting, StoreUnwritable."""
    if setting == "allow-flag" and name in flags.TABLE:
        raise BadSetting(name=setting, value=name, reason="locks may hold it anyway, with the values it takes")
    if reason := _CHECKS[setting](name):
        raise BadSetting(name=setting, value=name, reason=reason)
    _write(home, _file(home, setting), sorted({*_listed(home, setting), name}))


def unlist_flag(home: Home, setting: str, name: str | None) -> None:
    """Takes a flag out of the list of `setting`; without a name, all of them. Raises StoreUnwritable."""
    rest = [] if name is None else sorted(_listed(home, setting) - {name})
    _write(home, _file(home, setting), rest)


def _listed(home: Home, setting: str) -> set[str]:
    """The names of a list that is about to be written anew; what may not stand in it is left behind."""
    try:
        text = read_plain(_file(home, setting), MOST_BYTES).decode("utf-8", "replace")
    except OSError:  # none yet; and where it is a folder, writing will say so
        return set()
    return {name for name in text.split("\n") if name and not _CHECKS[setting](name)}


def _file(home: Home, setting: str) -> str:
    return {_FLOOR: home.minimum_version, "allow-flag": home.allow_flags, "keep-flag": home.keep_flags}[setting]


def _write(home: Home, path: str, lines: list[str]) -> None:
    """A setting's file, a line each; no lines, no file."""
    try:
        if not lines:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            return
        make_folder(home.root)
        replace_file(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise StoreUnwritable(path=path, reason=(error.strerror or "unknown").lower()) from None


def _value(home: Home, setting: str) -> str | list[str] | None:
    """What is set now. Raises BrokenSetting."""
    if setting == _FLOOR:
        return minimum_version(home)
    return sorted(allowed_flags(home) if setting == "allow-flag" else kept_flags(home))


def config_command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=", ".join(_SETTINGS) + ".")] = None,
    value: Annotated[str | None, typer.Argument(metavar="VALUE", help="A version, or the name of a flag.")] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Take it away: the value, or one flag, or all.")] = False,
    as_json: JSON = False,
) -> None:
    """Show or change this user's settings.

    `minimum-version 2.0.14` refuses older releases; `allow-flag NAME` lets locks set a variable that is not in
    ccpin's table of flags; `keep-flag NAME` leaves one of the table as it is set, clean slate or not.
    """
    home = find_home(dict(os.environ))
    if name is not None and name not in _SETTINGS:
        raise BadOption(reason=f"`{name}` is not a setting; there are {', '.join(_SETTINGS)}", command="ccpin config")
    if unset and (name is None or (name == _FLOOR and value is not None)):
        raise BadOption(reason="`--unset` takes the name of a setting, and of a list one flag", command="ccpin config")
    if name == _FLOOR and (unset or value is not None):
        set_minimum(home, value)
    elif name is not None and unset:
        unlist_flag(home, name, value)
    elif name is not None and value is not None:
        list_flag(home, name, value)
    give("config", _answer(home, _SETTINGS if name is None else (name,)), as_json=as_json)


def _answer(home: Home, settings: tuple[str, ...]) -> Answer:
    values: dict[str, Any] = {setting: _value(home, setting) for setting in settings}
    files = {setting: _file(home, setting) for setting in settings}
    lines = []
    for setting, value in values.items():
        words = value if isinstance(value, str) else ", ".join(value or ())
        lines.append(f"{setting} = {words}  ({files[setting]})" if words else f"{setting} is not set")
    return Answer({**values, "files": files, "home": home.root}, "\n".join(lines))
