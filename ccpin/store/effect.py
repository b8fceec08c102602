"""What a lock's flags do in the release that it names: which of them that release does not read, and what does their
job there. A variable that a release does not know is harmless, but whoever relies on it has to be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccpin.paths import Home
from ccpin.pinning import flags
from ccpin.pinning.head import Head
from ccpin.store.entry import install_folder, serving
from ccpin.store.receipt import Receipt, read_install

_FEW = 4  # names in a sentence


@dataclass(frozen=True)
class Ignored:
    """A flag that a release does not read. `instead` are the flags that do its job there, `held` those of them that
    the lock sets already."""

    name: str
    instead: tuple[str, ...]
    held: tuple[str, ...]


def receipt_of(home: Home, head: Head) -> Receipt | None:
    """The receipt of what a lock's head names, or None where that is not installed here."""
    found = read_install(install_folder(serving(home, head), head))
    return found.receipt if found is not None and found.receipt.digest == head.digest else None


def does_read(receipt: Receipt | None, name: str) -> bool | None:
    """Whether the installed release reads a variable; None where nobody has looked."""
    return None if receipt is None else receipt.reads.get(name)


def ignored(env: Mapping[str, str], receipt: Receipt | None) -> list[Ignored]:
    """The flags of `env` that the installed release is known not to read."""
    return [what_does(name, env, receipt) for name in sorted(env) if does_read(receipt, name) is False]


def what_does(name: str, env: Mapping[str, str], receipt: Receipt | None) -> Ignored:
    """What does the job of `name` in the installed release."""
    others = flags.TABLE[name].instead if name in flags.TABLE else ()
    instead = tuple(other for other in others if does_read(receipt, other))
    return Ignored(name, instead, tuple(other for other in instead if other in env))


def sentence(version: str, found: Sequence[Ignored]) -> str:
    """One short sentence about flags that have no effect in `version`; `ccpin env` has the long one."""
    if len(found) == 1:
        return f"{version} does not read {found[0].name}: no effect{remedy(found[0])}"
    if len(found) > _FEW:
        return f"{version} does not read {len(found)} of the lock's flags; `ccpin env` says which, and what helps there"
    helped = "; `ccpin env` says what does the same job there" if any(one.instead for one in found) else ""
    return f"{version} does not read {_listed([one.name for one in found])}: no effect{helped}"


def remedy(one: Ignored) -> str:
    """The rest of a sentence: what does the same job there, and whether the lock holds that already."""
    names = _listed(one.held or one.instead)
    if not names:
        return ""
    does = "does" if len(one.held or one.instead) == 1 else "do"
    return f"; there, {names}{', which the lock holds,' if one.held else ''} {does} the same job"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
