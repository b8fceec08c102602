"""Version requests: which forms there are, what they mean, and what a wrong one is told."""

from __future__ import annotations

import pytest

from ccpin.errors import BadRequest
from ccpin.pinning.request import parse_request

VERSIONS = ("1.0.20", "2.0.9", "2.0.14", "2.0.100", "2.1.0", "2.1.330", "3.0.0")


@pytest.mark.parametrize(
    ("spec", "text", "kind", "newest"),
    [
        ("2.0.14", "2.0.14", "exact", "2.0.14"),
        ("v2.0.14", "2.0.14", "exact", "2.0.14"),
        ("V2.0.14", "2.0.14", "exact", "2.0.14"),
        (" 2.0.14\n", "2.0.14", "exact", "2.0.14"),
        ("2.0.15", "2.0.15", "exact", None),
        ("2.0", "2.0", "prefix", "2.0.100"),
        ("2", "2", "prefix", "2.1.330"),
        ("2.x", "2", "prefix", "2.1.330"),
        ("2.0.*", "2.0", "prefix", "2.0.100"),
        ("2.10", "2.10", "prefix", None),
        (">=2.0,<2.1", ">=2.0,<2.1", "range", "2.0.100"),
        (">= 2.0, < 2.0.14", ">=2.0,<2.0.14", "range", "2.0.9"),
        ("~=2.0.9", "~=2.0.9", "range", "2.0.100"),
        ("==2.0.*", "==2.0.*", "range", "2.0.100"),
        ("!=3.0.0", "!=3.0.0", "range", "2.1.330"),
        ("<=v2.0.14", "<=v2.0.14", "range", "2.0.14"),
        ("<1", "<1", "range", None),
        ("latest", "latest", "channel", None),
        ("STABLE", "stable", "channel", None),
    ],
)
def test_forms(spec: str, text: str, kind: str, newest: str | None) -> None:
    request = parse_request(spec)
    assert (request.text, request.kind) == (text, kind)
    assert request.newest(VERSIONS) == newest
    assert parse_request(request.text) == request


def test_newest_is_by_number_not_by_order_or_text() -> None:
    assert parse_request("2.0").newest(reversed(VERSIONS)) == "2.0.100"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("^2.0", "`^`"),
        ("2.0.14.1", "three numbers"),
        ("2.0.14-beta", "no prereleases"),
        ("2.0.14+x", "no prereleases"),
        ("next", "none of the forms"),
        ("two", "none of the forms"),
        ("2.0.14 || 2.0.15", "none of the forms"),
        ("02.0.14", "none of the forms"),
        ("２.０.１４", "none of the forms"),
        ("../../x", "none of the forms"),
        ("$(id)", "none of the forms"),
        (">=", "not a comparison"),
        (">=2.0,", "not a comparison"),
        (">=2.0,latest", "not a comparison"),
        ("===2.0.14", "not a comparison"),
        (">=2.0.*", "cannot be read"),
        ("~=2", "cannot be read"),
        (">=1,<2" * 40, "characters"),
    ],
)
def test_refused(spec: str, said: str) -> None:
    with pytest.raises(BadRequest, match="is not a version") as raised:
        parse_request(spec)
    assert said in raised.value.message
    assert raised.value.exit_code == 2


def test_what_is_shown_is_safe_for_a_terminal() -> None:
    with pytest.raises(BadRequest) as raised:
        parse_request("\x1b[2J{version}\udcff")
    assert str(raised.value).isprintable()
    assert "{version}" in str(raised.value)


def test_what_is_shown_is_short() -> None:
    with pytest.raises(BadRequest) as raised:
        parse_request("x" + " " * 100_000)
    assert len(str(raised.value)) < 300
