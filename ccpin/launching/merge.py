"""A user's own `--settings` with the lock's flags in it.

Their settings may hold secrets, so what comes out is a file of ccpin's that only they can read, never an argument:
those are seen by everybody on the machine. Its name is its content's digest, so that the same settings are one file,
and it is touched at every launch; what no launch has named for a month is removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Collection, Mapping
from typing import Any

from ccpin.errors import OwnSettings, StoreUnwritable
from ccpin.files import make_folder, replace_file
from ccpin.paths import SETTINGS_AGE, Home
from ccpin.pinning.find import read_plain

_MOST = 4 << 20  # bytes of a settings file
_UNREADABLE = "it is no JSON that can be read"
_RULE = re.compile(r"(Read|Edit|Write|MultiEdit|NotebookEdit|Glob|Grep|LS)\(/(?!/)(.*)\)", re.DOTALL)


def merged(own: str, wanted: Mapping[str, str], gone: Collection[str], home: Home) -> str:
    """The path of a file with the settings `own` (JSON, or a path) in which `env` holds `wanted` and no name of `gone`;
    all else of theirs stays. Raises OwnSettings, StoreUnwritable."""
    settings, folder = _read(own)
    if folder is not None:
        settings = rooted(settings, folder, own)
    env = settings.get("env", {})
    if not isinstance(env, dict):
        raise OwnSettings(settings=_named(own), reason="its `env` is not an object")
    theirs = {name: value for name, value in env.items() if name not in gone}
    try:
        text = json.dumps({**settings, "env": {**theirs, **wanted}}, indent=1, allow_nan=False) + "\n"
    except (ValueError, RecursionError):  # 1e999 is read as infinity; and writing takes more depth than reading
        raise OwnSettings(settings=_named(own), reason=_UNREADABLE) from None
    return _keep(text.encode(), home)


def rooted(settings: dict[str, Any], folder: str, own: str) -> dict[str, Any]:
    """`settings` that mean the same in another folder than their own, `folder`.

    There, `Read(/x)` is about `x` beside the settings file, and `Read(//x)` about `/x` (read in 2.0.14, 2.1.112,
    2.1.200, 2.1.330). Raises OwnSettings for paths of a sandbox, whose meaning by folder was not measured.
    """
    sandbox = settings.get("sandbox")
    paths = sandbox.get("filesystem") if isinstance(sandbox, dict) else None
    for name, some in (paths if isinstance(paths, dict) else {}).items():
        for path in some if isinstance(some, list) else []:
            if isinstance(path, str) and not path.startswith(("//", "~")):
                reason = f"a path in its `sandbox.filesystem.{name}` means another one elsewhere"
                raise OwnSettings(settings=own, reason=reason)
    permissions = settings.get("permissions")
    if not isinstance(permissions, dict):
        return settings

    def fixed(rule: Any) -> Any:
        found = _RULE.fullmatch(rule) if isinstance(rule, str) else None
        return f"{found[1]}(/{folder.rstrip('/')}/{found[2]})" if found else rule

    lists = {name: [fixed(rule) for rule in some] for name, some in permissions.items() if isinstance(some, list)}
    return {**settings, "permissions": {**permissions, **lists}}


def _read(own: str) -> tuple[dict[str, Any], str | None]:
    """The settings, and the folder of their file, absolute; None for JSON."""
    if not own:  # to the releases, no `--settings` at all (measured in 2.0.14, 2.1.112, 2.1.200, 2.1.330)
        return {}, None
    folder = None
    if _is_json(own):
        text = own
    else:
        try:
            folder = os.path.dirname(os.path.abspath(own))
            with open(own, "rb") as file:  # perhaps a pipe: `--settings <(…)`
                data = file.read(_MOST + 1)
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", "") or "no path").lower()
            raise OwnSettings(settings=_named(own), reason=reason) from None
        if len(data) > _MOST:
            raise OwnSettings(settings=_named(own), reason=f"it has more than {_MOST:,} bytes")
        text = data.decode("utf-8-sig", "surrogateescape")
    try:
        settings = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise OwnSettings(settings=_named(own), reason=f"{error.msg.lower()}, line {error.lineno}") from None
    except (ValueError, RecursionError):
        raise OwnSettings(settings=_named(own), reason=_UNREADABLE) from None
    if not isinstance(settings, dict):
        raise OwnSettings(settings=_named(own), reason="it is not an object")
    return settings, folder


def _is_json(own: str) -> bool:
    """As the releases tell (1.0.100 to 2.1.330)."""
    return own.strip().startswith("{") and own.strip().endswith("}")


def _named(own: str) -> str:
    """What a message calls it: its path. JSON may hold secrets, also where an end is missing or it is quoted twice."""
    return "the JSON given" if "{" in own or own.lstrip("\ufeff \t\r\n").startswith(("[", '"')) else own


def _refuse(constant: str) -> float:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def _keep(data: bytes, home: Home) -> str:
    path = os.path.join(home.settings, f"{hashlib.sha256(data).hexdigest()}.json")
    try:
        make_folder(home.settings)
        os.chmod(home.settings, 0o700)
        _sweep(home.settings)
        if _holds(path, data):  # the same as last time
            os.chmod(path, 0o600)
            os.utime(path)
        else:
            replace_file(path, data, 0o600)
    except OSError as error:
        raise StoreUnwritable(path=path, reason=(error.strerror or "unknown").lower()) from None
    return path


def _holds(path: str, data: bytes) -> bool:
    try:
        return read_plain(path, len(data) + 1) == data
    except OSError:
        return False


def _sweep(folder: str) -> None:
    oldest = time.time() - SETTINGS_AGE
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):  # another launch sweeps too; and what cannot be removed does no harm
            if entry.stat(follow_symlinks=False).st_mtime < oldest:
                os.unlink(entry.path)
