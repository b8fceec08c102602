"""The head of a lock, in the small grammar that the shim reads too. All else is None: then TOML decides."""

from __future__ import annotations

import dataclasses

import pytest

from ccpin.pinning.head import is_digest, is_request, is_version, read_head, version_key
from ccpin.pinning.lock import render
from tests.pinning import locks

TEXT = render(locks.native(request=">=2.1,<2.2"))


def test_says_what_the_lock_says() -> None:
    head = read_head(TEXT.encode())
    lock = locks.native()
    assert head is not None
    assert (head.version, head.request, head.runtime, head.digest) == (
        lock.version,
        ">=2.1,<2.2",
        "native",
        lock.digest,
    )
    assert head.env == lock.env
    assert head.clean is False
    assert head.line == 6


def test_a_clean_slate() -> None:
    lock = dataclasses.replace(locks.node(), clean=True, env={"CLAUDE_CODE_MODEL_CATALOG": "off"})
    head = read_head(render(lock).encode())
    assert head is not None
    assert (head.clean, head.env) == (True, {"CLAUDE_CODE_MODEL_CATALOG": "off"})


def test_a_node_of_the_lock_s_own() -> None:
    head = read_head(render(locks.own_node()).encode())
    assert head is not None
    assert (head.runtime, head.node, head.digest) == ("node", "22.23.2", locks.own_node().digest)
    plain = read_head(render(locks.node()).encode())
    assert plain is not None
    assert plain.node is None


@pytest.mark.parametrize(
    "line",
    [
        'node = "22"',
        'node = ""',
        "node = 22",
        "node = '22.23.2'",
        'node = "../x"',
        'node = "22.23.2"\nnode = "22.23.2"',
    ],
)
def test_a_node_that_is_not_canonical(line: str) -> None:
    text = render(locks.own_node())
    assert read_head(text.replace('node = "22.23.2"', line).encode()) is None


def test_a_native_release_has_no_node() -> None:
    for line in ('runtime = "native"\nnode = "22.23.2"', 'node = "22.23.2"\nruntime = "native"'):
        assert read_head(TEXT.replace('runtime = "native"', line).encode()) is None


def test_stops_at_the_artifacts() -> None:
    assert read_head(TEXT.partition("[artifacts]\n")[0].encode() + b"[artifacts]\nwhat\xff ever") is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[env]\n", "[env]  # flags\n"),
        ('version = "2.1.330"', '  version   =  "2.1.330"   # why'),
        ("lock-version = 1", "lock-version = 1 # one"),
        ("[claude]\n", "\n   \n# note\n[claude]\n"),
        ('DISABLE_UPDATES = "1"\n', ""),
        ('runtime = "native"', 'runtime = "native"\nclean = true  # a clean slate'),
        ('version = "2.1.330"', 'clean = true\nversion = "2.1.330"'),
        ("[env]\n", '[env]\nMAX_THINKING_TOKENS = "0"\nENABLE_TOOL_SEARCH = "auto"\n'),
        ("[env]\n", '[env]\nANTHROPIC_MODEL = "us.anthropic.claude-3:0/x@y"\n'),
    ],
)
def test_ways_to_write_it_that_it_knows(old: str, new: str) -> None:
    assert old in TEXT
    assert read_head(TEXT.replace(old, new, 1).encode()) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lock-version = 1", "lock-version = 2"),
        ("lock-version = 1\n", ""),
        ("lock-version = 1", "lock-version = 1\nlock-version = 1"),
        ("lock-version = 1", "other = 1"),
        ("[claude]", "[ claude ]"),
        ("[claude]", "[other]"),
        ('version = "2.1.330"', "version = '2.1.330'"),
        ('version = "2.1.330"', 'version="2.1.330"'),
        ('version = "2.1.330"', 'version = "2.1.330" x'),
        ('version = "2.1.330"', 'version = "2.1.330'),
        ('version = "2.1.330"', 'version = "../../../x"'),
        ('version = "2.1.330"', 'version = "2.1.330"\nversion = "2.1.330"'),
        ('version = "2.1.330"\n', ""),
        ('version = "2.1.330"', 'version = "2.1.330"\r'),
        ('version = "2.1.330"', 'version\t= "2.1.330"'),
        ('runtime = "native"', 'runtime = "native"\nclean = false'),
        ('runtime = "native"', 'runtime = "native"\nclean = "true"'),
        ('runtime = "native"', 'runtime = "native"\nclean = true\nclean = true'),
        ("[env]\n", "[env]\nclean = true\n"),
        ("[claude]\n", "clean = true\n[claude]\n"),
        ("[env]\n", '[env]\nANTHROPIC_MODEL = "sonnet[1m]"\n'),
        ("[env]\n", '[env]\nMAX_THINKING_TOKENS = "007"\n'),
        ("[env]\n", '[env]\nFORCE_AUTOUPDATE_PLUGINS = "1"\n'),
        ("[env]\n", '[env]\nCLAUDE_CODE_SCROLL_SPEED = "3"\n'),
        ("[env]\n", '[env]\nPATH = "1"\n'),
        ('DISABLE_UPDATES = "1"', 'DISABLE_UPDATES = "0"'),
        ('DISABLE_UPDATES = "1"', 'DISABLE_UPDATES = "1"\nDISABLE_UPDATES = "1"'),
        ("[env]\n", ""),
        ("[artifacts]", "[more]"),
        ("[artifacts]\n", "\0[artifacts]\n"),
        ("# Claude", "<<<<<<< HEAD\n# Claude"),
    ],
)
def test_all_else_is_not_canonical(old: str, new: str) -> None:
    assert old in TEXT
    assert read_head(TEXT.replace(old, new, 1).encode()) is None


@pytest.mark.parametrize("cut", range(0, TEXT.index("[artifacts]\n") + len("[artifacts]"), 5))
def test_cut_off_before_the_artifacts(cut: int) -> None:
    assert read_head(TEXT[:cut].encode()) is None


def test_words() -> None:
    good = ("0.0.0", "2.1.330", "1" * 16 + ".0.0")
    bad = ("", "1", "1.2", "1.2.3.4", "1..3", "01.2.3", "1.2.03", "1.2.x", "1.2.-3", "1" * 17 + ".0.0", "1.2.3\n")
    assert all(map(is_version, good))
    assert not any(map(is_version, (*bad, "１.2.3", "².2.3")))
    assert sorted(["2.0.100", "2.0.14", "10.0.0"], key=version_key) == ["2.0.14", "2.0.100", "10.0.0"]
    assert is_request(">=2.0,<2.1")
    assert not any(map(is_request, ("", "a b", '"', "$x", "`", "\\", "é", "a\n")))
    assert is_digest("sha256:" + "0a" * 32)
    assert not any(map(is_digest, ("0a" * 32, "sha256:" + "0A" * 32, "sha256:" + "0a" * 31, "sha512:" + "0a" * 32)))
