"""`ccpin verify`: whether what is installed is what was verified, and `--repair` for what is not."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ccpin.cli.origin import FROM, SOURCE, asked
from ccpin.cli.output import JSON, OFFLINE, REGISTRY, Answer, give
from ccpin.cli.progress import Shown
from ccpin.doctor.finding import counted
from ccpin.errors import CannotMend, CcpinError, Damaged, NothingInstalled, StrangeFile
from ccpin.launching.mend import Mended, can_mend, cannot_mend, mend
from ccpin.paths import Home, find_home
from ccpin.store.receipt import stores
from ccpin.store.verify import Fault, Verified, strange, verify

_MOST = 3  # faults of an install in its sentence; JSON has them all


def verify_command(
    versions: Annotated[list[str] | None, typer.Argument(metavar="[VERSION]...", help="Else all of them.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Hash every byte, not only sizes and times.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Install anew what is not as it was verified.")] = False,
    source: SOURCE = None,
    bundle: FROM = None,
    registry: REGISTRY = None,
    offline: OFFLINE = False,
    as_json: JSON = False,
) -> None:
    """Exit 0 only if every install, or those named, is what was verified."""
    env = dict(os.environ)
    home = find_home(env)
    wanted = frozenset(versions or ())
    found = [one for store in stores(home) for one in verify(store, deep=deep, versions=wanted)]
    for version in sorted(wanted - {one.version for one in found}):
        raise NothingInstalled(version=version)
    beside = [] if wanted else [*strange(home)]
    sources = asked(env, home, source=source, registry=registry, bundle=bundle, offline=offline)
    mended: list[Mended] = []
    errors: list[CcpinError] = [StrangeFile(path=fault.path, said=fault.said) for fault in beside]
    for one in found:
        if not one.faults:
            continue
        if not repair or one.store is not home:
            errors.append(_damaged(one, home))
            continue
        try:
            mended.append(mend(one, home, env, sources, Shown()))
        except CannotMend as error:
            errors.append(error)
        except CcpinError as error:
            errors += [_damaged(one, home), error]
    give(
        "verify",
        Answer(_data(found, beside, mended, deep=deep), _text(found, mended, home), errors=errors),
        as_json=as_json,
    )


def _damaged(one: Verified, home: Home) -> CcpinError:
    prefix = "" if one.store is home else f"CCPIN_HOME={shlex.quote(one.store.root)} "
    first, *others = one.faults
    if one.store is home and not can_mend(one, home):
        return cannot_mend(home, one.folder, f"{first.path}: {first.said}")
    said = "; ".join([first.said, *(f"{fault.path}: {fault.said}" for fault in others[: _MOST - 1])])
    more = f" (and {len(others) - _MOST + 1} more)" if len(others) >= _MOST else ""
    command = f"{prefix}ccpin verify {one.version} --repair"
    return Damaged(version=one.version, path=first.path, said=said, more=more, command=command)


def _data(
    found: Sequence[Verified], beside: Sequence[Fault], mended: Sequence[Mended], *, deep: bool
) -> dict[str, Any]:
    by = {one.folder: one.by for one in mended}
    return {
        "deep": deep,
        "installs": [
            {
                "version": one.version,
                "folder": one.folder,
                "store": one.store.root,
                "faults": [fault._asdict() for fault in one.faults],
                "mended": one.folder in by,
                "mended_by": by.get(one.folder),
            }
            for one in found
        ],
        "beside": [fault._asdict() for fault in beside],
    }


def _text(found: Sequence[Verified], mended: Sequence[Mended], home: Home) -> str:
    whole = [
        one.version if one.store is home else f"{one.version} (in {one.store.root})" for one in found if not one.faults
    ]
    lines = [f"Claude Code {one.version} was installed anew, as {one.by} says" for one in mended]
    if whole:
        lines.append(f"{counted(len(whole), 'install')} as verified: {', '.join(whole)}")
    return "\n".join(lines) if found else "nothing is installed"
