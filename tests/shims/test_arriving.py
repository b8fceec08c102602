"""What arrives at Claude Code: arguments, environment, descriptors, and what comes back from it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.shims.world import DEFAULT, UTF8, World, difference, other_shells, told, two_shells

ARGUMENTS: dict[str, list[str | bytes]] = {
    "none": [],
    "empty": ["", "a", ""],
    "newlines": ["a\nb", "\n", "trailing\n"],
    "options": ["-n", "-e", "--", "-", "--help", "-c", "echo pwned"],
    "blanks": [" ", "  a  b  ", "\t"],
    "special": ["*", "?", "[a]", "$HOME", "$(touch pwned)", "`touch pwned`", "\\", "\\n", "'", '"', "!", "~", "{a,b}"],
    "100 kB": ["x" * 100_000],
    "many": [str(number) for number in range(2000)],
    "wide": ["\N{SNAKE}", "\N{LATIN SMALL LETTER E WITH ACUTE}"],
    "no UTF-8": [b"\xff\xfe", b"a\x80b"],
}


@two_shells
@pytest.mark.parametrize("way", ["pinned", "node", "own node", "python", "next"])
def test_arguments(world: World, way: str) -> None:
    lead = take(way, world)
    for words in ARGUMENTS.values():
        arrive(world, way, lead, words)


@other_shells
@pytest.mark.parametrize("way", ["pinned", "node", "own node", "python", "next"])
def test_arguments_all_at_once(world: World, shell: str, way: str) -> None:
    words = [word for some in ARGUMENTS.values() for word in some]
    if shell == "yash":  # it drops what is not valid in the locale
        words = [word for word in words if word.isascii()]
    arrive(world, way, take(way, world), words)


def arrive(world: World, way: str, lead: int, words: list[str | bytes]) -> None:
    run = world.run(*words)
    assert run.who == way
    assert run.argv[lead:] == [os.fsencode(word) for word in words]
    assert not list(world.root.rglob("pwned"))


def take(way: str, world: World) -> int:
    """Arranges that the shim goes that way; says how many arguments it puts in front."""
    if way == "next":
        (world.project / ".ccpin.lock").unlink()
    elif way == "python":
        world.lock("odd")
        return 7
    elif way == "node":
        world.use_node()
        return 3
    elif way == "own node":
        world.use_own_node()
        return 3
    return 2 if way == "pinned" else 0


@pytest.mark.parametrize("way", ["pinned", "node", "own node", "python", "next"])
def test_the_environment(world: World, way: str) -> None:
    take(way, world)
    env: dict[str, str | bytes] = {
        "name": "mine", "version": "mine", "table": "mine", "ODD": "a\nb 'c' \"d\" $e *", "EMPTY": "",
        "CDPATH": "/", "PS1": "$ ", "DISABLE_TELEMETRY": "0", "DISABLE_UPDATES": "",
    }  # fmt: skip
    before = {"PATH": f"{world.path_folder}:/usr/bin:/bin", "LC_ALL": UTF8, "HOME": str(world.root)}
    before |= {name: str(value) for name, value in env.items()}
    run = world.run(env=env)
    assert run.who == way
    changed = difference(before, run.env)
    changed.pop("PS1", None)  # bash takes it away from scripts
    if way in ("pinned", "node", "own node"):
        assert changed == DEFAULT | {"CCPIN_SET": " ".join(DEFAULT)} | world.evidence()
    else:
        assert changed == {"CCPIN_LOOP": "1"}


HOSTILE: dict[str, dict[str, str | bytes]] = {
    "IFS": {"IFS": "/.c0123456789"},
    "empty IFS": {"IFS": ""},
    "CDPATH": {"CDPATH": "/:/usr"},
    "ENV": {"ENV": "/nowhere/hostile", "BASH_ENV": "/nowhere/hostile"},
    "ENV with a command": {"ENV": "$(touch pwned)", "BASH_ENV": "$(touch pwned)"},
    "SHELLOPTS": {"SHELLOPTS": "allexport:errexit:nounset:noglob:noclobber"},
    "keyword": {"SHELLOPTS": "keyword"},
    "nocasematch": {"BASHOPTS": "nocasematch"},
    "execfail": {"BASHOPTS": "execfail:nullglob:failglob:extglob"},
    "functions": {
        f"BASH_FUNC_{name}%%": "() { echo hostile; }"
        for name in ("test", "[", "read", "echo", "exec", "export", "unset", "set", "eval", "case", "printf", "exit")
    },
    "own functions": {
        f"BASH_FUNC_ccpin_{name}%%": "() { echo hostile; }"
        for name in ("exists", "plain", "is_version", "fits", "forget")
    },
    "own variables": {
        f"ccpin_{name}": "hostile"
        for name in (
            "version",
            "flags",
            "table",
            "digest",
            "request",
            "runtime",
            "set",
            "round",
            "python",
            "home",
            "json",
            "slate",
            "part",
            "kind",
            "flag",
            "entry",
            "measured",
        )
    },
    "broken locale": {"LC_ALL": "xx_YY.nonsense", "LANG": "xx"},
    "POSIXLY_CORRECT": {"POSIXLY_CORRECT": "1"},
    "PATH of nonsense": {"PATH": "::/nowhere:relative:*:"},
    "empty PATH": {"PATH": ""},
    "unset of a list": {"CCPIN_SET": "* PATH HOME $(touch${IFS}pwned)\n; touch pwned"},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_environment(world: World, shell: str, kind: str) -> None:
    if shell == "yash" and kind in ("PATH of nonsense", "empty PATH"):
        pytest.skip("yash finds no `test` without a PATH")
    (world.project / "file").touch()
    run = world.run("a b", env=HOSTILE[kind])
    expected = "python" if shell == "bash" and kind == "nocasematch" else "pinned"
    assert (run.who, run.argv[-1]) == (expected, b"a b")
    assert b"hostile" not in run.out.partition(b"{")[0]
    assert not list(world.root.rglob("pwned"))
    if expected == "pinned":
        assert {name: run.env.get(name) for name in DEFAULT} == DEFAULT == run.flags
        assert run.env.get("PATH", "") == HOSTILE[kind].get("PATH", f"{world.path_folder}:/usr/bin:/bin")


def test_without_any_environment(world: World, shell: str) -> None:
    if shell == "yash":
        pytest.skip("yash finds no `test` without a PATH")
    run = world.run(unset=["PATH", "HOME", "LC_ALL"])
    assert run.who == "pinned"


@pytest.mark.parametrize("option", ["-e", "-u", "-a", "-f", "-C", "-aefuC"])
def test_shell_options(world: World, interpreter: str, option: str) -> None:
    run = subprocess.run(
        [interpreter, option, world.shim, "a"],
        cwd=world.project, env={"PATH": "/usr/bin:/bin", "LC_ALL": UTF8}, capture_output=True, check=False,
    )  # fmt: skip
    call = told(run.stdout)
    assert call["argv"][2:] == ["a"]
    assert not [name for name in call["env"] if name.startswith("ccpin_")]  # -a exports nothing of the shim's own


def test_stdin_arrives_unread(world: World) -> None:
    for lock in (None, "odd"):
        world.lock(lock)
        run = world.run(env={"FAKE_STDIN": "1"}, stdin=None, input=b"line 1\nline 2\n")
        assert run.call["stdin"] == "line 1\nline 2\n"


def test_no_descriptor_is_left_open(world: World) -> None:
    (world.home / "minimum-version").write_text("1.0.0\n")
    usual = world.run(executable=world.python).call["open"]  # the fake, without the shim
    for lock in (None, "odd"):
        world.lock(lock)
        assert world.run().call["open"] == usual


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_descriptors(world: World, closed: tuple[int, ...]) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    record = world.root / "record"
    run = world.run("a", env={"FAKE_RECORD": str(record)}, preexec_fn=close)
    assert told(record.read_bytes())["argv"][2:] == ["a"]
    assert run.code == 0


def test_the_exit_status_is_its_own(world: World) -> None:
    for lock in (None, "odd"):
        world.lock(lock)
        for code in (0, 1, 2, 126, 127, 255):
            assert world.run(env={"FAKE_EXIT": str(code)}).code == code


def test_a_signal_ends_it_as_a_signal(world: World) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        assert world.run(env={"FAKE_SIGNAL": str(int(number))}).code == -number


def test_ignored_signals_stay_ignored(world: World) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    assert world.run(env={"FAKE_SIGNAL": str(int(signal.SIGTERM))}, preexec_fn=ignore).code == 0


def test_it_is_one_process(world: World) -> None:
    process = subprocess.Popen(
        [world.shim], cwd=world.project, stdout=subprocess.PIPE, env={"PATH": "/usr/bin:/bin", "LC_ALL": UTF8}
    )
    out, _ = process.communicate()
    assert told(out)["pid"] == process.pid


def test_another_value_is_overridden(world: World) -> None:
    for value in ("1\n", " 1", "0", "", "a b", "1 DISABLE_TELEMETRY=1", "$(touch pwned)", "'\"\\"):
        run = world.run(env={"DISABLE_UPDATES": value})
        assert run.env["DISABLE_UPDATES"] == "1", value
        assert "DISABLE_UPDATES" in run.env["CCPIN_SET"].split(), value
    assert not list(world.root.rglob("pwned"))


def test_only_flags_are_ever_taken_back(world: World) -> None:
    (world.project / ".ccpin.lock").unlink()
    env: dict[str, str | bytes] = {"CCPIN_SET": "HOME KEEP DISABLE_UPDATES", "KEEP": "1", "DISABLE_UPDATES": "1"}
    run = world.run(env=env)
    assert (run.who, run.env["KEEP"], run.env["HOME"]) == ("next", "1", str(world.root))
    assert "DISABLE_UPDATES" not in run.env
    assert "CCPIN_SET" not in run.env


def test_a_pinned_launch_has_no_loop_guard(world: World) -> None:
    assert "CCPIN_LOOP" not in world.run(env={"CCPIN_LOOP": "3"}).env


def test_a_script_called_through_a_link(world: World, tmp_path: Path) -> None:
    link = tmp_path / "claude"
    link.symlink_to(world.shim)
    run = world.run("a", executable=link)
    assert run.who == "pinned"
