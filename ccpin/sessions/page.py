"""Sessions over time as a page: which release wrote them, when that changed, and when the lock did.

The releases' colours go from dark to light by version, and differ in lightness alone, too; a letter stands for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from html import escape

from ccpin import pages
from ccpin.sessions.audit import Audit, Session
from ccpin.sessions.locks import OFF
from ccpin.sessions.stats import CAVEAT, Release
from ccpin.sessions.tell import by_release, named, stats_rows
from ccpin.sessions.times import iso

_COLOURS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
_WHITE_ON = 4  # the first of them are dark
_MOST_PERIODS = 45
_MOST_NAMED = 200
_ROOM_FOR_NAME, _ROOM_FOR_LETTER = 0.25, 0.06  # of a bar that is 220 px wide on a narrow screen
_OTHER = "other"
LIMITS = (
    "The time of a lock is that of its commit, or of its file, and not of the moment at which it came to this machine. "
    "A process stays what it is when the lock changes under it, so a run of rows is held against the lock of its first "
    "row. Rows that a fork has copied are recognised where the session they come from is there. Transcripts are taken "
    "away after 30 days, unless Claude Code is told to keep them."
)
_STYLE = """
.legend, .times { margin: 1rem 0; padding: 0; list-style: none; }
.legend { display: flex; flex-wrap: wrap; gap: .35rem 1.5rem; }
.legend li, .times li { padding: 0; text-indent: 0; }
.key { display: inline-block; width: 1.5rem; margin-right: .5rem; text-align: center; border-radius: .2rem; }
.legend, .times { font: .8125rem/1.5 ui-monospace, monospace; }
.times li { display: grid; grid-template-columns: 11ch 1fr 6ch 22ch; gap: .1rem .75rem; align-items: center; }
.times li { margin: .25rem 0; break-inside: avoid; }
.times .lock { display: block; border-top: 1px dashed var(--faint); padding-top: .2rem; }
.bar { display: flex; gap: 2px; min-width: 0; height: 1.5rem; }
.part { flex: 0 0 auto; min-width: 3px; overflow: hidden; border-radius: .15rem; }
.part { white-space: nowrap; text-align: center; }
.key, .part { border: 1px solid var(--faint); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.count { text-align: right; }
td:first-of-type { white-space: nowrap; }
@media screen and (max-width: 56rem) { td { grid-template-columns: 16ch 1fr; } }
@media (max-width: 36rem) {
  .times li { grid-template-columns: 11ch 6ch 1fr; } .times .bar { grid-row: 2; grid-column: 1 / -1; }
}
"""


def page(found: Audit, where: str, releases: Sequence[Release] | None) -> str:
    """The whole page, as HTML. `where` says whose sessions they are."""
    count = len(found.sessions)
    about = (
        f"{where}: {count:,} {'session' if count == 1 else 'sessions'}, {found.off:,} off the lock, "
        f"{found.changed:,} that changed in the middle."
    )
    parts = [_section("times", "By time", _times(found))] if count else []
    odd = [one for one in found.sessions if one.is_off or one.changes][::-1]
    if odd:
        parts.append(_section("odd", "Off the lock, or changed", _odd(odd)))
    if releases:
        head, *rows = stats_rows(releases)
        parts.append(_section("figures", "Figures", f"<p>{CAVEAT}</p>{pages.table(head, rows)}"))
    parts.append(_section("limits", "What this cannot tell", f"<p>{LIMITS}</p>"))
    return pages.document("Sessions, by release", about, "\n".join(parts), _STYLE)


def _section(anchor: str, label: str, content: str) -> str:
    return f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{escape(label)}</h2>{content}</section>'


def _odd(of: Sequence[Session]) -> str:
    left = f"<p>And {len(of) - _MOST_NAMED:,} more.</p>" if len(of) > _MOST_NAMED else ""
    head = ("session", "started", "releases", "lock", "with")
    return pages.table(head, [named(one) for one in of[:_MOST_NAMED]]) + left


class _Key:
    """Colour and letter of each release; the rarest share one where there are more than colours."""

    def __init__(self, found: Audit) -> None:
        self.sessions = by_release(found)
        often = Counter({version: len(some) for version, some in self.sessions.items()})
        self.shown = [version for version in self.sessions if version in dict(often.most_common(len(_COLOURS)))]
        last = max(len(self.shown) - 1, 1)
        self.number = {v: round(at * (len(_COLOURS) - 1) / last) for at, v in enumerate(self.shown)}
        self.letter = {version: chr(ord("A") + at) for at, version in enumerate(self.shown)}

    def style(self, version: str) -> str:
        if version not in self.number:
            return "background:#8b949e;color:#000"
        number = self.number[version]
        return f"background:{_COLOURS[number]};color:{'#fff' if number < _WHITE_ON else '#000'}"

    def legend(self) -> str:
        items = [self._item(v, self.letter[v], self.sessions[v]) for v in self.shown]
        rest = [one for version, some in self.sessions.items() if version not in self.letter for one in some]
        if rest:
            items.append(self._item(_OTHER, "+", rest))
        return f'<ul class="legend">{"".join(items)}</ul>'

    def _item(self, name: str, letter: str, some: Sequence[Session]) -> str:
        first, last = min(one.first for one in some)[:10], max(one.last for one in some)[:10]
        span = first if first == last else f"{first} to {last}"
        key = f'<span class="key" style="{self.style(name)}">{letter}</span>'
        return f"<li>{key}{escape(name)}, {len(some):,} from {span}</li>"


def _times(found: Audit) -> str:
    key = _Key(found)
    days = [one.first[:10] for one in found.sessions if one.first]
    if not days:
        return key.legend()
    first, last = (date.fromisoformat(day) for day in (min(days), max(days)))
    step = _step(first, last)
    grouped: dict[date, list[Session]] = {begin: [] for begin in _periods(first, last, step)}
    for one in found.sessions:
        if one.first:
            grouped[_begin(date.fromisoformat(one.first[:10]), step)].append(one)
    most = max(map(len, grouped.values()))
    locks = list(_locks(found))
    lines = []
    for begin in sorted(grouped):
        while locks and locks[0][0] < _next(begin, step).isoformat():
            lines.append(f'<li class="lock">{escape(locks.pop(0)[1])}</li>')
        lines.append(_line(begin.isoformat(), grouped[begin], most, key))
    each = {1: "day", 7: "week", 31: "month"}[step]
    lines += [f'<li class="lock">{escape(said)}</li>' for _, said in locks]
    return f'<p>Sessions by the {each} in which they began.</p>{key.legend()}<ol class="times">{"".join(lines)}</ol>'


def _locks(found: Audit) -> Iterator[tuple[str, str]]:
    """When the lock changed, and to what: where all sessions have one."""
    if len(found.timelines) == 1:
        for one in found.timelines[0].said:
            yield iso(one.when)[:10], f"{iso(one.when)[:10]}: the lock names {one.version or 'nothing'} from here on"


def _line(label: str, of: Sequence[Session], most: int, key: _Key) -> str:
    counts = Counter(one.releases[0] if one.releases[0] in key.letter else _OTHER for one in of)
    order = [version for version in (*key.shown, _OTHER) if counts[version]]
    said = ", ".join(f"{version}: {counts[version]}" for version in order) or "none"
    parts = "".join(_part(version, counts[version] / most, key) for version in order)
    off, changed = (sum(one.fit.verdict == OFF for one in of), sum(bool(one.changes) for one in of))
    odd = ", ".join([f"{off} off"] * bool(off) + [f"{changed} changed"] * bool(changed))
    bar = f'<span class="bar" role="img" aria-label="{escape(said)}">{parts}</span>'
    return f'<li><span>{label}</span>{bar}<span class="count">{len(of):,}</span><span>{odd}</span></li>'


def _part(version: str, share: float, key: _Key) -> str:
    letter = key.letter.get(version, "+")
    said = version if share >= _ROOM_FOR_NAME else letter if share >= _ROOM_FOR_LETTER else ""
    return f'<span class="part" style="width:calc({100 * share:.2f}% - 2px);{key.style(version)}">{escape(said)}</span>'


def _step(first: date, last: date) -> int:
    """Days of a period: a day, a week, or 31 for a month."""
    days = (last - first).days + 1
    return 1 if days <= _MOST_PERIODS else 7 if days <= 7 * _MOST_PERIODS else 31


def _periods(first: date, last: date, step: int) -> Iterator[date]:
    begin = _begin(first, step)
    while begin <= last:
        yield begin
        begin = _next(begin, step)


def _begin(day: date, step: int) -> date:
    return day if step == 1 else day - timedelta(day.weekday()) if step == 7 else day.replace(day=1)


def _next(begin: date, step: int) -> date:
    return _begin(begin + timedelta(step), step)
