"""What the sh shim costs: each of its ways against a script that only says `exec target "$@"`.

    python -m tests.bench shim [--rounds N] [--check]

All variants run once a round, in random order; a ratio is the median over the rounds of variant / bare script,
so that a machine that slows down for a while slows both. `--check` fails when a budget is exceeded.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.shims.world import DIGEST, VERSION, World, lock_text, strict

SHELLS = ("dash", "bash")
DEFAULT = "default with settings"
STRICT = "strict, clean slate, settings"
BUDGETS = {
    ("dash", DEFAULT): 1.60,
    ("dash", STRICT): 2.20,
    ("dash", "no pin"): 1.45,
    ("bash", DEFAULT): 1.85,
    ("bash", STRICT): 2.70,
    ("bash", "no pin"): 1.65,
}
FOLDERS_UP = 5


@dataclass(frozen=True)
class Way:
    name: str
    argv: list[str]
    cwd: Path
    env: dict[str, str]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench shim")
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--check", action="store_true", help="fail when a budget is exceeded")
    options = parser.parse_args(arguments)
    over: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        target, kind = build_target(Path(folder))
        print(f"target: {kind}; {options.rounds} rounds; the lock is {FOLDERS_UP} folders up")
        if not shutil.which("mise"):
            print("mise not installed")
        for shell in filter(shutil.which, SHELLS):
            times = measure(ways(shell, Path(folder) / shell, target), options.rounds)
            over += report(shell, times)
    for line in over:
        print(line)
    return 1 if over and options.check else 0


def build_target(folder: Path) -> tuple[Path, str]:
    """The smallest program there is: a static one that only returns, where there is a compiler."""
    target = folder / "target"
    compiler = shutil.which("cc")
    if compiler:
        source = folder / "target.c"
        source.write_text("int main(void) { return 0; }\n")
        command = [compiler, "-O2", "-static", "-o", str(target), str(source)]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return target, "a static C program that only returns"
    return Path(shutil.which("true") or "/bin/true"), "true (no static C compiler here)"


def ways(shell: str, folder: Path, target: Path) -> list[Way]:
    """Everything that is measured, under one shell."""
    interpreter = shutil.which(shell) or shell
    bare = folder / "bare"
    folder.mkdir()
    _script(bare, f'#!{interpreter}\nexec {target} "$@"\n')
    found = [Way("bare", [str(bare)], folder, _environment()), Way("target", [str(target)], folder, _environment())]

    def shim(
        name: str, runtime: str = "native", *, lock: str | None = None, locked: bool = True, installed: bool = True
    ) -> None:
        world = World(folder / name.replace(" ", "-"), interpreter=interpreter)
        world.render(python=target)
        env = _environment(world.path_folder)
        if locked:
            world.lock(lock or lock_text(runtime=runtime))
        else:
            shutil.copy(target, world.path_folder / "claude")
        if installed:
            world.install(VERSION, DIGEST, runtime, target)
        if runtime == "node":
            shutil.copy(target, world.path_folder / "node")
            (world.release(VERSION, DIGEST) / "node").symlink_to(world.path_folder / "node")
        deep = world.project.joinpath(*"abcde"[:FOLDERS_UP])
        deep.mkdir(parents=True)
        found.append(Way(name, [str(world.shim)], deep, env))

    shim(DEFAULT)
    shim(f"{DEFAULT}, again")
    shim("default, node", "node")
    shim("no flags", lock=lock_text(env={}))
    shim(STRICT, lock=strict())
    shim("hand-over", installed=False)
    shim("no pin", locked=False, installed=False)
    found += mise_way(folder, target)
    return found


def mise_way(folder: Path, target: Path) -> list[Way]:
    """A mise shim that leads to the same target, where mise is on PATH: it stands for one of its core tools."""
    mise = shutil.which("mise")
    if mise is None:
        return []
    home = folder / "mise"
    for name in ("tool/bin", "shims"):
        (home / name).mkdir(parents=True)
    shutil.copy(target, home / "tool" / "bin" / "node")
    (home / "shims" / "node").symlink_to(mise)
    deep = home.joinpath("project", *"abcde"[:FOLDERS_UP])
    deep.mkdir(parents=True)
    (home / "project" / "mise.toml").write_text(f'[tools]\nnode = "path:{home}/tool"\n')
    own = {"MISE_DATA_DIR": str(home), "MISE_TRUSTED_CONFIG_PATHS": str(home), "MISE_OFFLINE": "1"}
    env = _environment(home / "shims") | own | {"HOME": str(home)}
    return [Way("mise shim", [str(home / "shims" / "node")], deep, env)]


def measure(variants: Sequence[Way], rounds: int) -> dict[str, list[float]]:
    """Seconds per round of each variant, interleaved, in random order within a round."""
    times: dict[str, list[float]] = {way.name: [] for way in variants}
    order = list(variants)
    shuffled = random.Random(0)
    for turn in range(rounds + 20):
        shuffled.shuffle(order)
        for way in order:
            os.chdir(way.cwd)
            start = time.perf_counter()
            process = os.posix_spawn(way.argv[0], way.argv, way.env)
            _, status = os.waitpid(process, 0)
            elapsed = time.perf_counter() - start
            if status:
                raise SystemExit(f"{way.name}: {' '.join(way.argv)} ended with {os.waitstatus_to_exitcode(status)}")
            if turn >= 20:  # the first ones warm up
                times[way.name].append(elapsed)
    os.chdir("/")
    return times


def report(shell: str, times: dict[str, list[float]]) -> list[str]:
    """Prints one table; returns a sentence for each budget that is exceeded."""
    over = []
    print(f"\n{shell:<31}{'median ms':>10}{'added us':>10}{'x bare':>8}{'budget':>8}")
    for name, seconds in times.items():
        pairs = list(zip(seconds, times["bare"], strict=True))
        added = statistics.median(one - bare for one, bare in pairs) * 1e6
        ratio = statistics.median(one / bare for one, bare in pairs)
        budget = BUDGETS.get((shell, name))
        limit = f"{budget:.2f}" if budget else ""
        print(f"{name:<31}{statistics.median(seconds) * 1000:>10.2f}{added:>10.0f}{ratio:>8.2f}{limit:>8}")
        if budget and ratio > budget:
            over.append(f"{shell}, {name}: {ratio:.2f} exceeds its budget of {budget:.2f}")
    if "mise shim" in times:
        print(f"of a mise shim's time: {against_mise(times)}")
    return over


def against_mise(times: dict[str, list[float]]) -> str:
    """The shim, and, for the floor that no script can be below, the bare one; whole, and over the target alone."""

    def share(name: str, less: str | None = None) -> float:
        base = times[less] if less else [0.0] * len(times[name])
        rows = zip(times[name], times["mise shim"], base, strict=True)
        return statistics.median((one - start) / (mise - start) for one, mise, start in rows)

    return (
        f"pinned {share(DEFAULT):.2f}, bare {share('bare'):.2f}; "
        f"of what it adds to the target: pinned {share(DEFAULT, 'target'):.2f}, bare {share('bare', 'target'):.2f}"
    )


def _environment(first_on_path: Path | None = None) -> dict[str, str]:
    return {"PATH": f"{first_on_path}:/usr/bin:/bin" if first_on_path else "/usr/bin:/bin", "HOME": "/"}


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
