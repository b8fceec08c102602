"""One command, through the shim and through `ccpin exec`: the same arguments and the same environment arrive.

Hundreds of command lines under locks of all kinds, drawn at random. What the shim hands over is Python's anyway; of
the rest, `--settings` is compared by its meaning. FUZZ_SAME and FUZZ_SEED ask for more of them, or others.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ccpin import platforms
from ccpin.cli.exec import exec_claude
from ccpin.launching.settings import WITHOUT
from ccpin.pinning import flags
from tests.shims.values import fitting
from tests.shims.world import STRICT, UTF8, World, difference, lock_text

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the sh shim")

COUNT = int(os.environ.get("FUZZ_SAME", "60"))  # of each of the two shells that most people have
SEED = int(os.environ.get("FUZZ_SEED", "20"))
WORDS = (
    "-p", "hi", "", "--", "-v", "--version", "mcp", "list", "plugin", "test", "validate", "stop", "rm", "logs it",
    "a b", "--model", "opus", "--settingsx", "--setting-sources", "user", "--verbose", "--bare", "rc x", "sync.",
    "self-hosted-runner", "\n", "*", "--print", "-c", "--help",
)  # fmt: skip
RARE = ("--settings", "--settings={}", "remote-control", "agents", "--bg", "update")  # Python's


class Became(Exception):
    def __init__(self, argv: list[str], env: dict[str, str]) -> None:
        self.argv, self.env = argv, env


@pytest.fixture(autouse=True)
def signals_of_the_tests() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGXFSZ)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def world(tmp_path: Path, interpreter: str) -> World:
    world = World(tmp_path / "world", interpreter, platforms.current())
    world.furnish()
    return world


def by_python(world: World, args: list[str], env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Became:
    """What `ccpin exec` becomes."""

    def become(path: str, argv: list[str], env: dict[str, str]) -> NoReturn:
        assert path == argv[0]
        raise Became(argv[1:], env)

    with monkeypatch.context() as patch:
        patch.setattr(os, "execve", become)
        patch.chdir(world.project)
        with pytest.raises(Became) as raised:
            exec_claude(["--home", str(world.home), "--", *args], env)
    return raised.value


def meaning(argv: list[str]) -> tuple[object, list[str]]:
    if argv[:1] == ["--settings"] and argv[1:2] and argv[1].startswith("{"):
        return json.loads(argv[1]), argv[2:]
    return None, argv


def test_the_same_arrives(world: World, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = random.Random(f"{SEED} {shell}")
    by_itself, shapes = 0, set()
    count = COUNT if shell in ("dash", "bash") else COUNT // 3
    for _ in range(count):
        args, env, text = some_args(source), some_env(source), some_lock(source)
        world.lock(text)
        full = {"PATH": f"{world.path_folder}:/usr/bin:/bin", "LC_ALL": UTF8, "HOME": str(world.root), **env}
        run = world.run(*args, env={**env})
        if run.who == "python":
            continue
        assert (run.who, run.err) == ("pinned", b"")
        became = by_python(world, args, full, monkeypatch)
        case = (args, env, text)
        assert meaning([os.fsdecode(word) for word in run.argv]) == meaning(became.argv), case
        assert difference(became.env, run.env) == {}, case
        by_itself += 1
        shapes.add((run.flags is None, len(run.flags or ()) == len(flags.TABLE), "CCPIN_SET" in run.env))
    assert by_itself > count / 2
    assert len(shapes) > 2


def some_args(source: random.Random) -> list[str]:
    args = [source.choice(WORDS) for _ in range(source.choice((0, 1, 2, 2, 3, 5)))]
    if source.random() < 0.2:
        args[:0] = source.choice(WITHOUT)
    if source.random() < 0.1:
        args.insert(source.randrange(len(args) + 1), source.choice(RARE))
    return args


def some_env(source: random.Random) -> dict[str, str]:
    names = source.sample(sorted(flags.TABLE), source.choice((0, 0, 3, 20)))
    env = {name: source.choice(("1", "0", "", "mine", "a b", *fitting(flags.TABLE[name]))) for name in names}
    if source.random() < 0.4:
        recorded = [*source.sample(sorted(flags.TABLE), 5), *source.sample(names, min(2, len(names))), "PATH"]
        env["CCPIN_SET"] = " ".join(recorded)
    return env


def some_lock(source: random.Random) -> str:
    clean = source.random() < 0.5
    if source.random() < 0.2:
        return lock_text(env=STRICT, clean=True)
    names = [name for name in flags.TABLE if fitting(flags.TABLE[name])]
    chosen = source.sample(names, source.choice((0, 1, 4, 12)))
    return lock_text(env={name: source.choice(fitting(flags.TABLE[name])) for name in chosen}, clean=clean)


@pytest.mark.skipif(sys.platform != "linux", reason="the place of an administrator's policy is another one")
@pytest.mark.parametrize("who", ["node", "own node"])
def test_node_too(world: World, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if who == "node":
        world.use_node(lock_text(runtime="node", env=STRICT, clean=True))
    else:
        world.use_own_node(lock_text(runtime="node", env=STRICT, clean=True, node="22.23.2"))
    run = world.run("-p", "hi", env={"ANTHROPIC_MODEL": "mine"})
    env = {"PATH": f"{world.path_folder}:/usr/bin:/bin", "LC_ALL": UTF8, "HOME": str(world.root)}
    became = by_python(world, ["-p", "hi"], {**env, "ANTHROPIC_MODEL": "mine"}, monkeypatch)
    assert run.who == who
    assert [os.fsdecode(run.argv[0])] == became.argv[:1]
    assert meaning([os.fsdecode(word) for word in run.argv[1:]]) == meaning(became.argv[1:])
    assert difference(became.env, run.env) == {}
