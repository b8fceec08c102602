"""Signs that stay in one line with what they are signs of, on a terminal and on a page."""

from __future__ import annotations

import re

BOUND = "\u00a0"
"""A space at which no line is broken."""

_SIGNED = re.compile(r"(^|  |[:;] )([+-]) ")


def glued(text: str) -> str:
    """`text`, whose signs `+` and `-` are bound to the word behind them."""
    return _SIGNED.sub(rf"\1\2{BOUND}", text)
