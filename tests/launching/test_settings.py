"""`--settings` of a launch: what becomes of a command line, and of settings of the user's own."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from ccpin.errors import OwnSettings, SettingsAbove
from ccpin.launching.settings import MEASURED, REMOTE, WITHOUT, one_of, split, with_settings
from ccpin.paths import Home
from ccpin.pinning import flags
from ccpin.pinning.find import Pin
from ccpin.pinning.head import Head
from ccpin.store.entry import SETTINGS_MARK

ENV = {"DISABLE_UPDATES": "1", "ANTHROPIC_MODEL": "claude-opus-4-1"}
S = "--settings"
INLINE = "<inline>"
FILE = "<file>"
SECRET = "sk-ant-0123456789"


class Launch:
    """One folder with settings files, and what a launch there passes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home(str(root / "ccpin"))
        self.entry = root / "entry"
        self.entry.mkdir()
        (self.entry / SETTINGS_MARK).touch()
        self.env = {"HOME": str(root / "home")}
        self.said: list[str] = []

    def __call__(
        self,
        *args: str,
        env: dict[str, str] = ENV,
        clean: bool = False,
        version: str = "2.1.330",
        kept: tuple[str, ...] = (),
    ) -> list[str]:
        head = Head(version, version, "native", "0" * 64, env, 3, clean=clean)
        pin = Pin(head, "/p/.ccpin.lock", "lock", b"")
        say = self.said.append
        return with_settings(args, self.env, self.home, pin, str(self.entry), frozenset(kept), say)

    def put(self, name: str, text: str | bytes) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)


@pytest.fixture
def launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Launch:
    made = Launch(tmp_path)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return made


def shown(launch: Launch, argv: list[str]) -> tuple[list[str], dict[str, object]]:
    """`argv` with a sign in the place of what ccpin passes, and that as a value."""
    passed: dict[str, object] = {}
    words = list(argv)
    for at, word in enumerate(argv):
        if word.startswith('{"env":') and argv[at - 1] == S and not passed:
            passed, words[at] = json.loads(word), INLINE
        elif word.startswith(launch.home.settings + os.sep):
            passed, words[at] = json.loads(Path(word).read_text()), FILE
    return words, passed


# --- command lines ----------------------------------------------------------------------------------

MINE = '{"model":"opus","env":{"MINE":"1","DISABLE_UPDATES":"0"}}'
MERGED: dict[str, object] = {"model": "opus", "env": {"MINE": "1", **ENV}}
PLAIN: dict[str, object] = {"env": ENV}

