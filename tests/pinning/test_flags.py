"""The behaviour flags that a lock may hold: switches that take something away, and nothing else."""

from __future__ import annotations

import pytest

from ccpin.pinning import flags


def test_defaults_are_of_the_table() -> None:
    assert len(flags.DEFAULT) == 4
    assert flags.SWITCHES.keys() >= set(flags.DEFAULT)
    assert list(flags.DEFAULT) == sorted(flags.DEFAULT)


@pytest.mark.parametrize("name", flags.SWITCHES)
def test_a_switch_takes_one_value(name: str) -> None:
    assert flags.problem(name, "1") is None
    for value in ("0", "", "true", "11", 1, True, None, ["1"]):
        assert flags.problem(name, value)


def test_every_name_says_that_it_takes_away() -> None:
    """No name that could redirect, carry a secret, run code or weaken a permission has this form."""
    assert all(name.startswith(("DISABLE_", "CLAUDE_CODE_DISABLE_")) for name in flags.SWITCHES)


@pytest.mark.parametrize(
    "name", ["ANTHROPIC_BASE_URL", "HTTPS_PROXY", "NODE_OPTIONS", "PATH", "BASH_ENV", "DISABLE_TELEMETRY ", "x", ""]
)
def test_other_names_are_refused(name: str) -> None:
    assert flags.problem(name, "1")
