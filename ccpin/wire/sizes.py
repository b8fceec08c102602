"""How much a part of a request is: characters, estimated tokens, names."""

from __future__ import annotations

from typing import Any

_PER_TOKEN = 3.6
"""Characters of English prompt text and JSON for one token, about: no tokeniser is asked, so it is an estimate."""


def blocks(value: Any) -> list[str]:
    """The texts of a system prompt: one of its own, or one for each block."""
    if isinstance(value, str):
        return [value]
    found = value if isinstance(value, list) else []
    return [str(block.get("text", "")) for block in found if isinstance(block, dict)]


def characters(value: Any) -> int:
    """Of all the texts of a system prompt."""
    return sum(map(len, blocks(value)))


def tokens(count: int) -> int:
    """About how many tokens so many characters are, rounded to two digits that count."""
    about = count / _PER_TOKEN
    step = 10 ** max(0, len(str(int(about))) - 2)
    return int(round(about / step) * step)


def tool_names(value: Any) -> list[str]:
    """The names of tools, in their order."""
    found = value if isinstance(value, list) else []
    return [tool_name(tool) for tool in found if isinstance(tool, dict)]


def tool_name(tool: dict[str, Any]) -> str:
    """Tools that run on the server have a type only."""
    return str(tool.get("name") or tool.get("type"))