LINES: dict[str, tuple[list[str], list[str], dict[str, object]]] = {
    "nothing": ([], [S, INLINE], PLAIN),
    "a prompt": (["-p", "hi", ""], [S, INLINE, "-p", "hi", ""], PLAIN),
    "a sub-command": (["mcp", "list"], [S, INLINE, "mcp", "list"], PLAIN),
    "behind --": (["-p", "--", "x", S, "y"], [S, INLINE, "-p", "--", "x", S, "y"], PLAIN),
    "at once behind --": (["--", S, "y"], [S, INLINE, "--", S, "y"], PLAIN),
    "a prompt about it": (["-p", f"what is {S} x?"], [S, INLINE, "-p", f"what is {S} x?"], PLAIN),
    "a prompt that begins so": ([f"{S} x"], [S, INLINE, f"{S} x"], PLAIN),
    "a longer option": (["--settingsx", "y"], [S, INLINE, "--settingsx", "y"], PLAIN),
    "its sources": (["--setting-sources", "user"], [S, INLINE, "--setting-sources", "user"], PLAIN),
    "without a value": (["-p", S], [S, INLINE, "-p", S], PLAIN),
    "alone, without a value": ([S], [S, INLINE, S], PLAIN),
    "first": ([S, MINE, "-p", "hi"], [S, FILE, "-p", "hi"], MERGED),
    "last": (["-p", "hi", S, MINE], [S, FILE, "-p", "hi"], MERGED),
    "between": (["-p", S, MINE, "hi"], [S, FILE, "-p", "hi"], MERGED),
    "with =": ([f"{S}={MINE}", "-p"], [S, FILE, "-p"], MERGED),
    "with =, last": (["-p", "a", f"{S}={MINE}"], [S, FILE, "-p", "a"], MERGED),
    "before a sub-command": ([S, MINE, "mcp", "list"], [S, FILE, "mcp", "list"], MERGED),
    "behind a sub-command": (["mcp", "list", S, MINE], [S, FILE, "mcp", "list"], MERGED),
    "before --": ([S, MINE, "--", S, "y"], [S, FILE, "--", S, "y"], MERGED),
    "several": ([S, "{}", "-p", S, MINE], [S, FILE, "-p"], MERGED),
    "several, with =": ([f"{S}={{}}", f"{S}={MINE}"], [S, FILE], MERGED),
    "of both forms": ([S, "{}", f"{S}={MINE}", "x"], [S, FILE, "x"], MERGED),
    "a good one, and one without a value": ([S, MINE, S], [S, FILE, S], MERGED),
    "empty": ([f"{S}=", "x"], [S, FILE, "x"], PLAIN),
    "empty JSON": ([S, "{}"], [S, FILE], PLAIN),
    "JSON and blanks": ([S, f" \n{MINE}\n"], [S, FILE], MERGED),
    "remote control": (["remote-control", "x"], ["remote-control", S, FILE, "x"], PLAIN),
    "rc": (["rc"], ["rc", S, FILE], PLAIN),
    "rc, and one's own": (["rc", "--verbose", S, MINE], ["rc", S, FILE, "--verbose"], MERGED),
    "rc in a prompt": (["-p", "rc"], [S, INLINE, "-p", "rc"], PLAIN),
    "stop as a prompt's word": (["-p", "stop"], [S, INLINE, "-p", "stop"], PLAIN),
    "stop in a prompt": (["stop it"], [S, INLINE, "stop it"], PLAIN),
    "plugin list": (["plugin", "list"], [S, INLINE, "plugin", "list"], PLAIN),
    "plugin": (["plugin"], [S, INLINE, "plugin"], PLAIN),
    "plugin test further on": (["-d", "plugin", "test"], [S, INLINE, "-d", "plugin", "test"], PLAIN),
    "--version further on": (["-p", "--version"], [S, INLINE, "-p", "--version"], PLAIN),
}


@pytest.mark.parametrize("kind", LINES)
def test_a_command_line(launch: Launch, kind: str) -> None:
    args, words, passed = LINES[kind]
    assert shown(launch, launch(*args)) == (words, passed)
    assert launch.said == []


@pytest.mark.parametrize("first", WITHOUT, ids=" ".join)
@pytest.mark.parametrize("behind", [[], ["x"], [S, "{}"]])
def test_first_words_that_stand_alone(launch: Launch, first: tuple[str, ...], behind: list[str]) -> None:
    for clean in (False, True):
        assert launch(*first, *behind, clean=clean) == [*first, *behind]


@pytest.mark.parametrize("word", REMOTE)
def test_remote_control_of_an_older_release(launch: Launch, word: str) -> None:
    """It takes no `--settings` at all: what a settings file sets is said, or refused."""
    launch.put("project/.claude/settings.json", '{"env": {"DISABLE_UPDATES": "0"}}')
    assert launch(word, "x", version="2.1.200") == [word, "x"]
    [line] = launch.said
    assert "settings.json:1: `DISABLE_UPDATES` is set here" in line


# --- what is passed ---------------------------------------------------------------------------------


def test_nothing_of_a_lock_without_flags(launch: Launch) -> None:
    for args in ([], ["-p", S, MINE], [S], ["rc"], [f"{S}=/nowhere"]):
        assert launch(*args, env={}) == args
    assert not Path(launch.home.settings).exists()


@pytest.mark.parametrize("version", sorted(MEASURED))
def test_a_clean_slate(launch: Launch, version: str) -> None:
    _, passed = shown(launch, launch("-p", clean=True, version=version))
    assert passed == {"env": {**dict.fromkeys(flags.TABLE, ""), **ENV}}


def test_a_clean_slate_where_empty_values_were_not_measured(launch: Launch) -> None:
    _, passed = shown(launch, launch("-p", clean=True, version="2.1.201"))
    assert passed == PLAIN


