"""The behaviour flags that a lock may hold: a closed table, and for each flag its own kind of value."""

from __future__ import annotations

import pytest

from ccpin.pinning import flags
from ccpin.pinning.flags import PROFILES, TABLE, Cleared, Flag, Model, Number, Words
from ccpin.pinning.head import is_version, version_key

NEWEST = "2.1.330"
READ = ("0.2.9", "0.2.35", "1.0.51", "1.0.100", "2.0.14", "2.0.64", "2.1.0", "2.1.112", "2.1.113", "2.1.200", NEWEST)
DEFAULT = {
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_INSTALLATION_CHECKS": "1",
    "DISABLE_UPDATES": "1",
}
STRICT = {
    **DEFAULT,
    "CLAUDE_CODE_DISABLE_FEATURE_FLAGS": "1",
    "DISABLE_GROWTHBOOK": "1",
    "DISABLE_TELEMETRY": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP": "1",
    "CLAUDE_CODE_DISABLE_AGENT_VIEW": "1",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
    "CLAUDE_CODE_SIMPLE_SYSTEM_PROMPT": "0",
    "CLAUDE_CODE_MODEL_CATALOG": "off",
    "CLAUDE_CODE_REMOVE_PROMPT_STRINGS": "false",
    "ENABLE_CLAUDEAI_MCP_SERVERS": "false",
}

ROWS = [pytest.param(flag, id=flag.name) for flag in TABLE.values()]
SETTABLE = [pytest.param(flag, id=flag.name) for flag in TABLE.values() if not isinstance(flag.kind, Cleared)]


def good(kind: object) -> str:
    """A value that a kind takes."""
    if isinstance(kind, Words):
        return kind.words[0]
    return str(kind.high) if isinstance(kind, Number) else "claude-opus-4-1"


class TestRows:
    def test_there_are_enough(self) -> None:
        assert len([flag for flag in TABLE.values() if not isinstance(flag.kind, Cleared)]) >= 60
        assert {number for flag in TABLE.values() for number in flag.mechanisms} == set(flags.MECHANISMS)

    @pytest.mark.parametrize("flag", ROWS)
    def test_is_complete(self, flag: Flag) -> None:
        assert TABLE[flag.name] is flag
        assert flag.effect
        assert flag.price
        assert not any(text.endswith(".") for text in (flag.effect, flag.price))
        assert flag.mechanisms == tuple(sorted(set(flag.mechanisms)))
        assert set(flag.mechanisms) <= set(flags.MECHANISMS)
        assert isinstance(flag.kind, (Words, Number, Model, Cleared))

    @pytest.mark.parametrize("flag", ROWS)
    def test_says_where_it_was_found(self, flag: Flag) -> None:
        assert flag.first in READ
        assert flag.last is None or (flag.last in READ and version_key(flag.first) <= version_key(flag.last))
        assert all(map(is_version, READ))

    @pytest.mark.parametrize("flag", ROWS)
    def test_names_others_of_the_table_for_its_job(self, flag: Flag) -> None:
        assert flag.name not in flag.instead
        assert len(set(flag.instead)) == len(flag.instead)
        for name in flag.instead:
            assert not isinstance(TABLE[name].kind, Cleared)

    @pytest.mark.parametrize("flag", ROWS)
    def test_a_name_is_one_that_both_readers_can_read(self, flag: Flag) -> None:
        assert flag.name.isascii()
        assert flag.name.replace("_", "A").isalnum()
        assert flag.name == flag.name.upper()


class TestValues:
    @pytest.mark.parametrize("flag", SETTABLE)
    def test_a_good_one(self, flag: Flag) -> None:
        assert flags.problem(flag.name, good(flag.kind)) is None

    @pytest.mark.parametrize(
        "value", ["", " 1", "1 ", "1\n", "$HOME", "`id`", '"', "'", "\\", "a b", "é", "\0", "1" * 200]
    )
    def test_one_that_none_takes(self, value: str) -> None:
        assert [name for name in TABLE if flags.problem(name, value) is None] == []

    @pytest.mark.parametrize("value", [1, 0, True, None, ["1"], 1.0, {"a": "1"}])
    def test_one_that_is_no_text(self, value: object) -> None:
        assert {flags.problem(name, value) for name in TABLE} == {"its value is not a text in quotes"}

    @pytest.mark.parametrize("value", ["0", "1", "off", "x"])
    def test_what_is_only_cleared_takes_none(self, value: str) -> None:
        cleared = [name for name, flag in TABLE.items() if isinstance(flag.kind, Cleared)]
        assert len(cleared) > 10
        assert {flags.problem(name, value) for name in cleared} == {"no lock may set it; `clean = true` takes it away"}

    def test_a_switch_takes_1(self) -> None:
        switches = [flag for flag in TABLE.values() if isinstance(flag.kind, Words) and flag.kind.words == (flags.ON,)]
        assert len(switches) > 40
        for flag in switches:
            assert flags.problem(flag.name, "1") is None
            assert all(flags.problem(flag.name, value) for value in ("0", "true", "11", "01", "on"))

    def test_what_switches_off_cannot_switch_on(self) -> None:
        """Any non-empty value means "on" to some releases, "0" too."""
        for name, flag in TABLE.items():
            if "DISABLE_" in name and not isinstance(flag.kind, Cleared):
                assert flags.problem(name, "0"), name


