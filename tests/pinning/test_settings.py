"""The settings that are one word: the environment before the file, and nothing broken taken for a value."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ccpin.errors import BadAge, BadVariable, BrokenSetting
from ccpin.paths import Home
from ccpin.pinning.settings import (
    SOURCES,
    TABLE,
    UPSTREAM_CHANNEL,
    Setting,
    address_problem,
    is_offline,
    parse_age,
    read,
    source_order,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def put(home: Home, name: str, text: str) -> str:
    of_home = TABLE[name].file
    assert of_home is not None
    Path(of_home(home)).write_text(text)
    return of_home(home)


def test_without_any(home: Home) -> None:
    assert {name: read(name, {}, home) for name in TABLE} == {
        "source": Setting("auto", "default"),
        "channel": Setting(UPSTREAM_CHANNEL, "default"),
        "min-age": Setting(None, "default"),
        "offline": Setting(None, "default"),
    }
    assert read("source", {}, None) == Setting("auto", "default")


def test_the_environment_before_the_file(home: Home) -> None:
    path = put(home, "source", "native\n")
    assert read("source", {}, home) == Setting("native", f"{path}:1")
    assert read("source", {"CCPIN_SOURCE": ""}, home).value == "native"
    assert read("source", {"CCPIN_SOURCE": "npm"}, home) == Setting("npm", "CCPIN_SOURCE")
    put(home, "source", "nonsense")
    assert read("source", {"CCPIN_SOURCE": "npm"}, home).value == "npm"


@pytest.mark.parametrize("name", [name for name, kind in TABLE.items() if kind.file])
def test_every_example_is_a_value(home: Home, name: str) -> None:
    assert TABLE[name].problem(TABLE[name].example) is None
    put(home, name, TABLE[name].example)
    assert read(name, {}, home).value == TABLE[name].example


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("source", "", ":1"),
        ("source", "pypi\n", ":1"),
        ("source", "npm,npm\n", ":1"),
        ("source", "npm\nnative\n", ":2"),
        ("min-age", "7 d\n", ":1"),
        ("channel", "https://me:s3cret@mirror.example/?x\n", ":1"),
    ],
)
def test_a_broken_file(home: Home, name: str, text: str, where: str) -> None:
    path = put(home, name, text)
    with pytest.raises(BrokenSetting) as raised:
        read(name, {}, home)
    assert raised.value.where == path + where
    assert f"`ccpin config {name} --unset`" in raised.value.hint
    assert "s3cret" not in str(raised.value)


def test_a_folder_in_its_place(home: Home) -> None:
    Path(home.min_age).mkdir()
    with pytest.raises(BrokenSetting, match="it is a folder"):
        read("min-age", {}, home)


def test_a_broken_variable() -> None:
    with pytest.raises(BadVariable) as raised:
        read("min-age", {"CCPIN_MIN_AGE": "soon"}, None)
    assert "CCPIN_MIN_AGE cannot be used: `soon` is not" in str(raised.value)
    assert "`unset CCPIN_MIN_AGE`" in raised.value.hint


@pytest.mark.parametrize(
    ("value", "order"),
    [("auto", ("npm", "native")), ("npm", ("npm",)), ("native", ("native",)), ("native,npm", ("native", "npm"))],
)
def test_orders(value: str, order: tuple[str, ...]) -> None:
    assert source_order(value) == order
    assert set(order) <= set(SOURCES)
    assert read("source", {"CCPIN_SOURCE": value}, None).value == value


@pytest.mark.parametrize(
    ("text", "hours"), [("7d", 168), ("36h", 36), ("0d", 0), ("1d", 24), ("99999d", 99999 * 24), ("007h", 7)]
)
def test_ages(text: str, hours: int) -> None:
    assert parse_age(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5d", "7 d", "7d\n", "7D", "1w", "100000d", "٧d", "1d2h"])
def test_no_ages(text: str) -> None:
    with pytest.raises(BadAge):
        parse_age(text)


@pytest.mark.parametrize("address", ["mirror.example", "ftp://a/", "https://", "https://a b/", "https://a:x/", "https://[a/",
                                     "https://a/?b", "https://a/#b"])  # fmt: skip
def test_no_addresses(address: str) -> None:
    assert address_problem(address)


def test_offline() -> None:
    assert not is_offline({})
    assert not is_offline({"CCPIN_OFFLINE": ""})
    assert is_offline({}, True)
    assert is_offline({"CCPIN_OFFLINE": "1"}, False)
