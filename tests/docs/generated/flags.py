"""docs/flags.md, out of the table of flags itself (`ccpin.pinning.flags`)."""

from __future__ import annotations

from ccpin.pinning.flags import MECHANISMS, PROFILES, TABLE, Flag
from tests.docs.generated.tables import table
from tests.docs.marked import Generator


def generators() -> dict[str, Generator]:
    return {"mechanisms": _mechanisms, "profiles": _profiles, "flags": _flags}


def _mechanisms(_: str) -> str:
    return table(("", "why two sessions of one release differ"), ((str(n), said) for n, said in MECHANISMS.items()))


def _profiles(_: str) -> str:
    """What each profile sets: a row for each flag of any of them."""
    names = {name: None for profile in PROFILES.values() for name in profile.env}
    cells = [[f"`{name}`", *(_value(profile.env.get(name)) for profile in PROFILES.values())] for name in names]
    slate = ["a clean slate", *("yes" if profile.clean else "" for profile in PROFILES.values())]
    meanings = ["", *(profile.meaning for profile in PROFILES.values())]
    return table(("", *(f"`{name}`" for name in PROFILES)), [meanings, *cells, slate])


def _value(value: str | None) -> str:
    return "" if value is None else f'`"{value}"`'


def _flags(_: str) -> str:
    heads = ("flag", "takes", "answers", "what it does", "what it costs", "read by")
    return table(heads, (_row(flag) for flag in TABLE.values()))


def _row(flag: Flag) -> tuple[str, ...]:
    numbers = ", ".join(map(str, flag.mechanisms))
    instead = f"; before, {' or '.join(f'`{name}`' for name in flag.instead)}" if flag.instead else ""
    until = f"{flag.first} to {flag.last}" if flag.last else f"{flag.first} and later"
    return f"`{flag.name}`", str(flag.kind), numbers, flag.effect, flag.price, until + instead