class TestKinds:
    def test_words(self) -> None:
        kind = Words("low", "high")
        assert kind.problem("low") is kind.problem("high") is None
        assert kind.problem("") == kind.problem("lowhigh") == kind.problem("LOW") == 'it takes "low" or "high"'
        assert Words("off").problem("on") == 'its only value is "off"'

    @pytest.mark.parametrize("value", ["5", "6", "99", "100"])
    def test_a_number_between_its_ends(self, value: str) -> None:
        assert Number(5, 100).problem(value) is None

    @pytest.mark.parametrize(
        "value", ["4", "101", "0", "05", "005", "+5", "-5", "5.0", "5e1", "0x5", "５", "²", "5_0", ""]
    )
    def test_no_number_or_not_between_them(self, value: str) -> None:
        assert Number(5, 100).problem(value) == "it takes a number from 5 to 100"

    def test_zero_and_nine_digits(self) -> None:
        assert Number(0, 10).problem("0") is None
        assert Number(0, 10).problem("00")
        assert Number(1, 10**12).problem("999999999") is None
        assert Number(1, 10**12).problem("1000000000")
        assert Number(1, 10**12).problem("9" * 5000)

    @pytest.mark.parametrize(
        "value",
        ["opus", "claude-sonnet-4-5-20250929", "sonnet[1m]", "us.anthropic.claude-3:0", "a/b@c_d", "x", "x" * 128],
    )
    def test_models(self, value: str) -> None:
        assert Model().problem(value) is None

    @pytest.mark.parametrize(
        "value", ["", "-x", ".x", "/etc/x", "[x", "x" * 129, "x y", "x\n", "é", "x$", "x;y", "x=y"]
    )
    def test_no_models(self, value: str) -> None:
        assert Model().problem(value) == "it takes the id of a model"

    def test_says_what_it_takes(self) -> None:
        kinds = (Words("a"), Words("a", "b"), Number(1, 2), Model(), Cleared())
        assert [str(kind) for kind in kinds] == [
            '"a"', '"a" or "b"', "a number from 1 to 2", "the id of a model", "nothing: a clean slate takes it away",
        ]  # fmt: skip


class TestOtherNames:
    @pytest.mark.parametrize(
        "name",
        [
            "ANTHROPIC_BASE_URL", "HTTPS_PROXY", "NODE_OPTIONS", "PATH", "BASH_ENV", "CCPIN_HOME",
            "DISABLE_TELEMETRY ", "disable_telemetry", "x", "",
        ],
    )  # fmt: skip
    def test_are_refused(self, name: str) -> None:
        assert flags.problem(name, "1") == "it is not one of ccpin's behaviour flags"

    def test_that_a_user_allows(self) -> None:
        allowed = frozenset({"CLAUDE_CODE_SCROLL_SPEED", "DISABLE_UPDATES", "FORCE_AUTOUPDATE_PLUGINS"})
        assert flags.problem("CLAUDE_CODE_SCROLL_SPEED", "3", allowed) is None
        for value in ("", "a b", "$x", "-x", 3, None):
            assert flags.problem("CLAUDE_CODE_SCROLL_SPEED", value, allowed) == "it takes one plain word"
        assert flags.problem("CLAUDE_CODE_SCROLL_SPEEDS", "3", allowed)

    def test_allowing_one_of_the_table_changes_nothing(self) -> None:
        allowed = frozenset({"DISABLE_UPDATES", "FORCE_AUTOUPDATE_PLUGINS"})
        assert flags.problem("DISABLE_UPDATES", "0", allowed)
        assert flags.problem("FORCE_AUTOUPDATE_PLUGINS", "1", allowed)


class TestProfiles:
    def test_what_they_hold(self) -> None:
        assert {name: profile.env for name, profile in PROFILES.items()} == {
            "default": DEFAULT,
            "strict": STRICT,
            "none": {},
        }

    def test_only_strict_starts_from_a_clean_slate(self) -> None:
        assert [name for name, profile in PROFILES.items() if profile.clean] == ["strict"]

    @pytest.mark.parametrize("name", PROFILES)
    def test_may_stand_in_a_lock_in_this_order(self, name: str) -> None:
        env = PROFILES[name].env
        assert list(env) == sorted(env)
        assert [flags.problem(*pair) for pair in env.items()] == [None] * len(env)
        assert PROFILES[name].meaning

    def test_strict_answers_every_mechanism_that_a_flag_can(self) -> None:
        answered = {number for name in PROFILES["strict"].env for number in TABLE[name].mechanisms}
        assert answered == set(flags.MECHANISMS)
