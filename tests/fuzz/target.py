"""What a target is: good inputs, the faults that fit them, and what must hold whatever comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccpin.errors import CcpinError
from tests.fuzz.mutate import Mutator

Check = Callable[[Path, bytes], str]


@dataclass(frozen=True)
class Target:
    """`corpus` makes the good inputs. `check` gets an empty folder of its own, which it leaves empty, and an input; it
    says in a few words what became of it, and raises for what must not happen. `batch`, where it is there, does the
    same for many inputs at once, which is how a shell is asked."""

    name: str
    corpus: Callable[[], Sequence[bytes]]
    mutator: Mutator
    check: Check
    batch: Callable[[Path, Sequence[bytes]], Sequence[str]] | None = None


def refused(error: CcpinError, *codes: str) -> str:
    """What to say of a refusal. Raises AssertionError for one that is none of `codes`, or that no terminal should
    show."""
    assert error.code in codes, repr(error)
    said = str(error)
    assert len(said) < 6000, said
    assert said.isprintable(), said
    assert "Traceback" not in said
    return f"{error.code}: {_kind(said)}"


def _kind(said: str) -> str:
    """The sentence without what differs from input to input."""
    return re.sub(r"`.*`|'[^']*'|\"[^\"]*\"|[0-9][0-9,.a-f]*", "_", said)[:100]
