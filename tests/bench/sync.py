"""What `ccpin sync` costs where everything is there, against importing typer and tomlkit.

    python -m tests.bench sync [--rounds N] [--check]

The registry's address leads nowhere: whoever asked it would fail. The installed executable is a copy of `true`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench._runs import Way, interleaved
from tests.bench.python import Machine, report

BASE = "python -c 'import typer, tomlkit'"
TARGETS = {"ccpin sync": 1.3, "ccpin sync --locked": 1.3}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench sync")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ccpin-bench-") as folder:
        machine = Machine(Path(folder))
        python = [sys.executable, "-I"]
        commands = {
            BASE: [*python, "-c", "import typer, tomlkit"],
            "ccpin sync": [*python, "-m", "ccpin", "sync"],
            "ccpin sync --locked": [*python, "-m", "ccpin", "sync", "--locked"],
            "python -c pass": [*python, "-c", "pass"],
        }
        env = {**machine.env, "CCPIN_NPM_REGISTRY": "http://127.0.0.1:9/"}
        ways = [Way(name, argv, machine.project, env) for name, argv in commands.items()]
        runs = interleaved(ways, options.rounds, warm_up=3)
    met = report(runs, BASE, TARGETS)
    return 1 if options.check and not met else 0
