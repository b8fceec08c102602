"""`python -m tests.fuzz [TARGET …] [--minutes N] [--jobs N] [--seed N] [--keep FOLDER]`: readers of what others wrote.

All targets have the same time. What is found is written down, input and place, and ends the command with 1.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.fuzz.running import SECONDS, Now, keep
from tests.fuzz.targets import TARGETS

_SPAN = 60.0  # seconds of one job at most: then a new one, with another seed


def main(arguments: Sequence[str]) -> int:
    asked = _parsed(arguments)
    names = asked.targets or list(TARGETS)
    whole = asked.minutes * 60 * asked.jobs / len(names)  # seconds for each target
    rounds = max(1, round(whole / _SPAN))
    plan = [(name, f"{asked.seed}.{number}", whole / rounds) for number in range(rounds) for name in names]
    began = time.monotonic()
    totals = {name: [0, 0.0, 0, 0] for name in names}  # iterations, seconds, kinds, findings
    with tempfile.TemporaryDirectory(prefix="ccpin-fuzz-") as folder, ThreadPoolExecutor(asked.jobs) as pool:
        places = [Path(folder, f"{number}.now") for number in range(len(plan))]
        for (name, seed, _), told in zip(plan, pool.map(_job, plan, places), strict=True):
            total = totals[name]
            total[0] += told["iterations"]
            total[1] += told["seconds"]
            total[2] = max(total[2], told["kinds"])
            total[3] += len(told["findings"])
            for sentence, data in told["findings"].items():
                path = keep(Path(asked.keep), name, f"seed {seed}: {sentence}", base64.b64decode(data))
                print(f"FOUND {name}: {path}\n  {sentence}", flush=True)
    _report(totals, asked.seed, time.monotonic() - began)
    return 1 if any(total[3] for total in totals.values()) else 0


def _job(job: tuple[str, str, float], place: Path) -> dict[str, Any]:
    """What a process of its own tells; where it does not come back, what it was at is the finding."""
    name, seed, seconds = job
    now, argv = Now(place), [sys.executable, "-m", "tests.fuzz.job", name, seed, str(seconds), str(place)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        last, since, reason = -1, time.monotonic(), ""
        while True:
            try:
                out, err = process.communicate(timeout=2)
                break
            except subprocess.TimeoutExpired:
                number, _ = now.get()
                if number != last:
                    last, since = number, time.monotonic()
                elif time.monotonic() - since > 4 * SECONDS:
                    process.kill()
                    out, err = process.communicate()
                    reason = "nothing could interrupt it"
                    break
    place.unlink()
    if process.returncode == 0:
        told: dict[str, Any] = json.loads(out)
        return told
    number, data = now.get()
    sentence = f"{reason or f'the process ended with {process.returncode}'}\n{err[-2000:]}"
    return {"iterations": number, "seconds": 0.0, "kinds": 0, "findings": {sentence: base64.b64encode(data).decode()}}


def _report(totals: dict[str, list[int | float]], seed: int, seconds: float) -> None:
    print(f"{'target':16} {'iterations':>12} {'a second':>10} {'outcomes':>9} {'findings':>9}")
    for name, (iterations, spent, kinds, findings) in totals.items():
        print(f"{name:16} {iterations:12,} {iterations / max(spent, 0.01):10,.0f} {kinds:9} {findings:9}")
    count, found = (sum(int(total[at]) for total in totals.values()) for at in (0, 3))
    spent = sum(total[1] for total in totals.values())
    print(
        f"{count:,} iterations in {spent / 60:.1f} minutes of one core ({seconds / 60:.1f} by the clock), seed {seed}: "
        f"{found} finding{'' if found == 1 else 's'}"
    )


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz ccpin's readers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=1, help="by the clock, for all of it (default 1)")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (default 2)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="the same seed, the same inputs")
    parser.add_argument(
        "--keep", default="fuzz-findings", help="the folder for what is found (default ./fuzz-findings)"
    )
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.targets if name not in TARGETS]:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
