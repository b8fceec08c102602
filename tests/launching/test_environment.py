"""The environment of a launch: the lock's flags, and nothing left of another project's."""

from __future__ import annotations

from ccpin.launching.environment import clean, pinned

ONE = {"DISABLE_UPDATES": "1"}
TWO = {"DISABLE_TELEMETRY": "1"}
USER = {"HOME": "/home/me", "PATH": "/bin"}


def test_flags_are_set_and_recorded() -> None:
    assert pinned(USER, ONE) == {**USER, **ONE, "CCPIN_SET": "DISABLE_UPDATES"}


def test_what_the_user_set_alike_is_the_user_s() -> None:
    env = pinned({**USER, **ONE}, {**ONE, **TWO})
    assert env["CCPIN_SET"] == "DISABLE_TELEMETRY"
    assert clean(env) == {**USER, **ONE}
    assert "CCPIN_SET" not in pinned({**USER, **ONE}, ONE)


def test_another_value_of_the_user_s_gives_way() -> None:
    assert pinned({**USER, "DISABLE_UPDATES": "0"}, ONE)["DISABLE_UPDATES"] == "1"


def test_a_project_within_a_project_starts_clean() -> None:
    inner = pinned(pinned(USER, ONE), TWO)
    assert inner == {**USER, **TWO, "CCPIN_SET": "DISABLE_TELEMETRY"}
    assert clean(inner) == USER


def test_only_names_of_the_table_are_taken_back() -> None:
    """CCPIN_SET comes from outside: it must not be able to take PATH or a policy away."""
    env = {**USER, "CCPIN_SET": "PATH HOME DISABLE_UPDATES  *", "DISABLE_UPDATES": "1", "CCPIN_LOOP": "1.2"}
    assert clean(env) == USER


def test_the_argument_stays_as_it_is() -> None:
    env = dict(USER)
    pinned(env, ONE)
    clean(env)
    assert env == USER
