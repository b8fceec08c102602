"""Fingerprints that are kept: `<home>/captures/<version>-<digest32>/<mode>-<hash>.json`.

One file for a release, a mode, a set of flags and a normaliser; the hash is over the last two. They hold the vendor's
prompts, so only this user may read them. What cannot be read counts as not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from glob import escape as glob_escape
from glob import glob

from ccpin.errors import StoreUnwritable
from ccpin.files import make_folder, replace_file
from ccpin.paths import Home
from ccpin.pinning.find import read_plain
from ccpin.wire.capture import Mode
from ccpin.wire.fingerprint import PROMPT, About, Fingerprint, from_json
from ccpin.wire.normal import NORMALISER

_MOST = 64 << 20  # bytes


def keep(home: Home, found: Fingerprint) -> str:
    """Writes it in the place of an older one; its path. Raises StoreUnwritable."""
    about = found.about
    path = _path(home, about)
    folder = os.path.dirname(path)
    try:
        make_folder(home.root)
        for private in (home.captures, folder):
            os.makedirs(private, 0o700, exist_ok=True)
            if stat.S_IMODE(os.stat(private).st_mode) != 0o700:
                os.chmod(private, 0o700)
        replace_file(path, json.dumps(found.to_json()).encode(), 0o600)
    except OSError as error:
        raise StoreUnwritable(path=folder, reason=(error.strerror or "unknown reason").lower()) from None
    return path


def kept(home: Home, about: About) -> Fingerprint | None:
    """The one of the same release, mode and flags, by the rules of today."""
    found = _read(_path(home, about))
    return found if found is not None and _same(found.about, about) else None


def kept_of_version(home: Home, version: str, env: Mapping[str, str], mode: Mode, *, clean: bool) -> Fingerprint | None:
    """One of that version, whichever its bytes, under these flags; `version` is `N.N.N`."""
    key = _key(About(version, "", "", mode, env, clean))
    for path in sorted(glob(os.path.join(glob_escape(home.captures), f"{version}-*", f"{mode}-{key}.json"))):
        found = _read(path)
        if found is not None and found.about.version == version:
            return found
    return None


def all_kept(home: Home) -> Iterator[Fingerprint]:
    """Every one that was made by the rules of today, in no order."""
    for folder, _, names in os.walk(home.captures):
        for name in names:
            found = _read(os.path.join(folder, name)) if name.endswith(".json") else None
            if found is not None and (found.about.normaliser, found.about.prompt) == (NORMALISER, PROMPT):
                yield found


def _same(one: About, other: About) -> bool:
    return _key(one) == _key(other) and (one.version, one.release, one.mode) == (
        other.version,
        other.release,
        other.mode,
    )


def _path(home: Home, about: About) -> str:
    name = f"{about.mode}-{_key(about)}.json"
    return os.path.join(home.captures, f"{about.version}-{about.release[:32]}", name)


def _key(about: About) -> str:
    said = [sorted(about.env.items()), about.clean, about.normaliser, about.prompt]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _read(path: str) -> Fingerprint | None:
    try:
        return from_json(json.loads(read_plain(path, _MOST)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
