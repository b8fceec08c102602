"""What the Python side of a launch costs, against a Python that does nothing.

    python -m tests.bench python [--rounds N] [--check]

`ccpin exec` as the shim hands over to it, and `ccpin which`, five folders below a full lock, everything installed.
`exec, strict` is a launch from a clean slate by a user with state of earlier sessions: it always goes through Python.
The installed executable is a copy of `true`. Both sides use the same interpreter, with `-I`, and find .pyc files.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ccpin import platforms
from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning.lock import Artifact, Lock, render
from ccpin.pinning.profile import with_profile
from ccpin.store.entry import RECEIPT, SETTINGS_MARK, install_folder
from ccpin.store.fetch import LONG_AGO_NS
from ccpin.store.receipt import Kept, Receipt, sha256_of
from tests.bench._runs import Run, Way, environment, interleaved, median, ratio, table

BASE = "python -c pass"
TARGET = 2.5
TARGETS = {"ccpin exec": TARGET, "ccpin which": TARGET, "exec, strict": TARGET}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench python")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ccpin-bench-") as folder:
        machine = Machine(Path(folder))
        deep, strict = (project.joinpath(*"abcde") for project in (machine.project, machine.strict))
        deep.mkdir(parents=True)
        strict.mkdir(parents=True)
        python = [sys.executable, "-I"]
        home = str(machine.home.root)
        commands = {
            BASE: [*python, "-c", "pass"],
            "ccpin exec": [*python, "-m", "ccpin", "exec", "--home", home, "--", "x"],
            "ccpin which": [*python, "-m", "ccpin", "which"],
            "true": [str(machine.executable), "x"],
        }
        ways = [Way(name, argv, deep, machine.env) for name, argv in commands.items()]
        ways.append(Way("exec, strict", commands["ccpin exec"], strict, machine.env))
        runs = interleaved(ways, options.rounds, warm_up=5)
    met = report(runs, BASE, TARGETS)
    return 1 if options.check and not met else 0


class Machine:
    """A store with one release in it, whose executable is a copy of `true`, and two projects that pin it."""

    version = "2.1.330"

    def __init__(self, root: Path) -> None:
        self.home, self.project, self.strict = Home(str(root / "home")), root / "project", root / "strict"
        true = Path(shutil.which("true") or "/bin/true")
        artifact = Artifact(sha256_of(str(true)), true.stat().st_size)
        lock = Lock(self.version, self.version, "native", dict.fromkeys(platforms.ALL, artifact))
        for project, profile in ((self.project, "none"), (self.strict, "strict")):
            project.mkdir()
            (project / LOCK_NAME).write_text(render(with_profile(lock, profile)))
        folder = Path(install_folder(self.home, lock))
        folder.mkdir(parents=True)
        self.executable = folder / "claude"
        shutil.copy(true, self.executable)
        os.utime(self.executable, ns=(LONG_AGO_NS, LONG_AGO_NS))
        kept = Kept(artifact.size or 0, str(artifact.sha256), LONG_AGO_NS)
        platform = platforms.current()
        files = {"claude": kept}
        receipt = Receipt(lock.version, "native", platform, lock.digest, artifact, "", "claude", files, {}, True)
        (folder / SETTINGS_MARK).touch()
        (folder / RECEIPT).write_text(receipt.to_json())
        (root / ".claude.json").write_text(json.dumps({"history": ["x" * 100] * 10_000}))  # a megabyte
        self.env = environment(CCPIN_HOME=self.home.root, HOME=str(root))


def report(runs: dict[str, list[Run]], base: str, targets: dict[str, float]) -> bool:
    """Prints the table; whether every target is met."""
    rows = [["", "median ms", f"x {base}", "target"]]
    ratios = {name: ratio(each, runs[base]) for name, each in runs.items()}
    for name, each in runs.items():
        target = f"{targets[name]}" if name in targets else ""
        rows.append([name, f"{median(each) * 1000:.1f}", f"{ratios[name]:.2f}", target])
    print(f"{sys.implementation.name} {sys.version.split()[0]}, {len(runs[base])} rounds")
    print(table(rows))
    return all(ratios[name] <= target for name, target in targets.items())
