"""`ccpin prune`: takes away the releases that nothing needs, and what killed processes left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ccpin.cli.output import JSON, Answer, give
from ccpin.doctor.finding import counted
from ccpin.errors import BadAge, BadOption
from ccpin.paths import find_home
from ccpin.pinning.settings import parse_age
from ccpin.store.live import look
from ccpin.store.prune import KEEP, Kept, Plan, Stored, carry_out, plan

KEEP_OPTION = Annotated[int, typer.Option("--keep", metavar="N", min=0, help="How many stay that were used last.")]
OLDER = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="Only what was not used for so long, say 30d or 36h.")
]
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")]


def prune_command(
    keep: KEEP_OPTION = KEEP, older_than: OLDER = None, dry_run: DRY_RUN = False, as_json: JSON = False
) -> None:
    """Free what no known project, no running process and nobody lately has used."""
    home = find_home(dict(os.environ))
    planned = plan(home, look(home), now=time.time(), keep=keep, older_than=_seconds(older_than))
    notes = _notes(planned)
    if dry_run:
        answer = Answer(_data(planned, dry_run=True), _text(planned, dry_run=True), notes)
    else:
        done = carry_out(home, planned)
        text = _text(done.plan, dry_run=False, failed=bool(done.errors))
        answer = Answer(_data(done.plan, dry_run=False), text, notes, done.errors)
    give("prune", answer, as_json=as_json)


def _notes(planned: Plan) -> tuple[str, ...]:
    if not planned.unseen:
        return ()
    count = counted(planned.unseen, "process would", "processes would")
    return (f"note: {count} not even tell their names; whether they run something from here is not known",)


def _seconds(age: str | None) -> float | None:
    try:
        return None if age is None else parse_age(age).total_seconds()
    except BadAge as error:
        raise BadOption(reason=f"`--older-than`: {error.message}", command="ccpin prune") from None


def _data(found: Plan, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "bytes": found.bytes,
        "unseen": found.unseen,
        "freed": [{**_row(one.stored), "bytes": one.bytes} for one in found.frees],
        "kept": [_kept(one) for one in found.keeps],
        "swept": [
            {"kind": one.litter.what, "path": one.litter.path, "why": one.litter.why, "bytes": one.bytes}
            for one in found.sweeps
        ],
    }


def _row(stored: Stored) -> dict[str, Any]:
    receipt = stored.install.receipt
    return {
        "version": receipt.version,
        "runtime": receipt.runtime,
        "platform": receipt.platform,
        "folder": stored.install.folder,
        "last_used": int(stored.use.when),
        "last_used_by": stored.use.known_by,
    }


def _kept(one: Kept) -> dict[str, Any]:
    unknown = dict.fromkeys(("version", "runtime", "platform", "last_used", "last_used_by"))
    row = _row(one.stored) if one.stored else {**unknown, "folder": one.folder}
    return {**row, "why": [{"kind": reason.kind, "text": reason.text} for reason in one.reasons]}


def _text(found: Plan, *, dry_run: bool, failed: bool = False) -> str:
    return "\n".join([*_lines(found, dry_run=dry_run), _total(found, dry_run=dry_run, failed=failed)])


def _lines(found: Plan, *, dry_run: bool) -> Iterator[str]:
    goes = "would go" if dry_run else "freed"
    for one in found.frees:
        yield f"{_named(one.stored):<19}{goes:<10}{one.bytes / 1e6:,.0f} MB, last used {_ago(one.stored, found.now)}"
    for kept in found.keeps:
        first, *others = kept.reasons
        more = f", and {len(others)} more reason{'s' if len(others) > 1 else ''}" if others else ""
        name = _named(kept.stored) if kept.stored else f"{kept.folder} "
        yield f"{name:<19}{'kept':<10}{first.text}{more}"
    kinds = sorted({one.litter.what for one in found.sweeps})
    for kind in kinds:
        some = [one for one in found.sweeps if one.litter.what == kind]
        yield f"{f'{len(some)} x {kind}':<19}{goes:<10}{some[0].litter.why}"


def _named(stored: Stored) -> str:
    return f"{stored.install.receipt.version:<11}{stored.install.receipt.runtime}"


def _ago(stored: Stored, now: float) -> str:
    days = int((now - stored.use.when) // (24 * 3600))
    ago = "today" if days < 1 else "1 day ago" if days == 1 else f"{days:,} days ago"
    return ago if stored.use.known_by == "access" else f"{ago}, at its install"


def _total(found: Plan, *, dry_run: bool, failed: bool) -> str:
    if not found.frees and not found.sweeps:
        return "nothing was freed" if failed else "there is nothing to free"
    return f"{found.bytes / 1e6:,.0f} MB {'would be' if dry_run else 'are'} free again"
