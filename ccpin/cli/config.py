"""`ccpin config`: this user's own settings, which no project can write, and where each value comes from.

Three kinds: one word in a file that a variable may overrule (`pinning.settings`, and the floor below which nothing
runs), two lists of flags (what locks may set beyond ccpin's table, and what a clean slate leaves alone), and what can
only be looked at here.
"""

from __future__ import annotations

import contextlib
import os
from typing import Annotated, Any, NamedTuple

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.errors import BadOption, BadSetting, CcpinError, StoreUnwritable
from ccpin.files import make_folder, replace_file
from ccpin.paths import Home, find_home
from ccpin.pinning import flags, settings
from ccpin.pinning.find import minimum_version, read_plain
from ccpin.pinning.head import is_version
from ccpin.pinning.own import MOST_BYTES, allowed_flags, cannot_allow, cannot_keep, kept_flags

_FLOOR = "minimum-version"
_LISTS = {"allow-flag": cannot_allow, "keep-flag": cannot_keep}
_WORDS = tuple(name for name, kind in settings.TABLE.items() if kind.file)
_READ_ONLY = {
    "offline": "in the environment: `CCPIN_OFFLINE=1`",
    "registry": "where npm is configured, `npm config set registry URL`, or in CCPIN_NPM_REGISTRY",
    "home": "in the environment: `CCPIN_HOME=/elsewhere`",
    "keys": "by files in the folder `keys` below ccpin's home, each named after its id",
}
_SETTINGS = (_FLOOR, *_LISTS, *_WORDS, *_READ_ONLY)


class Shown(NamedTuple):
    """A setting as it is shown: its value, what says so, and, for what is not set, why."""

    value: str | list[str] | None
    source: str
    why: str = ""

    def __str__(self) -> str:
        words = self.value if isinstance(self.value, str) else ", ".join(self.value or ())
        if words:
            return f"= {words}  ({self.source})"
        return f"is not set: {self.why}" if self.why else "is not set"

    def as_data(self) -> dict[str, Any]:
        """For JSON; `why` is there only where it says something."""
        return {"value": self.value, "source": self.source, **({"why": self.why} if self.why else {})}


def set_word(home: Home, setting: str, value: str | None) -> None:
    """Sets a setting that is one word, or takes it away. Raises BadSetting, StoreUnwritable."""
    reason = None
    if value is not None and setting == _FLOOR:
        reason = None if is_version(value) else "it is not N.N.N"
    elif value is not None:
        reason = settings.TABLE[setting].problem(value)
    if value is not None and reason:
        said = _without_password(value) if setting == "channel" else value
        example = "2.0.14" if setting == _FLOOR else settings.TABLE[setting].example
        raise BadSetting(name=setting, value=said, reason=reason, example=example)
    _write(home, _file(home, setting), [value] if value is not None else [])


def list_flag(home: Home, setting: str, name: str) -> None:
    """Puts a flag into the list of `setting`. Raises BadSetting, StoreUnwritable."""
    if setting == "allow-flag" and name in flags.TABLE:
        needless = "locks may hold it anyway, with the values it takes"
        raise BadSetting(name=setting, value=name, reason=needless, example="NAME")
    if reason := _LISTS[setting](name):
        raise BadSetting(name=setting, value=name, reason=reason, example="NAME")
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
    return {name for name in text.split("\n") if name and not _LISTS[setting](name)}


def _file(home: Home, setting: str) -> str:
    """The file that holds a setting which can be changed."""
    of_lists = {_FLOOR: home.minimum_version, "allow-flag": home.allow_flags, "keep-flag": home.keep_flags}
    if setting in of_lists:
        return of_lists[setting]
    of_word = settings.TABLE[setting].file
    return of_word(home) if of_word else ""


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


