"""Labels with a sentence each, broken where the terminal ends: what `fingerprint`, `diff` and `upgrade` print."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

from ccpin.glue import BOUND, glued

_NARROWEST, _WIDEST = 40, 120  # characters
_INDENT = " " * 14


def columns() -> int:
    """Of the terminal; 100 where there is none."""
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((100, 24)).columns))


def row(label: str, text: str) -> list[str]:
    """Its lines, the text in a column of its own; a sign stays with its name, and no word is broken."""
    return broken(f"  {label:<10}  {glued(text)}", indent=_INDENT)


def broken(text: str, *, indent: str = "  ", width: int | None = None) -> list[str]:
    """The lines of `text`, the later ones after `indent`."""
    lines = textwrap.wrap(
        text, width or columns(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(BOUND, " ") for line in lines]


def rebroken(lines: Sequence[str]) -> list[str]:
    """Rows that were made without regard to a terminal, as `row` would have made them."""
    return [piece for line in lines for piece in broken(glued(line), indent=_INDENT)]
