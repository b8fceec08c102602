"""What the verbs of `ccpin env` answer: rows of flags, as data and as lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ccpin.cli.output import Answer
from ccpin.pinning import flags
from ccpin.pinning.head import Head
from ccpin.pinning.profile import profile_of
from ccpin.store.effect import does_read, remedy, what_does
from ccpin.store.receipt import Receipt

Row = dict[str, Any]

_READ = {True: "yes", False: "no", None: "?"}
_YOURS = "not in ccpin's table; you let locks set it (`ccpin config allow-flag`)"
_WORD = "one plain word"


@dataclass(frozen=True)
class Looked:
    """A lock, or what CCPIN_VERSION means, and what is installed for it. All None where nothing is pinned."""

    source: str | None
    head: Head | None
    receipt: Receipt | None

    @property
    def version(self) -> str:
        return self.head.version if self.head is not None else ""

    @property
    def env(self) -> dict[str, str]:
        return self.head.env if self.head is not None else {}

    @property
    def profile(self) -> str | None:
        return profile_of(self.env, clean=self.head.clean) if self.head is not None else None


def held_rows(looked: Looked, mechanism: int | None) -> list[Row]:
    """A row for every flag of the lock that answers `mechanism`, or for all of them."""
    return _only(mechanism, [_row(name, looked) for name in sorted(looked.env)])


def table_rows(looked: Looked, mechanism: int | None) -> list[Row]:
    """A row for every flag that there is."""
    return _only(mechanism, [_row(name, looked) for name in flags.TABLE])


def listed(looked: Looked, rows: list[Row]) -> Row:
    """The data of a list of flags."""
    return {
        "source": looked.source,
        "version": looked.version or None,
        "profile": looked.profile,
        "clean": looked.head.clean if looked.head is not None else None,
        "flags": rows,
    }


def shown(looked: Looked, rows: list[Row], *, everything: bool) -> Answer:
    """A list of flags."""
    text = _table(looked, rows) if everything else _held(looked, rows)
    return Answer(listed(looked, rows), text, _unread(looked, rows))


def explained(name: str, looked: Looked, kept: frozenset[str]) -> Answer:
    """All that ccpin knows of one flag, of the table or one that this user allows; `kept` are those that their clean
    slates leave alone."""
    flag = flags.TABLE.get(name)
    row = _row(name, looked)
    numbers = ", ".join(f"{number} ({flags.MECHANISMS[number]})" for number in row["mechanisms"])
    lines = [name, f"  does        {row['effect']}"]
    if flag is not None:
        lines += [f"  answers     {numbers or 'none of the mechanisms'}"]
    lines += [f"  takes       {row['takes']}"]
    if flag is not None:
        lines += [
            f"  costs       {flag.price}",
            f"  found in    {flag.first} {f'to {flag.last}' if flag.last else 'and later'}",
        ]
    if looked.head is not None:
        lines += [f"  here        {_in_release(looked, row)}", f"  this lock   {_in_lock(looked.head, name, kept)}"]
    data = {
        **row,
        "answers": [flags.MECHANISMS[number] for number in row["mechanisms"]],
        "price": flag.price if flag else None,
        "first": flag.first if flag else None,
        "last": flag.last if flag else None,
        "source": looked.source,
        "version": looked.version or None,
    }
    return Answer(data, "\n".join(lines), _unread(looked, [row]))


def profiles(looked: Looked) -> Answer:
    """The profiles, and which of them the lock has."""
    lines = []
    for name, profile in flags.PROFILES.items():
        here = f"  ({looked.source} has it)" if name == looked.profile else ""
        lines += [f"{name}: {profile.meaning}{here}", *(f"    {k}={v}" for k, v in profile.env.items())]
    data = {
        "source": looked.source,
        "profile": looked.profile,
        "profiles": {
            name: {"meaning": profile.meaning, "clean": profile.clean, "flags": profile.env}
            for name, profile in flags.PROFILES.items()
        },
    }
    notes = [f"{looked.source}: {looked.profile}"] if looked.profile not in (None, *flags.PROFILES) else []
    return Answer(data, "\n".join(lines), notes)


def _row(name: str, looked: Looked) -> Row:
    flag = flags.TABLE.get(name)
    doing = what_does(name, looked.env, looked.receipt)
    return {
        "name": name,
        "value": looked.env.get(name),
        "takes": str(flag.kind) if flag else _WORD,
        "mechanisms": list(flag.mechanisms) if flag else [],
        "effect": flag.effect if flag else _YOURS,
        "read": does_read(looked.receipt, name),
        "instead": list(doing.instead),
    }


def _only(mechanism: int | None, rows: list[Row]) -> list[Row]:
    return [row for row in rows if mechanism is None or mechanism in row["mechanisms"]]


def _held(looked: Looked, rows: list[Row]) -> str:
    clean = looked.head is not None and looked.head.clean
    slate = ", from a clean slate (`clean = true`): nothing else of the table is set" if clean else ""
    lines = [f"Claude Code {looked.version}, profile {looked.profile}{slate}"]
    pairs = [f"{row['name']}={row['value']}" for row in rows]
    width = max(map(len, pairs), default=0)
    for pair, row in zip(pairs, rows, strict=True):
        lines.append(f"{pair:<{width}}  {row['effect']}")
        if row["read"] is False:
            lines.append(f"    {_in_release(looked, row)}")
    return "\n".join(lines)


def _table(looked: Looked, rows: list[Row]) -> str:
    width = max((len(row["name"]) for row in rows), default=0)
    lines = [f"{'flag':<{width}}  read  answers  what it does, and what it takes"]
    for row in rows:
        numbers = ",".join(map(str, row["mechanisms"]))
        effect = f"{row['effect']}; {row['takes']}"
        lines.append(f"{row['name']:<{width}}  {_READ[row['read']]:<4}  {numbers:<7}  {effect}")
    return "\n".join(lines)


def _in_release(looked: Looked, row: Row) -> str:
    """Whether the pinned release reads a flag, and what does its job there."""
    if row["read"] is None:
        return f"whether {looked.version} reads it is not known"
    if row["read"]:
        return f"{looked.version} reads it"
    doing = what_does(row["name"], looked.env, looked.receipt)
    return f"{looked.version} does not read it: no effect{remedy(doing)}"


def _in_lock(head: Head, name: str, kept: frozenset[str]) -> str:
    if name in head.env:
        return f'sets it to "{head.env[name]}"'
    if not head.clean:
        return "leaves it alone"
    if name not in flags.TABLE:
        return "leaves it alone: a clean slate is about the flags of the table"
    return "would take it away, but you keep it" if name in kept else "takes it away: it asks for a clean slate"


def _unread(looked: Looked, rows: list[Row]) -> list[str]:
    """Why it is not known of some of these flags whether the release reads them. Only those of the table are looked
    up at an install."""
    if looked.head is None or not any(row["read"] is None and row["name"] in flags.TABLE for row in rows):
        return []
    if looked.receipt is None:
        return [f"note: which flags {looked.version} reads is seen when it is installed: `ccpin sync`"]
    return [
        f"note: {looked.version} was installed by an older ccpin, which looked up fewer flags: `ccpin sync --force`"
    ]
