"""Sessions over time, as a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ccpin.sessions.audit import Audit, audit
from ccpin.sessions.locks import Said, Timeline
from ccpin.sessions.page import page
from ccpin.sessions.stats import figures
from tests.fakes.transcripts import RELEASES, Writer

DAY = 86_400


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path, '/work/<b>"shop"', seed=13)


def look(writer: Writer) -> Audit:
    return audit(str(writer.folder.parents[1]), {})


class Balanced(HTMLParser):
    """Every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_stands_alone(writer: Writer) -> None:
    writer.session("2.0.14", "2.1.330")
    found = look(writer)
    text = page(found, '/work/<b>"shop"', figures(found))
    Balanced(text)
    assert "<script" not in text
    assert "http" not in text
    assert "<b>" not in text
    assert "1 session, 0 off the lock, 1 that changed in the middle" in text


def test_a_line_for_each_day_and_for_each_lock(writer: Writer) -> None:
    start = writer.clock
    for day, version in ((0, "2.0.14"), (0, "2.0.14"), (1, "2.0.14"), (3, "2.1.200")):
        writer.clock = start + day * DAY
        writer.session(version, turns=1)
    found = look(writer)
    found.timelines = [Timeline("lock", [Said(start - DAY, "2.0.14"), Said(start + 2 * DAY, "2.1.200")], True)]
    text = page(found, "x", None)
    said = re.findall(r'<li class="lock">([^<]*)|<li><span>([0-9-]{10})</span><span [^>]*aria-label="([^"]*)"', text)
    assert ["".join(parts) for parts in said] == [
        "2025-10-08: the lock names 2.0.14 from here on",
        "2025-10-092.0.14: 2",
        "2025-10-102.0.14: 1",
        "2025-10-11: the lock names 2.1.200 from here on",
        "2025-10-11none",
        "2025-10-122.1.200: 1",
    ]


@pytest.mark.parametrize(("days", "each", "lines"), [(40, "day", 41), (200, "week", 30), (900, "month", 30)])
def test_long_times_in_fewer_lines(writer: Writer, days: int, each: str, lines: int) -> None:
    start = writer.clock
    for number in range(5):
        writer.clock = start + number * days / 4 * DAY
        writer.session("2.0.14", turns=1)
    text = page(look(writer), "x", None)
    assert f"Sessions by the {each} in which they began" in text
    assert text.count('role="img"') == lines


def test_more_releases_than_colours(writer: Writer) -> None:
    for version in (*RELEASES, "2.1.331", "2.1.332"):
        for _ in range(1 if version.startswith("2.1.33") and version != "2.1.330" else 2):
            writer.session(version, turns=1)
    text = page(look(writer), "x", None)
    keys = re.findall(r'<span class="key" style="background:(#\w+);color:(#\w+)">(.)</span>([^,]*), ([^ ]*)', text)
    assert [(letter, name, count) for _, _, letter, name, count in keys] == [
        *(("ABCDEFGH"[at], version, "2") for at, version in enumerate(RELEASES)),
        ("+", "other", "2"),
    ]
    assert len({colour for colour, *_ in keys}) == 9
    for colour, ink, *_ in keys:
        assert contrast(colour, {"#fff": "#ffffff", "#000": "#000000"}[ink]) >= 4.5


def contrast(one: str, other: str) -> float:
    light = sorted(luminance(colour) for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(colour: str) -> float:
    """Relative, as WCAG 2 has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_nothing_to_show(tmp_path: Path) -> None:
    text = page(Audit(), "x", None)
    Balanced(text)
    assert "0 sessions" in text


def test_the_name_of_a_file_is_a_text(writer: Writer) -> None:
    one = writer.session("2.0.14", turns=1)
    agent = writer.agent(one, "2.0.14", beside=True)
    rows = agent.read_text()
    agent.write_text(rows + rows.replace("2.0.14", "2.1.0").replace('"uuid":"', '"uuid":"x'))
    agent.rename(writer.folder / "agent-<img src=x onerror=alert()>.jsonl")
    text = page(audit(str(writer.folder.parents[1]), {}), "<b>", None)
    assert "agent-&lt;img src=x onerror=alert()&gt;.jsonl" in text
    assert "<img" not in text
    assert "<b>" not in text
