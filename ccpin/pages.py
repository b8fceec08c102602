"""What ccpin's pages have in common: one file each, without scripts and without anything from elsewhere.

They read at any width, on paper, and in the dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

DOCTYPE = "<!DOCTYPE html>"

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fff; --ink: #1c2024; --faint: #5b6570; --rule: #d5dae0; --soft: #f4f6f8;
  --come: #0b5d2a; --come-ground: #e3f6e8; --come-word: #a8e3ba;
  --gone: #94131c; --gone-ground: #fdeaea; --gone-word: #f7bcbf; --link: #0b57b8;
}
@media (prefers-color-scheme: dark) { :root {
  --ground: #14171a; --ink: #e4e8ec; --faint: #9aa5b1; --rule: #363d45; --soft: #1c2126;
  --come: #85dc9e; --come-ground: #12301c; --come-word: #1f6135;
  --gone: #ff9f9f; --gone-ground: #3b1719; --gone-word: #7c2a2f; --link: #86b9ff;
} }
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 68rem; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: clamp(1.35rem, 4.5vw, 2rem); line-height: 1.25; margin: 0 0 .25rem; text-wrap: balance; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
h3 { font: 600 1rem/1.4 ui-monospace, monospace; margin: 1.75rem 0 .5rem; }
p { margin: .25rem 0 1rem; }
.faint { color: var(--faint); }
a { color: var(--link); }
nav a { display: inline-block; margin-right: 1rem; padding: .2rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.5rem; margin: 1.25rem 0; }
dt { color: var(--faint); }
dd { margin: 0; min-width: 0; }
dd.same { color: var(--faint); }
ul { margin: .25rem 0 1rem; padding: 0; list-style: none; }
ul li { padding-left: 1.25rem; text-indent: -1.25rem; }
ul.names { columns: 20rem; column-gap: 2rem; font: .875rem/1.7 ui-monospace, monospace; }
ul.names li { break-inside: avoid; padding-left: 2ch; text-indent: -2ch; }
.come { color: var(--come); } .gone { color: var(--gone); }
.text {
  margin: .5rem 0 1.5rem; border: 1px solid var(--rule); border-radius: .4rem; overflow: hidden;
  font: .8125rem/1.6 ui-monospace, monospace; white-space: break-spaces;
}
.text div { padding: 0 .75rem 0 2rem; text-indent: -1.25rem; min-height: 1.6em; }
.text .come { background: var(--come-ground); } .text .gone { background: var(--gone-ground); }
.text .left { background: var(--soft); color: var(--faint); text-align: center; text-indent: 0; padding: 0; }
.text .sign { display: inline-block; width: 1.25rem; text-indent: 0; user-select: none; }
ins, del { text-decoration: none; border-radius: .15rem; }
ins { background: var(--come-word); } del { background: var(--gone-word); }
table { border-collapse: collapse; width: 100%; font: .8125rem/1.5 ui-monospace, monospace; }
th, td { text-align: left; vertical-align: top; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--rule); }
th { white-space: nowrap; }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .75rem; } }
@media screen and (max-width: 56rem) {
  table, tbody, tr, th { display: block; } thead { display: none; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--rule); }
  th, td { padding: .15rem 0; border: 0; }
  td { display: grid; grid-template-columns: 10ch 1fr; } td::before { content: attr(data-label); color: var(--faint); }
}
@media print {
  :root { --ground: #fff; --ink: #000; --faint: #444; --rule: #bbb; --soft: #f2f2f2; --come: #0b5d2a;
    --come-ground: #eef9f0; --come-word: #bfe8cb; --gone: #94131c; --gone-ground: #fdf0f0; --gone-word: #f5c8ca;
    --link: #0b57b8; }
  @page { margin: 15mm; }
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; } h2, h3 { break-after: avoid; } .text div, tr, figure { break-inside: avoid; }
  table, .text, ul.names { font-size: 8pt; }
}
"""


def document(name: str, about: str, main: str, style: str = "") -> str:
    """A whole page: `main` is HTML, `name` and `about` are text, `style` comes behind STYLE."""
    return (
        f'{DOCTYPE}\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}</title>\n"
        f'<link rel="icon" href="data:,">\n<style>{STYLE}{style}</style>\n</head>\n<body>\n'
        f'<header><h1>{escape(name)}</h1>\n<p class="faint">{escape(about)}</p></header>\n'
        f"<main>\n{main}</main>\n</body>\n</html>\n"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts, with the first column as its rows' names. Each cell knows its column: where there is no room
    for a table, that stands before it."""
    columns = "".join(f'<th scope="col">{escape(word)}</th>' for word in head)
    lines = "".join(_row(head, row) for row in rows)
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table>"


def _row(head: Sequence[str], row: Sequence[str]) -> str:
    cells = "".join(
        f'<td data-label="{escape(label)}">{escape(word)}</td>' for label, word in zip(head[1:], row[1:], strict=True)
    )
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'
