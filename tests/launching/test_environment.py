"""The environment of a launch: the lock's flags, and nothing left of another project's."""

from __future__ import annotations

from ccpin.launching.environment import EVIDENCE, clean, evidence, pinned, to_clear
from ccpin.pinning.find import Pin
from ccpin.pinning.flags import TABLE
from ccpin.pinning.head import Head

USER = {"HOME": "/home/me", "PATH": "/bin"}


def head(env: dict[str, str], *, slate: bool = False) -> Head:
    return Head("2.0.14", "2.0.14", "node", "0" * 64, env, 6, clean=slate)


ONE = head({"DISABLE_UPDATES": "1"})
TWO = head({"DISABLE_TELEMETRY": "1"})


def test_flags_are_set_and_recorded() -> None:
    assert pinned(USER, ONE) == {**USER, **ONE.env, "CCPIN_SET": "DISABLE_UPDATES"}


def test_what_the_user_set_alike_is_the_user_s() -> None:
    env = pinned({**USER, **ONE.env}, head({**ONE.env, **TWO.env}))
    assert env["CCPIN_SET"] == "DISABLE_TELEMETRY"
    assert clean(env) == {**USER, **ONE.env}
    assert "CCPIN_SET" not in pinned({**USER, **ONE.env}, ONE)


def test_another_value_of_the_user_s_gives_way() -> None:
    assert pinned({**USER, "DISABLE_UPDATES": "0"}, ONE)["DISABLE_UPDATES"] == "1"


def test_a_project_within_a_project_starts_clean() -> None:
    inner = pinned(pinned(USER, ONE), TWO)
    assert inner == {**USER, **TWO.env, "CCPIN_SET": "DISABLE_TELEMETRY"}
    assert clean(inner) == USER


def test_only_names_of_the_table_are_taken_back() -> None:
    """CCPIN_SET comes from outside: it must not be able to take PATH or a policy away."""
    env = {**USER, "CCPIN_SET": "PATH HOME DISABLE_UPDATES  *", "DISABLE_UPDATES": "1", "CCPIN_LOOP": "1.2"}
    assert clean(env) == USER


def test_a_name_that_the_user_allows_is_taken_back_too() -> None:
    allowed = frozenset({"CLAUDE_CODE_SCROLL_SPEED"})
    outer = pinned(USER, head({"CLAUDE_CODE_SCROLL_SPEED": "3"}), allowed=allowed)
    assert outer["CCPIN_SET"] == "CLAUDE_CODE_SCROLL_SPEED"
    assert pinned(outer, head({}), allowed=allowed) == USER
    assert pinned(outer, head({})) == {**USER, "CLAUDE_CODE_SCROLL_SPEED": "3"}


class TestCleanSlate:
    SET = USER | {"MAX_THINKING_TOKENS": "9", "ANTHROPIC_MODEL": "opus", "ANTHROPIC_BETAS": "x", "MY_OWN": "1"}

    def test_nothing_else_of_the_table_is_left(self) -> None:
        lock = head({"ANTHROPIC_MODEL": "haiku"}, slate=True)
        assert pinned(self.SET, lock) == {
            **USER, "MY_OWN": "1", "ANTHROPIC_MODEL": "haiku", "CCPIN_SET": "ANTHROPIC_MODEL",
        }  # fmt: skip
        assert to_clear(lock, frozenset()) == [name for name in TABLE if name != "ANTHROPIC_MODEL"]

    def test_but_what_the_user_keeps(self) -> None:
        kept = frozenset({"MAX_THINKING_TOKENS", "ANTHROPIC_MODEL"})
        env = pinned(self.SET, head({"ANTHROPIC_MODEL": "haiku"}, slate=True), kept)
        assert env["MAX_THINKING_TOKENS"] == "9"
        assert env["ANTHROPIC_MODEL"] == "haiku"  # the lock says so
        assert "ANTHROPIC_BETAS" not in env

    def test_only_where_the_lock_asks_for_one(self) -> None:
        assert pinned(self.SET, ONE) == {**self.SET, **ONE.env, "CCPIN_SET": "DISABLE_UPDATES"}
        assert to_clear(ONE, frozenset()) == []


def test_the_argument_stays_as_it_is() -> None:
    env = {**USER, "MAX_THINKING_TOKENS": "9"}
    pinned(env, head({}, slate=True))
    clean(env)
    assert env == {**USER, "MAX_THINKING_TOKENS": "9"}


class TestEvidence:
    """What a launch says of itself."""

    def test_by_a_lock(self) -> None:
        for why in ("lock", "default"):
            assert evidence(Pin(ONE, "/p/.ccpin.lock", why, b"")) == {
                "CCPIN_VERSION_USED": ONE.version,
                "CCPIN_DIGEST": f"sha256:{ONE.digest}",
                "CCPIN_LOCK": "/p/.ccpin.lock",
            }

    def test_named_by_hand_there_is_no_lock(self) -> None:
        assert evidence(Pin(ONE, "CCPIN_VERSION", "asked", b"")).keys() == {"CCPIN_VERSION_USED", "CCPIN_DIGEST"}

    def test_a_folder_without_a_name_has_no_path(self) -> None:
        assert "CCPIN_LOCK" not in evidence(Pin(ONE, "./.ccpin.lock", "lock", b""))

    def test_of_an_outer_launch_nothing_is_left(self) -> None:
        outer = {**USER, **evidence(Pin(ONE, "/p/.ccpin.lock", "lock", b""))}
        assert clean(outer) == USER
        assert not pinned(outer, TWO).keys() & set(EVIDENCE)
