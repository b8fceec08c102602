"""What changed from release to release: the sizes of what each of them sends, in the order of the releases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from ccpin import pages
from ccpin.pinning.head import version_key
from ccpin.wire.fingerprint import Fingerprint
from ccpin.wire.sizes import characters, tokens


@dataclass(frozen=True)
class Point:
    """One release: `system` are the characters of its system prompt, `size` the bytes on the disk, `startup` seconds.
    `unstable` are the parts that were not the same in all runs."""

    version: str
    runtime: str
    model: str | None
    system: int
    tools: int
    betas: int
    variables: int
    size: int
    startup: float
    all: str
    unstable: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def points(found: Iterable[Fingerprint]) -> list[Point]:
    """By version; a release of both kinds has two."""
    made = [
        Point(
            one.about.version,
            one.about.runtime,
            one.model,
            characters(one.parts["system"]),
            len(one.parts["tools"] or ()),
            len(one.parts["betas"]),
            len(one.about.names),
            one.about.size,
            one.startup,
            one.all,
            tuple(one.unstable),
        )
        for one in found
    ]
    return sorted(made, key=lambda point: (version_key(point.version), point.runtime))


def table(of: Sequence[Point]) -> list[list[str]]:
    """Words for people, with a first row that names the columns."""
    rows = [["release", "kind", "prompt", "tokens", "tools", "betas", "variables", "on disk", "start-up", "model"]]
    return rows + [
        [
            point.version,
            point.runtime,
            f"{point.system:,}",
            f"~{tokens(point.system):,}",
            str(point.tools),
            str(point.betas),
            f"{point.variables:,}",
            f"{point.size / 1e6:,.0f} MB",
            f"{point.startup:.2f} s",
            point.model or "none",
        ]
        for point in of
    ]


# --- the page

_CHARTS: tuple[tuple[str, Callable[[Point], float], str], ...] = (
    ("System prompt, in characters", lambda point: point.system, "{:,}"),
    ("Tools", lambda point: point.tools, "{:,}"),
    ("Betas", lambda point: point.betas, "{:,}"),
    ("Variables that it names", lambda point: point.variables, "{:,}"),
    ("On disk, in MB", lambda point: point.size / 1e6, "{:,.0f}"),
    ("From the start to the request, in seconds", lambda point: point.startup, "{:.2f}"),
)
_BAR = """
figure { margin: 1.25rem 0 0; }
figcaption { font-weight: 600; margin-bottom: .5rem; }
.bars { display: grid; grid-template-columns: max-content 1fr minmax(3.25rem, max-content); }
.bars { gap: .3rem .75rem; align-items: center; }
.bars > * { font: .8125rem/1.4 ui-monospace, monospace; }
.bars .track { background: var(--soft); height: .9rem; border-radius: .2rem; min-width: 0; }
.bars .bar { background: var(--link); height: 100%; border-radius: .2rem; min-width: 1px; }
.bars .value { text-align: right; }
td:not(:last-child) { white-space: nowrap; }
@media print { .bars .bar, .bars .track { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def history_page(of: Sequence[Point], about: str) -> str:
    """One page with a chart for each quantity, and the numbers; no scripts, nothing from elsewhere."""
    name = "What Claude Code sends, by release"
    charts = "".join(_chart(of, *chart) for chart in _CHARTS)
    head, *rows = table(of)
    numbers = f'<section aria-labelledby="numbers"><h2 id="numbers">The numbers</h2>{pages.table(head, rows)}</section>'
    return pages.document(name, about, f"{charts}\n{numbers}\n", _BAR)


def _chart(of: Sequence[Point], label: str, quantity: Callable[[Point], float], form: str) -> str:
    values = [quantity(point) for point in of]
    most = max(values, default=0) or 1
    bars = "".join(
        f"<span>{escape(name)}</span>"
        f'<div class="track"><div class="bar" style="width:{100 * value / most:.1f}%"></div></div>'
        f'<span class="value">{form.format(value)}</span>'
        for name, value in zip(_names(of), values, strict=True)
    )
    return f'<figure><figcaption>{escape(label)}</figcaption><div class="bars">{bars}</div></figure>'


def _names(of: Sequence[Point]) -> list[str]:
    """Of a release that is there in both kinds, with the kind."""
    versions = Counter(point.version for point in of)
    return [f"{point.version} {point.runtime}" if versions[point.version] > 1 else point.version for point in of]