def _shown(home: Home, env: dict[str, str], setting: str) -> Shown:
    """What is set now. Raises BrokenSetting, BadVariable."""
    if setting == _FLOOR:
        floor = minimum_version(home)
        return Shown(floor, home.minimum_version if floor else "default")
    if setting in _LISTS:
        names = sorted(allowed_flags(home) if setting == "allow-flag" else kept_flags(home))
        return Shown(names, _file(home, setting) if names else "default")
    if setting in settings.TABLE:
        value, source = settings.read(setting, env, home)
        return Shown(_without_password(value) if value and setting == "channel" else value, source)
    if setting == "home":
        return Shown(home.root, "CCPIN_HOME" if env.get("CCPIN_HOME") else "default")
    return _keys(home) if setting == "keys" else _registry(env)


def _registry(env: dict[str, str]) -> Shown:
    from ccpin.releases.npmrc import read_config, registry_address

    try:
        address, source = registry_address(read_config(env), env)
    except CcpinError as error:
        return Shown(None, "default", str(error))
    return Shown(_without_password(address), source)


def _keys(home: Home) -> Shown:
    """The ids of the keys that this user has added to upstream's; those taken away have a `-` before them."""
    from ccpin.releases.keys import read_keys

    try:
        ours = read_keys(home.keys)
    except CcpinError as error:
        return Shown(None, home.keys, str(error))
    upstreams = read_keys("")  # a folder that is none
    ids = [{*keys.raw, *keys.openpgp} for keys in (ours, upstreams)]
    names = [*sorted(ids[0] - ids[1]), *(f"-{key}" for key in sorted(ids[1] - ids[0]))]
    return Shown(names, home.keys if names else "default", "" if names else f"there is none in {home.keys}")


def _without_password(address: str) -> str:
    from ccpin.net import shown  # with requests, so not for every setting

    return shown(address)


def config_command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=", ".join(_SETTINGS) + ".")] = None,
    value: Annotated[
        str | None, typer.Argument(metavar="VALUE", help="A version, the name of a flag, or what the setting takes.")
    ] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Take it away: the value, or one flag, or all.")] = False,
    as_json: JSON = False,
) -> None:
    """Show this user's settings, or change one. Each is shown with what said so.

    `minimum-version 2.0.14` refuses older releases; `allow-flag NAME` lets locks set a variable that is not in
    ccpin's table of flags; `keep-flag NAME` leaves one of the table as it is set, clean slate or not; `source npm` or
    `source native,npm` says where releases come from; `channel URL` is a copy of the native channel; `min-age 7d` is
    how old a release must be.
    """
    env = dict(os.environ)
    home = find_home(env)
    if name is not None and name not in _SETTINGS:
        raise BadOption(reason=f"`{name}` is not a setting; there are {', '.join(_SETTINGS)}", command="ccpin config")
    if unset and (name is None or (name not in _LISTS and value is not None)):
        raise BadOption(reason="`--unset` takes the name of a setting, and of a list one flag", command="ccpin config")
    if name is not None and (unset or value is not None):
        _change(home, name, value, unset=unset)
    give("config", _answer(home, env, _SETTINGS if name is None else (name,)), as_json=as_json)


def _change(home: Home, name: str, value: str | None, *, unset: bool) -> None:
    if name in _READ_ONLY:
        raise BadOption(reason=f"`{name}` is not set here, but {_READ_ONLY[name]}", command="ccpin config")
    if name not in _LISTS:
        set_word(home, name, None if unset else value)
    elif unset:
        unlist_flag(home, name, value)
    elif value is not None:
        list_flag(home, name, value)


def _answer(home: Home, env: dict[str, str], names: tuple[str, ...]) -> Answer:
    found = {name: _shown(home, env, name) for name in names}
    lines = [f"{name} {what}" for name, what in found.items()]
    before: dict[str, Any] = {name: found[name].value for name in (_FLOOR, *_LISTS) if name in found}
    data = {
        **before,
        "settings": {name: what.as_data() for name, what in found.items()},
        "files": {name: _file(home, name) for name in names if name not in _READ_ONLY},
        "home": home.root,
    }
    return Answer(data, "\n".join(lines))
