"""The generated parts of a page: what stands between `<!-- generated: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Callable

_PART = re.compile(r"^<!-- generated: (.+?) -->\n(.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)

Generator = Callable[[str], str]
"""The text of a part, out of what stood there: words that people have written into it can stay."""


def names(text: str) -> list[str]:
    return [found[1] for found in _PART.finditer(text)]


def part(text: str, name: str) -> str:
    """What stands in a part now. Raises LookupError."""
    for found in _PART.finditer(text):
        if found[1] == name:
            return found[2]
    raise LookupError(f"no part is marked `<!-- generated: {name} -->`")


def filled(text: str, generators: dict[str, Generator]) -> str:
    """`text` with all its parts made anew."""

    def fresh(found: re.Match[str]) -> str:
        body = generators[found[1]](found[2]).strip("\n")
        return f"<!-- generated: {found[1]} -->\n\n{body}\n\n<!-- end -->"

    return _PART.sub(fresh, text)
