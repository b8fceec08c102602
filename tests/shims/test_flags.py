"""The flags of a lock in the shim: its table, values of every kind, and the clean slate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ccpin.launching import launch, settings
from ccpin.launching.environment import pinned
from ccpin.pinning import flags
from ccpin.pinning.flags import Model
from ccpin.pinning.head import read_head
from tests.shims.reading import HANDED_OVER, describe, read_in_sh, write_locks
from tests.shims.values import BRACKETS, EVERY, fitting, unfitting
from tests.shims.world import DEFAULT, SHIMS, STRICT, UTF8, World, difference, lock_text, settled, strict

SHIM = (SHIMS / "claude").read_text()


def said(pattern: str) -> list[str]:
    """The words that the shim holds where `pattern` stands."""
    match = re.search(pattern, SHIM, re.MULTILINE | re.DOTALL)
    assert match is not None, pattern
    return match.group(1).replace("\\\n", " ").replace("|", " ").split()


def test_no_value_looks_like_the_sign_of_a_kind_or_a_pattern() -> None:
    for flag in flags.TABLE.values():
        for word in fitting(flag):
            assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:@/-]*", word), (flag.name, word)


def test_the_first_words_without_settings_are_those_of_python() -> None:
    block = SHIM[SHIM.index("case ${1-} in\n") : SHIM.index("esac\n", SHIM.index("remote-control"))]
    arms = re.findall(r"^  ([^)]*)\) (.*)$", block, re.MULTILINE)
    alone = [word for words, does in arms if does == "ccpin_json='' ;;" for word in words.split(" | ")]
    pairs = [("plugin", word) for word in said(r"case \$\{2-\} in ([^)]*)\) ccpin_json=''")]
    before = {(word,) for word in (*launch.BACKGROUND_WORDS, *launch.UPDATE_OPTIONS)}  # handed over, so never here
    assert len(alone) == len(set(alone))
    assert {*((word,) for word in alone), *pairs} | before == set(settings.WITHOUT) | before


def test_the_words_that_are_handed_over_are_those_of_python() -> None:
    loop = SHIM[SHIM.index("for ccpin_word do\n") : SHIM.index("done\n", SHIM.index("for ccpin_word do\n"))]
    words = {
        word
        for words in re.findall(r"^    ([^)\n]*)\) ccpin_hand_over", loop, re.MULTILINE)
        for word in words.split(" | ")
    }
    option = {word for name in (settings.OPTION, settings.POLICY) for word in (name, f"{name}=*")}
    assert words == {*launch.UPDATE_VERBS, *launch.UPDATE_OPTIONS, *launch.BACKGROUND_WORDS, *option}
    assert set(said(r"^  (remote-control[^)]*)\) ccpin_hand_over")) == set(settings.REMOTE)


# --- values -----------------------------------------------------------------------------------------


def test_values_of_every_kind_at_their_edges(shell: str, interpreter: str, tmp_path: Path) -> None:
    kinds = list({str(flag.kind): flag for flag in flags.TABLE.values()}.values())
    rows = list(flags.TABLE.values())
    if shell != "dash":  # one of each sort is enough there: of words one or several, of numbers from 0 or more
        sorts = {(type(flag.kind), len(fitting(flag)), fitting(flag)[:1] == ("0",)): flag for flag in kinds}
        rows = kinds = list(sorts.values())
    cases = [(flag.name, value, True) for flag in rows for value in fitting(flag)]
    cases += [(flag.name, value, False) for flag in kinds for value in unfitting(flag)]
    cases += [(flag.name, value, False) for flag in rows if flag not in kinds for value in unfitting(flag)[-3:]]
    models = [name for name, flag in flags.TABLE.items() if isinstance(flag.kind, Model)]
    cases += [(name, value, False) for name in models for value in BRACKETS]
    if shell == "yash":  # it drops what is not valid in the locale
        cases = [case for case in cases if case[1].isascii()]
    (tmp_path / "locks").mkdir()
    texts = [lock_text(env={name: value}).encode() for name, value, _ in cases]
    by_sh = read_in_sh(tmp_path / "sh", interpreter, write_locks(tmp_path / "locks", texts))
    for (name, value, fits), text, answer in zip(cases, texts, by_sh, strict=True):
        head = read_head(text)
        assert answer == describe(head), (name, value)
        assert (answer != HANDED_OVER) == fits, (name, value)
        assert head is None or head.env == {name: value}


def test_every_flag_at_once(world: World) -> None:
    world.lock(lock_text(env=EVERY))
    run = world.run("-p")
    assert (run.who, run.flags, run.words) == ("pinned", EVERY, [b"-p"])
    assert {name: run.env.get(name) for name in EVERY} == EVERY
    assert run.env["CCPIN_SET"].split() == list(EVERY)


def test_names_that_only_begin_or_end_like_one_of_the_table(world: World) -> None:
    for name in (
        "CLAUDE_CODE_SIMPL",
        "SIMPLE",
        "CLAUDE_CODE_SIMPLE=1",
        "DISABLE_UPDATES=",
        "ANTHROPIC_MODEL=@",
        "=",
        "*",
    ):
        world.lock(lock_text(env={name: "1"}))
        assert world.run().who == "python", name


# --- the strict profile, and its clean slate --------------------------------------------------------


@pytest.mark.parametrize("runtime", ["native", "node"])
def test_the_strict_profile(world: World, runtime: str) -> None:
    if runtime == "node":
        world.use_node(strict("node"))
    else:
        world.lock(strict())
    run = world.run("-p", "hi")
    assert run.who == ("node" if runtime == "node" else "pinned")
    assert (run.flags, run.words) == (settled(STRICT, clean=True), [b"-p", b"hi"])
    assert {name: value for name, value in run.env.items() if name in flags.TABLE} == STRICT
    assert run.env["CCPIN_SET"].split() == list(STRICT)


def test_a_clean_slate_takes_away_what_the_user_exported_of_the_table_and_nothing_else(world: World) -> None:
    world.lock(strict())
    others = {"MINE": "1", "ANTHROPIC_API_KEY": "k", "CLAUDE_CODE_SIMPLER": "1", "XDISABLE_UPDATES": "1", "EMPTY": ""}
    run = world.run(env={**dict.fromkeys(flags.TABLE, "the user's"), **others})
    assert {name: value for name, value in run.env.items() if name in flags.TABLE} == STRICT
    assert {name: run.env.get(name) for name in others} == others
    assert run.flags == settled(STRICT, clean=True)


def test_without_a_clean_slate_what_the_user_exported_stays(world: World) -> None:
    mine = {name: "mine" for name in flags.TABLE if name not in DEFAULT}
    run = world.run(env={**mine})
    assert {name: value for name, value in run.env.items() if name in flags.TABLE} == mine | DEFAULT
    assert run.flags == DEFAULT


def test_a_clean_slate_without_any_flag(world: World) -> None:
    world.lock(lock_text(env={}, clean=True))
    run = world.run(env={"ANTHROPIC_MODEL": "mine"})
    assert (run.who, run.flags) == ("pinned", dict.fromkeys(flags.TABLE, ""))
    assert not {"ANTHROPIC_MODEL", "CCPIN_SET"} & run.env.keys()


def test_a_read_only_variable_of_the_shell_is_none_of_the_table(world: World) -> None:
    """`unset` of such a one would end the shell: SHELLOPTS, UID, PPID."""
    world.lock(strict())
    run = world.run(env={"UID": "7", "SHELLOPTS": "", "PPID": "1", "_": "x"})
    assert run.who == "pinned"


# --- within another launch --------------------------------------------------------------------------


def test_the_flags_of_an_outer_project_are_taken_back(world: World) -> None:
    outer = world.run().env
    assert outer["CCPIN_SET"] == " ".join(DEFAULT)
    inner = world.root / "inner"
    other = {"DISABLE_TELEMETRY": "1", "DISABLE_UPDATES": "1"}
    world.lock(lock_text(env=other), inner)
    run = world.run(cwd=inner, env=dict(outer))
    assert run.env["CCPIN_SET"] == "DISABLE_TELEMETRY DISABLE_UPDATES"
    assert of_the_table(run.env) == other == run.flags


def of_the_table(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name in flags.TABLE}


def test_what_the_user_exported_survives(world: World) -> None:
    mine = {"DISABLE_UPDATES": "1", "DISABLE_TELEMETRY": "1"}
    outer = world.run(env={**mine}).env
    assert outer["CCPIN_SET"].split() == [name for name in DEFAULT if name != "DISABLE_UPDATES"]
    inner = world.root / "inner"
    world.lock(lock_text(env={}), inner)
    run = world.run(cwd=inner, env=dict(outer))
    assert of_the_table(run.env) == mine
    assert "CCPIN_SET" not in run.env


def test_nothing_is_recorded_when_nothing_changed(world: World) -> None:
    run = world.run(env={**DEFAULT})
    assert run.who == "pinned"
    assert "CCPIN_SET" not in run.env


def test_what_was_recorded_is_recorded_again(world: World) -> None:
    outer = world.run().env
    assert world.run(env=dict(outer)).env["CCPIN_SET"] == outer["CCPIN_SET"]


LOCKS = (
    lock_text(env={}),
    lock_text(),
    lock_text(env={"DISABLE_TELEMETRY": "1"}),
    lock_text(env={"MAX_THINKING_TOKENS": "0", "ANTHROPIC_MODEL": "a/b:c@d", "ENABLE_TOOL_SEARCH": "auto"}),
    strict(),
    lock_text(env={}, clean=True),
)


@pytest.mark.parametrize("recorded", ["", "DISABLE_UPDATES", "DISABLE_TELEMETRY DISABLE_UPDATES PATH", " "])
def test_python_makes_the_same_of_an_environment(world: World, recorded: str) -> None:
    for text in LOCKS:
        require_the_same(world, text, recorded)


def require_the_same(world: World, lock: str, recorded: str) -> None:
    head = read_head(world.lock(lock).read_bytes())
    assert head is not None
    env: dict[str, str | bytes] = {
        "CCPIN_SET": recorded, "DISABLE_UPDATES": "1", "DISABLE_TELEMETRY": "0", "ANTHROPIC_BETAS": "a,b",
    }  # fmt: skip
    run = world.run(env=env)
    mine = {"PATH": f"{world.path_folder}:/usr/bin:/bin", "LC_ALL": UTF8, "HOME": str(world.root)}
    mine |= {name: str(value) for name, value in env.items()}
    assert run.who == "pinned", lock
    assert difference({**pinned(mine, head), **world.evidence()}, run.env) == {}, lock


OUTER = {
    "MAX_THINKING_TOKENS": "0",
    "ANTHROPIC_MODEL": "claude-opus-4-1",
    "CLAUDE_CODE_EFFORT_LEVEL": "xhigh",
    "DISABLE_UPDATES": "1",
    "CLAUDE_CODE_MODEL_CATALOG": "off",
}


def test_flags_of_every_kind_are_taken_back(world: World) -> None:
    outer = world.root / "outer"
    world.lock(lock_text(env=OUTER), outer)
    first = world.run(cwd=outer, env={"ANTHROPIC_MODEL": "mine"})
    assert first.env["CCPIN_SET"].split() == list(OUTER)
    world.lock(lock_text(env={}))
    inner = world.run(env={**first.env})
    assert (inner.who, inner.flags) == ("pinned", None)
    assert not {name for name in inner.env if name in flags.TABLE}


@pytest.mark.parametrize("names", [list(flags.TABLE), ["ANTHROPIC_BETAS"], ["PATH", "HOME", "DISABLE_UPDATES"]])
def test_what_is_recorded_is_taken_back_where_it_is_of_the_table(world: World, names: list[str]) -> None:
    world.lock(lock_text(env={}))
    env: dict[str, str | bytes] = {**dict.fromkeys(flags.TABLE, "x"), "CCPIN_SET": " ".join(names)}
    run = world.run(env=env)
    assert {name for name in run.env if name in flags.TABLE} == flags.TABLE.keys() - set(names)
    assert {"PATH", "HOME"} <= run.env.keys()


def test_what_a_user_allowed_is_python_s_to_take_back(world: World) -> None:
    (world.home / "allow-flags").write_text("CLAUDE_CODE_MINE\n")
    assert world.run().who == "pinned"
    run = world.run(env={"CCPIN_SET": "CLAUDE_CODE_MINE", "CLAUDE_CODE_MINE": "1"})
    assert (run.who, run.env["CLAUDE_CODE_MINE"]) == ("python", "1")
    (world.project / ".ccpin.lock").unlink()
    assert world.run(env={"CCPIN_SET": "CLAUDE_CODE_MINE"}).who == "python"
    assert world.run(env={"CCPIN_SET": ""}).who == "next"
