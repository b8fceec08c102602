"""How tests of the commands begin: with a pinned project, an installed shim, a lock that says something odd.

All of it in this process, which is ten times as fast as starting another; so is `ccpin`, for the verbs that do not
become another program.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from ccpin import errors, platforms
from ccpin.__main__ import run
from ccpin.launching.repin import use
from ccpin.launching.setup import setup
from ccpin.pinning import lock as locks
from ccpin.pinning.lock import Lock
from tests.fakes import pythons
from tests.fakes.box import Box, Completed
from tests.fakes.channel import Channel, OpenPgpKey, RawKey

HERE = platforms.current()
OTHERS = tuple(platform for platform in platforms.ALL if platform != HERE)


def ccpin(
    box: Box, *args: str, cwd: str | Path | None = None, env: Mapping[str, str | None] | None = None
) -> Completed:
    """What `box.ccpin` does, without a process."""
    assert args[:1] != ("exec",), "it would become `claude`"
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", newline="") for _ in range(2))
    before, folder = dict(os.environ), os.getcwd()
    try:
        os.environ.clear()
        os.environ.update(box.environment(env))
        os.chdir(cwd or box.project)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(list(args))
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)
    return Completed(code, *(_text(stream) for stream in (out, err)))


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def pin(box: Box, spec: str = "2.0.14", *, folder: Path | None = None) -> Lock:
    """What `ccpin use SPEC` does; the lock that it wrote."""
    path = (folder or box.project) / ".ccpin.lock"
    use(spec, str(path), box.layout, box.env)
    return read_lock(path)


def pin_default(box: Box, spec: str) -> None:
    """What `ccpin use SPEC --global` does."""
    use(spec, box.layout.default_lock, box.layout, box.env)


def set_up(box: Box) -> None:
    """What `ccpin setup` does, and a new shell after it."""
    setup(box.layout, box.env, python=pythons.with_ccpin())
    box.put_shims_first()


def trust(box: Box, *keys: RawKey | OpenPgpKey | None) -> None:
    """What a user does who has checked these keys: puts their files where ccpin looks."""
    folder = Path(box.layout.keys)
    folder.mkdir(parents=True, exist_ok=True)
    for key in keys:
        if isinstance(key, RawKey):
            (folder / f"{key.id}.pem").write_bytes(key.pem)
        elif key:
            (folder / f"{key.fingerprint}.asc").write_bytes(key.asc)


def empty_store(box: Box) -> None:
    """Takes all releases away, as on a machine that has never installed one."""
    for folder, _, _ in os.walk(box.layout.releases):
        os.chmod(folder, 0o700)
    shutil.rmtree(box.layout.releases, ignore_errors=True)


def put_ccpin_on_path(box: Box) -> None:
    """What an install does besides `ccpin setup`."""
    script = box.bin / "ccpin"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(box.ccpin_argv())} "$@"\n')
    script.chmod(0o755)


def use_channel(box: Box, channel: Channel) -> None:
    """A native channel for the box, with the keys that it signs with."""
    box.env["CCPIN_CHANNEL"] = channel.url
    trust(box, channel.raw, channel.openpgp)


def read_lock(path: Path) -> Lock:
    return locks.parse(path.read_bytes(), str(path))


def edit(box: Box, old: str, new: str) -> None:
    """Changes the project's lock by hand."""
    text = box.lock.read_text()
    assert old in text
    box.lock.write_text(text.replace(old, new, 1))


def relock(box: Box, **changes: object) -> None:
    """Writes the project's lock with other values and the digest that fits them."""
    lock = dataclasses.replace(read_lock(box.lock), **changes)  # type: ignore[arg-type]
    box.lock.write_text(locks.render(lock))


def all_errors(kind: type[errors.CcpinError] = errors.CcpinError) -> list[type[errors.CcpinError]]:
    """Every kind of failure that can be raised: the leaves of the tree."""
    below = kind.__subclasses__()
    return [leaf for child in below for leaf in all_errors(child)] if below else [kind]


def sentence(code: str) -> re.Pattern[str]:
    """What stderr says of a failure: `ccpin: [where: ]text` and the hint on a line of its own."""
    found = next(error for error in all_errors() if error.code == code)
    text, hint = (re.sub(r"\\{[a-z_]+\\}", ".*", re.escape(part)) for part in (found.text, found.hint))
    return re.compile(rf"^ccpin: (.*: )?{text}\n  {hint}$", re.MULTILINE | re.DOTALL)
