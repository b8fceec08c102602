"""`python -m tests.fuzz.job`: one job in a process of its own, which can be ended, and whose memory is bounded."""

from __future__ import annotations

import base64
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.running import Now, run
from tests.fuzz.targets import TARGETS

_MEMORY = 3 << 29  # bytes of addresses; the threads' stacks and the libraries have a part of it


def main(name: str, seed: str, seconds: str, now: str) -> int:
    """Prints what was found as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    shared, end = Now(Path(now)), time.monotonic() + float(seconds)
    with tempfile.TemporaryDirectory(prefix="ccpin-fuzz-") as folder:
        result = run(TARGETS[name], seed, Path(folder), lambda done: time.monotonic() < end, shared.put)
    findings = {sentence: base64.b64encode(data).decode() for sentence, data in result.findings.items()}
    told = {
        "iterations": result.iterations,
        "seconds": result.seconds,
        "kinds": len(result.kinds),
        "findings": findings,
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
