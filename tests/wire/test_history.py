"""Sizes from release to release: in their order, and each told from the other."""

from __future__ import annotations

import dataclasses
import re

from ccpin.wire.history import history_page, points, table
from tests.wire.test_compare import ABOUT, NEWER, made

OTHER_KIND = dataclasses.replace(ABOUT, runtime="native", release="ef" * 32)


def test_in_the_order_of_releases() -> None:
    later = dataclasses.replace(ABOUT, version="2.0.100")
    found = points([made(NEWER), made(later), made(), made(OTHER_KIND)])
    assert [(point.version, point.runtime) for point in found] == [
        ("2.0.14", "native"),
        ("2.0.14", "node"),
        ("2.0.100", "node"),
        ("2.1.330", "native"),
    ]
    assert (found[0].system, found[0].tools, found[0].betas, found[0].variables) == (30, 2, 2, 2)


def test_a_release_of_both_kinds_is_named_with_its_kind() -> None:
    text = history_page(points([made(NEWER), made(OTHER_KIND), made()]), "Profile <none>.")
    named = re.findall(r"<span>(.*?)</span>", text)
    assert named == ["2.0.14 native", "2.0.14 node", "2.1.330"] * 6
    assert "Profile &lt;none&gt;." in text


def test_each_cell_says_what_it_is() -> None:
    """Where there is no room for a table, the head of it is not shown."""
    of = points([made()])
    [head, row] = table(of)
    cells = re.findall(r'<td data-label="(.*?)">(.*?)</td>', history_page(of, ""))
    assert cells == list(zip(head[1:], row[1:], strict=True))
