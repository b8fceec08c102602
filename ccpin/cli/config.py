"""`ccpin config`: this user's own settings. There is one so far, the floor below which nothing runs."""

from __future__ import annotations

import contextlib
import os
from typing import Annotated

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.errors import BadOption, BadSetting, StoreUnwritable
from ccpin.files import make_folder, replace_file
from ccpin.paths import Home, find_home
from ccpin.pinning.find import minimum_version
from ccpin.pinning.head import is_version

_NAME = "minimum-version"


def set_minimum(home: Home, value: str | None) -> None:
    """Sets the floor, or takes it away. Raises BadSetting, StoreUnwritable."""
    if value is not None and not is_version(value):
        raise BadSetting(name=_NAME, value=value, reason="it is not N.N.N")
    try:
        if value is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(home.minimum_version)
            return
        make_folder(home.root)
        replace_file(home.minimum_version, f"{value}\n".encode())
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise StoreUnwritable(path=home.minimum_version, reason=reason) from None


def config_command(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The setting: minimum-version.")] = None,
    value: Annotated[str | None, typer.Argument(metavar="[VALUE]", help="Its new value.")] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Take the setting away.")] = False,
    as_json: JSON = False,
) -> None:
    """Show or change this user's settings: `ccpin config minimum-version 2.0.14` refuses older releases."""
    home = find_home(dict(os.environ))
    if name is not None and name != _NAME:
        raise BadSetting(name=name, value=value or "", reason=f"the one setting is `{_NAME}`")
    if unset and (name is None or value is not None):
        raise BadOption(reason="`--unset` takes a name and no value", command="ccpin config")
    if unset or value is not None:
        set_minimum(home, None if unset else value)
    floor = minimum_version(home)
    shown = f"{_NAME} = {floor}  ({home.minimum_version})" if floor else f"{_NAME} is not set"
    give("config", Answer({_NAME: floor, "file": home.minimum_version, "home": home.root}, shown), as_json=as_json)
