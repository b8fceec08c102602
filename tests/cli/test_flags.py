"""`ccpin env`: the flags of a lock, what they do in its release, and how they are changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ccpin.pinning.flags import PROFILES, TABLE
from tests.cli.arrange import ccpin, edit, pin, pin_default, read_lock, set_up
from tests.fakes.box import Box
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

DEFAULT = PROFILES["default"].env
BETAS = "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"
OFF_TABLE = "CLAUDE_CODE_SCROLL_SPEED"


def data(box: Box, *args: str, **options: Any) -> Any:
    return ccpin(box, "env", *args, "--json", **options).ok().json["data"]


def elsewhere(box: Box) -> None:
    """As on another machine: the lock is there, the release is not."""
    Path(box.layout.releases).rename(box.root / "another store")


class TestShow:
    def test_text(self, box: Box) -> None:
        pin(box, "2.0.14")
        done = ccpin(box, "env").ok()
        assert done.err == ""
        width = max(len(name) for name in DEFAULT) + 2
        unread = "    2.0.14 does not read it: no effect"
        assert done.out.splitlines() == [
            "Claude Code 2.0.14, profile default",
            f"{BETAS + '=1':<{width}}  {TABLE[BETAS].effect}",
            unread,
            f"{'DISABLE_AUTOUPDATER=1':<{width}}  {TABLE['DISABLE_AUTOUPDATER'].effect}",
            f"{'DISABLE_INSTALLATION_CHECKS=1':<{width}}  {TABLE['DISABLE_INSTALLATION_CHECKS'].effect}",
            unread,
            f"{'DISABLE_UPDATES=1':<{width}}  {TABLE['DISABLE_UPDATES'].effect}",
            f"{unread}; there, DISABLE_AUTOUPDATER, which the lock holds, does the same job",
        ]
        assert ccpin(box, "env", "list").ok().out == done.out

    def test_json(self, box: Box) -> None:
        pin(box, "2.0.14")
        shown = data(box)
        assert {key: value for key, value in shown.items() if key != "flags"} == {
            "source": str(box.lock), "version": "2.0.14", "profile": "default", "clean": False,
        }  # fmt: skip
        assert {row["name"]: row["value"] for row in shown["flags"]} == DEFAULT
        assert shown["flags"][-1] == {
            "name": "DISABLE_UPDATES",
            "value": "1",
            "takes": '"1"',
            "mechanisms": [4, 6],
            "effect": TABLE["DISABLE_UPDATES"].effect,
            "read": False,
            "instead": ["DISABLE_AUTOUPDATER"],
        }
        assert data(box, "list") == shown

    def test_a_clean_slate(self, box: Box) -> None:
        ccpin(box, "use", "2.1.330", "--profile", "strict").ok()
        first = ccpin(box, "env").ok().out.splitlines()[0]
        assert first.startswith("Claude Code 2.1.330, profile strict, from a clean slate (`clean = true`)")
        assert (data(box)["profile"], data(box)["clean"]) == ("strict", True)

    def test_a_lock_without_flags(self, box: Box) -> None:
        ccpin(box, "use", "2.0.14", "--profile", "none").ok()
        done = ccpin(box, "env").ok()
        assert (done.out, done.err) == ("Claude Code 2.0.14, profile none\n", "")
        assert data(box)["flags"] == []

    def test_of_a_release_that_is_not_installed(self, box: Box) -> None:
        pin(box, "2.0.14")
        elsewhere(box)
        done = ccpin(box, "env").ok()
        assert done.err == "note: which flags 2.0.14 reads is seen when it is installed: `ccpin sync`\n"
        assert "does not read" not in done.out
        assert {row["read"] for row in data(box)["flags"]} == {None}

    def test_of_the_users_default(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin_default(box, "2.1.330")
        assert data(box, "--global")["source"] == data(box, "list", "--global")["source"] == box.layout.default_lock
        assert (data(box)["version"], data(box, "--global")["version"]) == ("2.0.14", "2.1.330")
        assert data(box, cwd="/")["version"] == "2.1.330"

    def test_of_a_release_named_by_hand(self, box: Box) -> None:
        pin(box, "2.1.330")
        pin(box, "2.0.14")
        shown = data(box, env={"CCPIN_VERSION": "2.1.330"})
        assert (shown["source"], shown["version"]) == ("CCPIN_VERSION", "2.1.330")
        assert {row["read"] for row in shown["flags"]} == {True}

    def test_asks_nobody(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        registry.forget()
        changes = ("profile strict", "set DISABLE_COMPACT", "unset DISABLE_COMPACT")
        for args in ("", "--all", "list", "explain DISABLE_UPDATES", "profile", *changes):
            ccpin(box, "env", *args.split()).ok()
        assert registry.requests == []

    @pytest.mark.parametrize("args", [(), ("--all",), ("profile", "strict")])
    def test_a_folder_s_name_cannot_write_to_the_terminal(self, box: Box, args: tuple[str, ...]) -> None:
        folder = box.folder("sub\x1b]0;pwned\x07\u202ex")
        pin(box, folder=folder)
        done = ccpin(box, "env", *args, cwd=folder).ok()
        assert not {"\x1b", "\x07", "\u202e"}.intersection(done.out + done.err)


class TestTable:
    def test_text(self, box: Box) -> None:
        pin(box, "2.0.14")
        header, *lines = ccpin(box, "env", "--all").ok().out.splitlines()
        assert header.split()[:3] == ["flag", "read", "answers"]
        assert [line.split()[0] for line in lines] == list(TABLE)
        by_name = {line.split()[0]: line for line in lines}
        for name, flag in TABLE.items():
            assert by_name[name].endswith(f"  {flag.effect}; {flag.kind}")
        assert by_name["DISABLE_AUTOUPDATER"].split()[1:3] == ["yes", "4,6"]
        assert by_name["DISABLE_UPDATES"].split()[1] == "no"
        assert ccpin(box, "env", "list", "--all").ok().out.splitlines() == [header, *lines]

    def test_json(self, box: Box) -> None:
        pin(box, "2.1.330")
        rows = {row["name"]: row for row in data(box, "list", "--all")["flags"]}
        assert list(rows) == list(TABLE)
        assert (rows["DISABLE_UPDATES"]["value"], rows["DISABLE_UPDATES"]["read"]) == ("1", True)
        assert (rows["DISABLE_COMPACT"]["value"], rows["DISABLE_COMPACT"]["read"]) == (None, False)
        assert rows["MAX_THINKING_TOKENS"]["takes"] == "a number from 0 to 200000"

    @pytest.mark.parametrize("number", range(1, 8))
    def test_of_one_mechanism(self, box: Box, number: int) -> None:
        pin(box)
        rows = data(box, "list", "--all", "--mechanism", str(number))["flags"]
        assert [row["name"] for row in rows] == [n for n, flag in TABLE.items() if number in flag.mechanisms]
        held = data(box, "list", "--mechanism", str(number))["flags"]
        assert [row["name"] for row in held] == [n for n in sorted(DEFAULT) if number in TABLE[n].mechanisms]

    @pytest.mark.parametrize("lock", ["", "=======\n", '[env]\nPATH = "x"\n'])
    def test_where_nothing_is_pinned_or_it_cannot_be_read(self, box: Box, lock: str) -> None:
        """The message about a flag that is refused names this command."""
        if lock:
            box.lock.write_text(lock)
        done = ccpin(box, "env", "--all").ok()
        assert {line.split()[1] for line in done.out.splitlines()[1:]} == {"?"}
        assert done.err == ""
        shown = data(box, "--all")
        assert (shown["source"], shown["version"], shown["profile"], shown["clean"]) == (None, None, None, None)


class TestExplain:
    def test_text(self, box: Box) -> None:
        pin(box, "2.0.14")
        assert ccpin(box, "env", "explain", "DISABLE_UPDATES").ok().out == (
            "DISABLE_UPDATES\n"
            "  does        no update at all, not even by hand\n"
            "  answers     4 (updates that land in mid-work), 6 (prompt churn from release to release)\n"
            '  takes       "1"\n'
            "  costs       plugins are not updated by themselves either\n"
            "  found in    2.1.200 and later\n"
            "  here        2.0.14 does not read it: no effect; there, DISABLE_AUTOUPDATER, which the lock holds, "
            "does the same job\n"
            '  this lock   sets it to "1"\n'
        )
        shown = data(box, "explain", "DISABLE_UPDATES")
        assert shown["answers"] == ["updates that land in mid-work", "prompt churn from release to release"]
        assert (shown["first"], shown["last"], shown["read"], shown["value"]) == ("2.1.200", None, False, "1")

    def test_one_that_was_given_up(self, box: Box) -> None:
        pin(box)
        out = ccpin(box, "env", "explain", "DISABLE_MICROCOMPACT").ok().out
        assert "  found in    1.0.100 to 2.1.0\n" in out
        assert "  this lock   leaves it alone\n" in out

    def test_one_that_the_release_reads(self, box: Box) -> None:
        pin(box)
        assert "  here        2.0.14 reads it\n" in ccpin(box, "env", "explain", "DISABLE_TELEMETRY").ok().out

    def test_a_clean_slate(self, box: Box) -> None:
        ccpin(box, "use", "2.0.14", "--profile", "strict").ok()
        assert "this lock   takes it away" in ccpin(box, "env", "explain", "ANTHROPIC_BETAS").ok().out
        ccpin(box, "config", "keep-flag", "ANTHROPIC_BETAS").ok()
        assert "would take it away, but you keep it" in ccpin(box, "env", "explain", "ANTHROPIC_BETAS").ok().out

    def test_without_a_pin(self, box: Box) -> None:
        out = ccpin(box, "env", "explain", "DISABLE_UPDATES").ok().out
        assert "this lock" not in out
        assert data(box, "explain", "DISABLE_UPDATES")["version"] is None

    def test_not_installed(self, box: Box) -> None:
        pin(box)
        elsewhere(box)
        done = ccpin(box, "env", "explain", "DISABLE_UPDATES").ok()
        assert "  here        whether 2.0.14 reads it is not known\n" in done.out
        assert "`ccpin sync`" in done.err

    def test_every_one(self, box: Box) -> None:
        pin(box)
        prices = {name: data(box, "explain", name)["price"] for name in TABLE}
        assert prices == {name: flag.price for name, flag in TABLE.items()}


class TestProfile:
    def test_all_of_them(self, box: Box) -> None:
        pin(box)
        out = ccpin(box, "env", "profile").ok().out
        assert f"default: {PROFILES['default'].meaning}  ({box.lock} has it)\n" in out
        assert "    CLAUDE_CODE_MODEL_CATALOG=off\n" in out
        shown = data(box, "profile")
        assert (shown["source"], shown["profile"]) == (str(box.lock), "default")
        assert shown["profiles"]["strict"]["flags"] == PROFILES["strict"].env
        assert [name for name, what in shown["profiles"].items() if what["clean"]] == ["strict"]

    def test_none_of_them(self, box: Box) -> None:
        assert data(box, "profile")["profile"] is None
        pin(box)
        ccpin(box, "env", "set", "DISABLE_COMPACT").ok()
        done = ccpin(box, "env", "profile").ok()
        assert done.err == f"{box.lock}: default with changes\n"
        assert "has it" not in done.out

    def test_there_and_back(self, box: Box) -> None:
        pin(box, "2.1.330")
        before = box.lock.read_bytes()
        assert ccpin(box, "env", "profile", "strict").ok().out == f"profile strict set in {box.lock}\n"
        lock = read_lock(box.lock)
        assert (lock.env, lock.clean, lock.version) == (PROFILES["strict"].env, True, "2.1.330")
        again = ccpin(box, "env", "profile", "strict").ok()
        assert again.out == f"profile strict was set already in {box.lock}\n"
        ccpin(box, "env", "profile", "default").ok()
        assert box.lock.read_bytes() == before

    def test_of_the_users_default(self, box: Box) -> None:
        pin(box)
        pin_default(box, "2.0.14")
        before = box.lock.read_bytes()
        shown = data(box, "profile", "strict", "--global")
        assert (shown["source"], shown["profile"], shown["changed"]) == (box.layout.default_lock, "strict", True)
        assert read_lock(Path(box.layout.default_lock)).clean
        assert box.lock.read_bytes() == before

    def test_says_what_has_no_effect(self, box: Box) -> None:
        pin(box, "2.0.14")
        assert "note: 2.0.14 does not read 12 of the lock's flags" in ccpin(box, "env", "profile", "strict").ok().err
        assert ccpin(box, "env", "profile", "none").ok().err == ""


class TestSet:
    def test_switches_words_numbers_and_models(self, box: Box) -> None:
        pin(box, "2.1.330")
        values = {
            "DISABLE_COMPACT": "1",
            "CLAUDE_CODE_EFFORT_LEVEL": "high",
            "MAX_THINKING_TOKENS": "0",
            "ANTHROPIC_MODEL": "claude-opus-4-1",
        }
        named = [name if name == "DISABLE_COMPACT" else f"{name}={value}" for name, value in values.items()]
        done = ccpin(box, "env", "set", *named).ok()
        assert done.out == f"{', '.join(values)} set in {box.lock}\n"
        assert read_lock(box.lock).env == dict(sorted({**DEFAULT, **values}.items()))
        assert box.lock.read_text().index("ANTHROPIC_MODEL") < box.lock.read_text().index(BETAS)  # in the usual order
        assert data(box)["profile"] == "default with changes"

    def test_what_is_set_already_writes_nothing(self, box: Box) -> None:
        pin(box)
        there = box.lock.stat()
        done = ccpin(box, "env", "set", "DISABLE_UPDATES").ok()
        assert done.out == f"DISABLE_UPDATES was set already in {box.lock}\n"
        assert (box.lock.stat().st_ino, box.lock.stat().st_mtime_ns) == (there.st_ino, there.st_mtime_ns)
        assert data(box, "set", "DISABLE_UPDATES=1")["changed"] is False

    def test_another_value_takes_the_place_of_the_first(self, box: Box) -> None:
        pin(box)
        for value in ("5", "6"):
            ccpin(box, "env", "set", f"MAX_THINKING_TOKENS={value}").ok()
        assert read_lock(box.lock).env["MAX_THINKING_TOKENS"] == "6"
        assert box.lock.read_text().count("MAX_THINKING_TOKENS") == 1

    def test_what_others_wrote_stays(self, box: Box) -> None:
        pin(box)
        edit(box, "[env]\n", "[env]\n# ask Ada\n")
        edit(box, "\n[artifacts]", "\n[mine] # ours\nkey = 1\n\n[artifacts]")
        edit(box, 'DISABLE_AUTOUPDATER = "1"', 'DISABLE_AUTOUPDATER = "1"  # because')
        ccpin(box, "env", "set", "DISABLE_COMPACT").ok()
        ccpin(box, "env", "unset", "DISABLE_UPDATES").ok()
        ccpin(box, "env", "profile", "strict").ok()
        text = box.lock.read_text()
        for kept in ("# ask Ada\n", "[mine] # ours\nkey = 1\n", 'DISABLE_AUTOUPDATER = "1"  # because\n'):
            assert kept in text
        assert read_lock(box.lock).env == PROFILES["strict"].env

    def test_says_what_has_no_effect_of_what_was_set(self, box: Box) -> None:
        pin(box, "2.0.14")
        done = ccpin(box, "env", "set", "DISABLE_COMPACT", "DISABLE_TELEMETRY").ok()
        assert done.err == "note: 2.0.14 does not read DISABLE_COMPACT: no effect\n"
        done = ccpin(box, "env", "set", "DISABLE_GROWTHBOOK").ok()
        assert done.err == (
            "note: 2.0.14 does not read DISABLE_GROWTHBOOK: no effect; "
            "there, DISABLE_TELEMETRY, which the lock holds, does the same job\n"
        )

    def test_from_a_sub_folder_and_not_above_the_checkout(self, box: Box) -> None:
        pin(box)
        ccpin(box, "env", "set", "DISABLE_COMPACT", cwd=box.folder("a/b")).ok()
        assert "DISABLE_COMPACT" in read_lock(box.lock).env
        before = box.lock.read_bytes()
        checkout = box.folder("checkout")
        (checkout / ".git").mkdir()
        assert (
            f"{checkout}/.ccpin.lock does not exist"
            in ccpin(box, "env", "set", "DO_NOT_TRACK", cwd=checkout).failed(2).err
        )
        assert box.lock.read_bytes() == before

    def test_a_link_stays_a_link(self, box: Box) -> None:
        pin(box)
        shared = box.folder("shared") / "lock"
        box.lock.rename(shared)
        box.lock.symlink_to("shared/lock")
        ccpin(box, "env", "set", "DISABLE_COMPACT").ok()
        assert os.readlink(box.lock) == "shared/lock"
        assert "DISABLE_COMPACT" in read_lock(shared).env

    def test_what_is_set_is_what_runs(self, box: Box) -> None:
        pin(box, "2.1.330")
        set_up(box)
        ccpin(box, "env", "set", "ANTHROPIC_MODEL=sonnet[1m]", "MAX_THINKING_TOKENS=7").ok()
        env = box.claude("-p", "hi").ok().json["env"]
        assert (env["ANTHROPIC_MODEL"], env["MAX_THINKING_TOKENS"]) == ("sonnet[1m]", "7")


class TestUnset:
    def test_some(self, box: Box) -> None:
        pin(box)
        done = ccpin(box, "env", "unset", "DISABLE_UPDATES", BETAS).ok()
        assert done.out == f"DISABLE_UPDATES, {BETAS} unset in {box.lock}\n"
        assert set(read_lock(box.lock).env) == {"DISABLE_AUTOUPDATER", "DISABLE_INSTALLATION_CHECKS"}

    def test_what_is_not_set_changes_nothing(self, box: Box) -> None:
        pin(box)
        before = box.snapshot()
        assert ccpin(box, "env", "unset", "DO_NOT_TRACK").ok().out == f"DO_NOT_TRACK was not set in {box.lock}\n"
        assert box.snapshot() == before

    def test_one_undoes_the_other(self, box: Box) -> None:
        pin(box)
        before = box.lock.read_bytes()
        ccpin(box, "env", "set", "DO_NOT_TRACK").ok()
        assert box.lock.read_bytes() != before
        ccpin(box, "env", "unset", "DO_NOT_TRACK").ok()
        assert box.lock.read_bytes() == before


class TestOffTheTable:
    """A name that somebody wrote into the lock by hand, and that this user allows or does not."""

    @pytest.fixture
    def widened(self, box: Box) -> Box:
        pin(box, "2.1.330")
        set_up(box)
        edit(box, "[env]\n", f'[env]\n{OFF_TABLE} = "3"\n')
        return box

    def test_is_refused_by_name_and_line(self, widened: Box) -> None:
        said = f"{widened.lock}:12: `{OFF_TABLE}` may not stand in a lock"
        for command in (["sync"], ["check"], ["env"], ["current"], ["which"], ["use"], ["env", "unset", OFF_TABLE]):
            assert said in ccpin(widened, *command).failed(1).err
        assert said in widened.claude("-p", "hi").failed(126).err
        assert said in widened.ccpin("exec", "--", "-p").failed(126).err

    def test_is_honoured_where_it_is_allowed(self, widened: Box) -> None:
        ccpin(widened, "config", "allow-flag", OFF_TABLE).ok()
        for command in (["sync"], ["sync", "--locked"], ["current"], ["which"], ["use"]):
            ccpin(widened, *command).ok()
        assert widened.claude("-p", "hi").ok().json["env"][OFF_TABLE] == "3"
        assert widened.ccpin("exec", "--", "-p").ok().json["env"][OFF_TABLE] == "3"
        [row] = [row for row in data(widened)["flags"] if row["name"] == OFF_TABLE]
        assert (row["value"], row["takes"], row["mechanisms"], row["read"]) == ("3", "one plain word", [], None)
        assert "you let locks set it" in row["effect"]

    def test_is_set_and_taken_out(self, widened: Box) -> None:
        ccpin(widened, "config", "allow-flag", OFF_TABLE).ok()
        ccpin(widened, "env", "set", f"{OFF_TABLE}=4").ok()
        assert f'{OFF_TABLE} = "4"\n' in widened.lock.read_text()
        ccpin(widened, "env", "unset", OFF_TABLE).ok()
        assert read_lock(widened.lock).env == DEFAULT

    def test_is_explained_as_far_as_ccpin_knows_it(self, widened: Box) -> None:
        ccpin(widened, "config", "allow-flag", OFF_TABLE).ok()
        done = ccpin(widened, "env", "explain", OFF_TABLE).ok()
        assert "you let locks set it" in done.out
        assert "one plain word" in done.out
        assert "sets it to " in done.out
        assert done.err == ""
        data = ccpin(widened, "env", "explain", OFF_TABLE, "--json").ok().json["data"]
        assert (data["name"], data["price"], data["answers"]) == (OFF_TABLE, None, [])

    def test_that_it_was_not_looked_up_is_no_fault_of_the_install(self, widened: Box) -> None:
        ccpin(widened, "config", "allow-flag", OFF_TABLE).ok()
        assert ccpin(widened, "env").ok().err == ""

    def test_one_user_s_allowing_is_not_another_s(self, widened: Box) -> None:
        ccpin(widened, "config", "allow-flag", OFF_TABLE).ok()
        ccpin(widened, "env").ok()
        ccpin(widened, "env", env={"CCPIN_HOME": str(widened.root / "another")}).failed(1)

    def test_what_nobody_can_allow_is_refused_all_the_same(self, widened: Box) -> None:
        edit(widened, OFF_TABLE, "ANTHROPIC_BASE_URL")
        ccpin(widened, "config", "allow-flag", "ANTHROPIC_BASE_URL").failed(2)
        assert not Path(widened.layout.allow_flags).exists()
        assert ":12: `ANTHROPIC_BASE_URL` may not" in ccpin(widened, "sync").failed(1).err
        Path(widened.layout.allow_flags).write_text("ANTHROPIC_BASE_URL\n")
        assert "allow-flags:1: " in ccpin(widened, "sync").failed(1).err
        assert "allow-flags:1: " in widened.claude().failed(126).err
