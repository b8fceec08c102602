"""`ccpin bundle`: what locks name, in one folder or file, for machines without a network."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ccpin import platforms
from ccpin.cli.origin import FROM, SOURCE, asked
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.progress import Shown
from ccpin.paths import LOCK_NAME, Home, find_home
from ccpin.pinning.artifacts import NODE_KEYS
from ccpin.pinning.find import find_pin, read_bytes
from ccpin.pinning.lock import Lock, parse
from ccpin.pinning.own import allowed_flags
from ccpin.store.bundle import Bundled, bundle


def read_locks(paths: list[str], home: Home) -> dict[str, Lock]:
    """Path -> Lock, for locks and folders that hold one; without any, the lock that counts here. Raises LockError."""
    allowed = allowed_flags(home)
    if not paths:
        pin = find_pin(home)
        return {pin.path: parse(pin.data, pin.path, allowed)}
    files = [os.path.join(path, LOCK_NAME) if os.path.isdir(path) else path for path in paths]
    return {file: parse(read_bytes(file), file, allowed) for file in files}


def bundle_command(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it: a `.tar`, else a folder.")
    ],
    locks: Annotated[
        list[str] | None,
        typer.Argument(metavar="LOCK", help="Locks, or folders that hold one; else the lock that counts here."),
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option("--platform", metavar="NAME", help="For which machines (linux-x64), or all; else as this one."),
    ] = None,
    source: SOURCE = None,
    from_bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Write what locks name into one file or folder. `ccpin sync --from FILE` reads it where there is no network."""
    env = dict(os.environ)
    home = find_home(env)
    found = read_locks(locks or [], home)
    sources = asked(env, home, source=source, registry=registry, bundle=from_bundle, offline=offline)
    written = bundle(output, found, platform or [platforms.current()], home, sources, Shown())
    give("bundle", Answer(_data(written), _text(written)), as_json=as_json)


def _data(written: Bundled) -> dict[str, object]:
    sizes, of = written.contents.sizes, written.contents.of()
    return {
        "file": os.path.abspath(written.path),
        "bytes": written.size,
        "releases": _releases(written),
        "platforms": _platforms(written),
        "files": [{"name": name, "bytes": sizes[name], "of": of[name]} for name in sizes],
    }


def _text(written: Bundled) -> str:
    count = len(written.contents.sizes)
    what = f"Claude Code {', '.join(_releases(written))} for {', '.join(_platforms(written))}"
    files = f"{count} file" + ("s" if count > 1 else "")
    return f"{written.path}: {what}; {files}, {written.size / 1e6:,.1f} MB"


def _releases(written: Bundled) -> list[str]:
    return list(dict.fromkeys(held.version for held in written.contents.releases))


def _platforms(written: Bundled) -> list[str]:
    found = {key for held in written.contents.releases for key in written.contents.keys(held)}
    return sorted({key.removeprefix(NODE_KEYS) for key in found})
