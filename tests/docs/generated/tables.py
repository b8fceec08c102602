"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def rows(text: str) -> list[list[str]]:
    """The cells of the table in `text`, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("\\|", "|") for cell in _split(line)] for line in lines[2:]]


def _split(line: str) -> list[str]:
    cells = line.replace("\\|", "\0").strip().strip("|").split("|")
    return [cell.replace("\0", "\\|") for cell in cells]