def test_a_clean_slate_and_what_the_user_keeps(launch: Launch) -> None:
    _, passed = shown(launch, launch("-p", clean=True, kept=("ANTHROPIC_BETAS", "DISABLE_UPDATES")))
    env = passed["env"]
    assert isinstance(env, dict)
    assert flags.TABLE.keys() - env.keys() == {"ANTHROPIC_BETAS"}  # what the lock holds is the lock's
    assert env["DISABLE_UPDATES"] == "1"


def test_a_clean_slate_in_settings_of_the_user_s_own(launch: Launch) -> None:
    mine = '{"env": {"ANTHROPIC_BETAS": "b", "MINE": "1", "DISABLE_UPDATES": "0"}, "model": "opus"}'
    _, passed = shown(launch, launch(S, mine, clean=True))
    assert passed == {"env": {"MINE": "1", **dict.fromkeys(flags.TABLE, ""), **ENV}, "model": "opus"}
    _, passed = shown(launch, launch(S, mine, clean=True, version="2.1.201"))
    assert passed == {"env": {"MINE": "1", **ENV}, "model": "opus"}
    _, passed = shown(launch, launch(S, mine, clean=True, kept=("ANTHROPIC_BETAS",)))
    env = passed["env"]
    assert isinstance(env, dict)
    assert env["ANTHROPIC_BETAS"] == "b"


def test_settings_in_a_file(launch: Launch) -> None:
    path = launch.put("my settings.json", MINE)
    for args in ([S, path], [f"{S}={path}"], [S, os.path.relpath(path)]):
        words, passed = shown(launch, launch(*args))
        assert (words, passed) == ([S, FILE], MERGED)
    assert Path(path).read_text() == MINE


def test_nobody_else_can_read_what_was_merged(launch: Launch) -> None:
    before = os.umask(0)
    try:
        argv = launch(S, f'{{"env": {{"ANTHROPIC_API_KEY": "{SECRET}"}}}}')
    finally:
        os.umask(before)
    assert SECRET not in " ".join(argv)
    path = Path(argv[1])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert SECRET in path.read_text()


def test_a_release_that_does_not_know_the_option(launch: Launch) -> None:
    (launch.entry / SETTINGS_MARK).unlink()
    for args in ([], ["-p", "hi"], [S, MINE], [f"{S}=/nowhere"]):
        assert launch(*args, version="1.0.51") == args
    assert launch.said == []


# --- which of several -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "taken"),
    [("1.0.100", "a"), ("2.0.14", "a"), ("2.1.112", "a"), ("2.1.113", "a"), ("2.1.200", "b"), ("2.1.330", "b")],
)
def test_of_several_the_one_that_the_release_takes(launch: Launch, version: str, taken: str) -> None:
    _, passed = shown(launch, launch(S, '{"model": "a"}', "-p", f'{S}={{"model": "b"}}', version=version))
    assert passed == {"model": taken, **PLAIN}


@pytest.mark.parametrize("version", ["2.1.114", "2.1.166", "2.1.199"])
def test_of_several_where_that_is_not_known(launch: Launch, version: str) -> None:
    with pytest.raises(OwnSettings, match=version):
        launch(S, "{}", S, "{}", version=version)
    assert one_of(["{}"], version) == "{}"
    assert shown(launch, launch(S, MINE, version=version)) == ([S, FILE], MERGED)


def test_split() -> None:
    assert split([]) == ([], [])
    assert split(["a", S, "b", f"{S}=c=d", S, "--", "e"]) == (["b", "c=d", "--"], ["a", "e"])
    assert split(["--", S, "a"]) == ([], ["--", S, "a"])
    assert split([f"{S}="]) == ([""], [])


@pytest.mark.parametrize(
    "words", [["--managed-settings", "{}"], ["--managed-settings={}"], ["-p", "--managed-settings"]]
)
def test_a_policy_of_an_embedding_program_stands_above_a_clean_slate(launch: Launch, words: list[str]) -> None:
    with pytest.raises(SettingsAbove, match="`--managed-settings` is given"):
        launch(*words, clean=True)
    assert launch(*words)[2:] == words  # without a clean slate it is the user's affair
