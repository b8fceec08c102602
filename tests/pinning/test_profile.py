"""Profiles as things that a lock has."""

from __future__ import annotations

import pytest

from ccpin.errors import UnknownProfile
from ccpin.pinning.flags import PROFILES
from ccpin.pinning.profile import find_profile, profile_of, with_profile
from tests.pinning import locks

DEFAULT, STRICT = PROFILES["default"].env, PROFILES["strict"].env


@pytest.mark.parametrize("name", PROFILES)
def test_a_lock_has_the_profile_that_it_was_given(name: str) -> None:
    lock = with_profile(locks.native(), name)
    assert profile_of(lock.env, clean=lock.clean) == name
    assert (lock.version, lock.digest) == (locks.native().version, locks.native().digest)


@pytest.mark.parametrize(
    ("env", "clean", "name"),
    [
        ({**DEFAULT, "DISABLE_COMPACT": "1"}, False, "default with changes"),
        ({name: value for name, value in DEFAULT.items() if name != "DISABLE_UPDATES"}, False, "default with changes"),
        ({**STRICT, "ANTHROPIC_MODEL": "opus"}, True, "strict with changes"),
        ({**STRICT, "CLAUDE_CODE_SIMPLE_SYSTEM_PROMPT": "1"}, True, "strict with changes"),
        (STRICT, False, "default with changes"),
        (DEFAULT, True, "custom"),
        ({}, True, "custom"),
        ({"DISABLE_UPDATES": "1", "DISABLE_AUTOUPDATER": "1"}, False, "custom"),
        ({"ANTHROPIC_MODEL": "opus"}, False, "custom"),
    ],
)
def test_what_other_flags_are_called(env: dict[str, str], clean: bool, name: str) -> None:
    assert profile_of(env, clean=clean) == name


def test_a_profile_that_there_is_not() -> None:
    with pytest.raises(UnknownProfile, match="default, strict, none"):
        find_profile("Strict")
    with pytest.raises(UnknownProfile):
        with_profile(locks.native(), "")
