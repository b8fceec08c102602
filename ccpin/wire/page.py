"""A comparison as a page: one file, without scripts and without anything from elsewhere.

It reads at any width, on paper, and in the dark; added and removed are told by a sign, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ccpin.glue import glued
from ccpin.pages import document
from ccpin.wire.compare import Comparison, Names, ToolChange
from ccpin.wire.fingerprint import Fingerprint
from ccpin.wire.lines import Line, TextDiff
from ccpin.wire.summary import rows, sentence, title, tool_sentences

_CLASS = {" ": "", "-": "gone", "+": "come", "…": "left"}


def page(found: Comparison) -> str:
    """The whole page, as HTML."""
    name = title(found)
    sections = [part for part in _sections(found) if part[1]]
    links = "".join(f'<a href="#{anchor}">{escape(label)}</a>' for (anchor, label), _ in sections)
    body = "".join(
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{escape(label)}</h2>{content}</section>\n'
        for (anchor, label), content in sections
    )
    return document(name, _how(found), f'{_rows(found)}\n<nav aria-label="Details">{links}</nav>\n{body}')


def _sections(found: Comparison) -> list[tuple[tuple[str, str], str]]:
    return [
        (("betas", "Betas"), _names(found.betas)),
        (("parameters", "Parameters"), _sentences(sentence(value) for value in found.parameters)),
        (("headers", "Headers"), _sentences(sentence(value) for value in found.headers)),
        (("tools", "Tools"), _names(found.tools) + "".join(map(_tool, found.changed_tools))),
        (("system", "System prompt"), _text(found.system)),
        (("messages", "Messages"), _text(found.messages)),
        (("variables", "Variables that it names"), _names(found.variables)),
        (("hosts", "Hosts"), _names(found.hosts)),
        (("digests", "Digests"), _digests(found)),
    ]


def _how(found: Comparison) -> str:
    said = [_side(one) for one in (found.before, found.after)]
    return said[0] if said[0] == said[1] else f"Before: {said[0]} After: {said[1]}"


def _side(one: Fingerprint) -> str:
    runs = "1 run" if one.runs == 1 else f"{one.runs} runs"
    return f"What the release sent to a loopback API in {runs}, {one.how}; compared by rules {one.about.normaliser}."


def _rows(found: Comparison) -> str:
    same = {True: ' class="same"', False: ""}
    items = "".join(
        f"<dt>{escape(row.label)}</dt><dd{same[row.same]}>{escape(glued(row.text))}</dd>" for row in rows(found)
    )
    return f"<dl>{items}</dl>"


def _names(names: Names) -> str:
    listed = [("come", "+", name) for name in names.added] + [("gone", "−", name) for name in names.removed]
    if not listed:
        return ""
    items = "".join(f'<li class="{kind}">{sign}&nbsp;{_breakable(name)}</li>' for kind, sign, name in listed)
    return f'<ul class="names">{items}</ul>'


def _breakable(name: str) -> str:
    """A name that is too long for a line breaks where it is read so."""
    return escape(name).replace("_", "_<wbr>")


def _sentences(said: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(each)}</li>" for each in said)
    return f"<ul>{items}</ul>" if items else ""


def _tool(change: ToolChange) -> str:
    return f"<h3>{escape(change.name)}</h3>{_sentences(tool_sentences(change))}{_text(change.description)}"


def _text(text: TextDiff) -> str:
    lines = "".join(map(_line, text.lines))
    return f'<div class="text">{lines}</div>' if lines else ""


def _line(line: Line) -> str:
    if line.kind == "…":
        return '<div class="left" aria-hidden="true">⋯</div>'
    tag = {"-": "del", "+": "ins"}.get(line.kind, "span")
    pieces = "".join(f"<{tag}>{escape(text)}</{tag}>" if new else escape(text) for new, text in line.pieces)
    sign = {"-": "−", "+": "+"}.get(line.kind, " ")
    return f'<div class="{_CLASS[line.kind]}"><span class="sign">{sign}</span>{pieces}</div>'


def _digests(found: Comparison) -> str:
    """Of all and of each part, before and after; equal ones once."""
    before, after = ({"all": one.all, **one.digests} for one in (found.before, found.after))
    lines = "".join(f'<tr><th scope="row">{name}</th>{_cells(before[name], after[name])}</tr>' for name in before)
    head = '<thead><tr><th scope="col">part</th><th scope="col">before</th><th scope="col">after</th></tr></thead>'
    return f"<table>{head}<tbody>{lines}</tbody></table>"


def _cells(before: str, after: str) -> str:
    said = (("before", before), ("after", "the same" if before == after else after))
    return "".join(f'<td data-label="{label}">{escape(each)}</td>' for label, each in said)
