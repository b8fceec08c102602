"""What an install costs: `ccpin sync` of a native release, against curl, sha512sum and tar of the same tarball.

    python -m tests.bench install [--rounds N] [--version N.N.N] [--check]

Both get it from a server on this machine, in random order within a round, and write to the same file system. ccpin
starts Python, compares the tarball's sha512 and the executable's sha256, size and version, and flushes to the disk;
the others flush nothing. What a way writes shows whether it keeps a temporary tarball. The tarball is fetched once,
from the registry that npm's configuration names, into $XDG_CACHE_HOME/ccpin-tests/tarballs.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import multiprocessing
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from ccpin import platforms
from ccpin.paths import LOCK_NAME
from ccpin.pinning.lock import parse
from tests.bench._runs import Run, Way, environment, interleaved, median, ratio, table

RATIO = 0.55
PEAK = 100 * 10**6  # bytes
CCPIN, OTHERS = "ccpin sync", "curl, sha512sum, tar"

_INSIDE = """
import os, time
from ccpin.launching.sync import sync
from ccpin.paths import find_home
from ccpin.pinning.find import find_pin
from ccpin.releases.registry import Registry
from ccpin.store.progress import Progress
import ccpin.store.install
home = find_home(os.environ)
start = time.perf_counter()
sync(find_pin(home), home, dict(os.environ), progress=Progress)
print(time.perf_counter() - start)
"""


@dataclass(frozen=True)
class Upstream:
    """What is installed: the tarball, its sha512 as npm writes it, and the lock that names it."""

    version: str
    tarball: Path
    integrity: str
    lock: str


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench install")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--version", default="2.1.330")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    options = parser.parse_args(arguments)
    upstream = cached(options.version)
    with tempfile.TemporaryDirectory(prefix="ccpin-bench-") as folder, served(upstream) as address:
        bench = Bench(Path(folder), upstream, address)
        runs = interleaved([bench.ccpin(), bench.others()], options.rounds, warm_up=1)
        inside = statistics.median(bench.inside() for _ in range(options.rounds))
    met = report(upstream, runs, inside)
    return 1 if options.check and not met else 0


class Bench:
    """Where things are done: a project with the lock, a store, and a folder for tar."""

    def __init__(self, root: Path, upstream: Upstream, address: str) -> None:
        self.project, self.home, self.other = root / "project", root / "home", root / "other"
        self.address, self.upstream = address, upstream
        self.project.mkdir()
        (self.project / LOCK_NAME).write_text(upstream.lock)
        self.env = environment(HOME=str(root), CCPIN_HOME=str(self.home), CCPIN_NPM_REGISTRY=address)

    def ccpin(self) -> Way:
        return Way(CCPIN, [sys.executable, "-m", "ccpin", "sync"], self.project, self.env, self.clear)

    def others(self) -> Way:
        tarball = shlex.quote(f"{self.address}{self.upstream.tarball.name}")
        script = f"set -e; curl -sfo package.tgz {tarball}; sha512sum package.tgz; tar xzf package.tgz"
        return Way(OTHERS, ["/bin/sh", "-c", script], self.other, self.env, self.clear)

    def inside(self) -> float:
        """Seconds of the same within a Python that has imported everything."""
        self.clear()
        command = [sys.executable, "-c", _INSIDE]
        done = subprocess.run(command, cwd=self.project, env=self.env, check=True, stdout=subprocess.PIPE)
        return float(done.stdout)

    def clear(self) -> None:
        """No store, and nothing left for the disk to do."""
        for folder in (self.home, self.other):
            for parent, _, _ in os.walk(folder):
                os.chmod(parent, 0o700)
            shutil.rmtree(folder, ignore_errors=True)
        self.other.mkdir()
        os.sync()


def report(upstream: Upstream, runs: dict[str, list[Run]], inside: float) -> bool:
    """Prints the table; whether both targets are met."""
    rows = [["", "median s", "min", "max", "cpu s", f"x {OTHERS}", "peak MB", "written MB"]]
    for name, each in runs.items():
        seconds = [run.seconds for run in each]
        rows.append(
            [
                name,
                f"{median(each):.2f}",
                f"{min(seconds):.2f}",
                f"{max(seconds):.2f}",
                f"{statistics.median(run.processor for run in each):.2f}",
                f"{ratio(each, runs[OTHERS]):.2f}",
                f"{max(run.peak for run in each) / 1e6:.0f}",
                f"{max(run.written for run in each) / 1e6:.0f}",
            ]
        )
    found, peak = ratio(runs[CCPIN], runs[OTHERS]), max(run.peak for run in runs[CCPIN])
    packed = upstream.tarball.stat().st_size
    unpacked = parse(upstream.lock.encode(), "").artifacts[platforms.current()].size or 0
    print(f"{upstream.version}: {packed / 1e6:.1f} MB packed, {unpacked / 1e6:.1f} MB unpacked; ", end="")
    print(f"{len(runs[CCPIN])} rounds, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(table(rows))
    print(f"ccpin without the start of Python and its imports: {inside:.2f} s")
    print(f"ratio {found:.2f} (at most {RATIO}), peak {peak / 1e6:.0f} MB (less than {PEAK / 1e6:.0f})")
    return found <= RATIO and peak < PEAK


def cached(version: str) -> Upstream:
    """The tarball for this machine and the lock, fetched at most once."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(base, "ccpin-tests", "tarballs")
    folder.mkdir(parents=True, exist_ok=True)
    package = f"@anthropic-ai/claude-code-{platforms.current()}"
    name = f"{package.rpartition('/')[2]}-{version}"
    tarball, lock = folder / f"{name}.tgz", folder / f"claude-code-{version}.lock"
    if not tarball.exists() or not lock.exists():
        _fetch(version, package, tarball, lock)
    return Upstream(version, tarball, integrity_of(tarball), lock.read_text())


def _fetch(version: str, package: str, tarball: Path, lock: Path) -> None:
    from ccpin.pinning.lock import render
    from ccpin.pinning.request import parse_request
    from ccpin.releases.npm import Npm
    from ccpin.releases.registry import Registry

    registry = Registry.configured(os.environ)
    release = Npm(registry).resolve(version, platforms.current(), "native")
    source = registry.tarball(package, registry.version(package, version))
    draft = tarball.with_suffix(f".{os.getpid()}")
    with registry.http.stream(source.address) as body, draft.open("wb") as file:
        file.writelines(body.chunks)
    if integrity_of(draft) != source.integrity:
        raise SystemExit(f"{package} {version}: other bytes came than the registry promised")
    lock.write_text(render(release.to_lock(parse_request(version))))
    draft.replace(tarball)


def integrity_of(path: Path) -> str:
    digest = hashlib.sha512()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return "sha512-" + base64.b64encode(digest.digest()).decode()


@contextmanager
def served(upstream: Upstream) -> Iterator[str]:
    """A registry with this one package, in a process of its own; its address."""
    fresh = multiprocessing.get_context("spawn")
    here, there = fresh.Pipe()
    process = fresh.Process(target=_serve, args=(upstream, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(upstream: Upstream, out: Connection) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.endswith(".tgz"):
                with upstream.tarball.open("rb") as file:
                    self._start("application/octet-stream", upstream.tarball.stat().st_size)
                    self.connection.sendfile(file)
                return
            dist = {"tarball": f"{address}{upstream.tarball.name}", "integrity": upstream.integrity}
            document = json.dumps({"version": upstream.version, "dist": dist}).encode()
            self._start("application/json", len(document))
            self.wfile.write(document)

        def _start(self, kind: str, length: int) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}/"
    out.send(address)
    server.serve_forever()
