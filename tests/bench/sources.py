"""What an install costs from each source: seconds, bytes over the wire, peak memory; in one run.

    python -m tests.bench sources [--rounds N] [--version N.N.N]

Each is `ccpin sync` of one lock into an empty store, from servers on this machine (`tests.recorded`: npm's documents
and tarball, the native channel's executable, plain and packed; the packed copy is made here, about a tenth larger than
upstream's own), from a bundle, from Claude Code's own folder of versions, and out of another entry of the store. On a
real line the bytes decide; here nothing but the work does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning.lock import parse, render
from ccpin.pinning.request import parse_request
from ccpin.platforms import current
from ccpin.releases.manifest import parse_manifest
from ccpin.releases.registry import Registry
from ccpin.releases.release import Release
from tests.bench._runs import Run, Way, environment, interleaved, median, table
from tests.fakes.files import Serving, served
from tests.recorded import Recorded, recorded, trust

_DEAD = "http://127.0.0.1:1/"


@dataclass(frozen=True)
class Servers:
    npm: Serving
    plain: Serving
    packed: Serving

    def sent(self) -> int:
        return sum(server.sent() for server in (self.npm, self.plain, self.packed))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench sources")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--version", default="2.1.330")
    options = parser.parse_args(arguments)
    release = recorded(options.version, Registry.configured(os.environ))
    with tempfile.TemporaryDirectory(prefix="ccpin-bench-") as folder, _servers(release) as servers:
        bench = Bench(Path(folder), release, servers)
        wire = {way.name: bench.over_the_wire(way) for way in bench.ways()}
        runs = interleaved(bench.ways(), options.rounds, warm_up=1)
        report(release, runs, wire)
        bench.clear()
    return 0


class Bench:
    """A project with the lock, a store that is empty before each run, and the places where the bytes may lie."""

    def __init__(self, root: Path, release: Recorded, servers: Servers) -> None:
        self.root, self.release, self.servers = root, release, servers
        self.project, self.store, self.bundle = root / "project", root / "store", root / "team.tar"
        self.user = root / "a user of Claude Code's own installer"
        self.project.mkdir()
        (self.project / LOCK_NAME).write_text(_lock(release))
        versions = self.user / ".local/share/claude/versions"
        versions.mkdir(parents=True)
        (versions / release.version).symlink_to(release.executable)
        self.clear()
        argv = [sys.executable, "-m", "ccpin", "bundle", "-o", str(self.bundle), "--source", "npm"]
        subprocess.run(argv, cwd=self.project, env=self.env(), check=True, capture_output=True)

    def ways(self) -> list[Way]:
        plain, packed = self.servers.plain.url, self.servers.packed.url
        return [
            self._way("npm, the tarball", "--source", "npm"),
            self._way("native channel, packed", "--source", "native", CCPIN_CHANNEL=packed),
            self._way("native channel, plain", "--source", "native", CCPIN_CHANNEL=plain),
            self._way("a bundle", "--from", str(self.bundle)),
            self._way("Claude Code's own copy", HOME=str(self.user)),
            self._way("another entry of the store", before=self.beside),
        ]

    def over_the_wire(self, way: Way) -> int:
        """Bytes that the servers send for one run."""
        way.before()
        self.servers.sent()
        subprocess.run(way.argv, cwd=way.cwd, env=way.env, check=True, capture_output=True)
        return self.servers.sent()

    def env(self, **more: str) -> dict[str, str]:
        names = {"CCPIN_HOME": str(self.store), "CCPIN_NPM_REGISTRY": self.servers.npm.url, "CCPIN_CHANNEL": _DEAD}
        return environment(**{"HOME": str(self.root), **names, **more})

    def beside(self) -> None:
        """The same release under a lock that names this platform alone."""
        self.clear()
        lock = parse((self.project / LOCK_NAME).read_bytes(), "")
        fewer = replace(lock, artifacts={current(): lock.artifacts[current()]})
        other = self.root / "other"
        other.mkdir(exist_ok=True)
        (other / LOCK_NAME).write_text(render(fewer))
        env = self.env(HOME=str(self.user))
        subprocess.run([sys.executable, "-m", "ccpin", "sync"], cwd=other, env=env, check=True, capture_output=True)
        os.sync()

    def clear(self) -> None:
        """No store but the channel's keys, and nothing left for the disk to do."""
        for parent, _, _ in os.walk(self.store):
            os.chmod(parent, 0o700)
        shutil.rmtree(self.store, ignore_errors=True)
        trust(Path(Home(str(self.store)).keys))
        os.sync()

    def _way(self, name: str, *options: str, before: Callable[[], None] | None = None, **env: str) -> Way:
        argv = [sys.executable, "-m", "ccpin", "sync", *options]
        return Way(name, argv, self.project, self.env(**env), before or self.clear)


def report(release: Recorded, runs: dict[str, list[Run]], wire: dict[str, int]) -> None:
    rows = [["", "median s", "min", "max", "cpu s", "wire MB", "peak MB"]]
    for name, each in runs.items():
        seconds = [run.seconds for run in each]
        rows.append(
            [
                name,
                f"{median(each):.2f}",
                f"{min(seconds):.2f}",
                f"{max(seconds):.2f}",
                f"{statistics.median(run.processor for run in each):.2f}",
                f"{wire[name] / 1e6:.1f}",
                f"{max(run.peak for run in each) / 1e6:.0f}",
            ]
        )
    size = release.executable.stat().st_size / 1e6
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    print(f"{release.version}, an executable of {size:.1f} MB; {len(next(iter(runs.values())))} rounds, {load}")
    print(table(rows))


def _lock(release: Recorded) -> str:
    artifacts = parse_manifest(release.manifest, release.version).artifacts
    return render(Release(release.version, "native", artifacts).to_lock(parse_request(release.version)))


@contextmanager
def _servers(release: Recorded) -> Iterator[Servers]:
    with (
        served(release.npm()) as npm,
        served(release.channel(packed=False)) as plain,
        served(release.channel()) as packed,
    ):
        yield Servers(npm, plain, packed)
