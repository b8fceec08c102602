"""A lock that was written through one source is installed from any other, byte for byte: real releases, all nine pairs.

npm's side is the real registry's documents and tarball, kept; the channel's side is the real manifests and the real
executable, under signatures of the tests; the bundle is what ccpin makes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccpin.pinning.lock import parse
from ccpin.releases.registry import Registry
from ccpin.store.entry import ready
from tests.fakes.files import Serving, served
from tests.live.machine import Environment, User
from tests.recorded import Recorded, recorded, trust

pytestmark = pytest.mark.live

SOURCES = {"npm": "from npm (", "native": "from the native channel (", "bundle": "from the bundle ("}
"""Each with what an install says of it."""


class Pairs:
    """One release at three sources that run."""

    def __init__(self, root: Path, env: Environment, release: Recorded, npm: Serving, channel: Serving) -> None:
        self.root, self.env, self.release, self.npm, self.channel = root, env, release, npm, channel
        self.bundle = root / "team.tar"
        self._users = 0

    def user(self) -> User:
        """Somebody with nothing in the store, and no other way to anything."""
        self._users += 1
        user = User(self.root / f"user {self._users}", self.env)
        trust(Path(user.layout.keys))
        user.env |= {"CCPIN_NPM_REGISTRY": self.npm.url, "CCPIN_CHANNEL": self.channel.url}
        return user

    def lock(self, source: str) -> str:
        """What `ccpin use` writes with this source alone."""
        user = self.user()
        project = user.project()
        user.ccpin("use", self.release.version, *self.options(source), cwd=project).ok()
        text = (project / ".ccpin.lock").read_text()
        _clear(user)
        return text

    def install(self, lock: str, source: str) -> Path:
        """The executable that `ccpin sync` puts into an empty store."""
        user = self.user()
        project = user.project()
        (project / ".ccpin.lock").write_text(lock)
        done = user.ccpin("sync", *self.options(source), cwd=project).ok()
        assert (
            f"from {'the ' if source != 'npm' else ''}{'native channel' if source == 'native' else source}" in done.err
        )
        user.ccpin("check", "--deep", "--lock-only", cwd=project).ok()
        path = ready(user.layout, parse(lock.encode(), "lock"))
        assert path
        return Path(path)

    def options(self, source: str) -> tuple[str, ...]:
        return ("--from", str(self.bundle)) if source == "bundle" else ("--source", source)


@pytest.fixture(params=["2.1.330", "2.1.200"])
def pairs(request: pytest.FixtureRequest, tmp_path: Path, env: Environment, registry: Registry) -> Iterator[Pairs]:
    release = recorded(request.param, registry)
    with served(release.npm()) as npm, served(release.channel()) as channel:
        yield Pairs(tmp_path, env, release, npm, channel)


def test_nine_pairs(pairs: Pairs, note: Callable[[str], None]) -> None:
    locks = {"npm": pairs.lock("npm")}
    _bundle(pairs, locks["npm"])
    pairs.npm.sent(), pairs.channel.sent()
    locks |= {source: pairs.lock(source) for source in ("native", "bundle")}
    assert len(set(locks.values())) == 1
    lines = parse(locks["npm"].encode(), "lock").artifacts
    wanted = hashlib.sha256(pairs.release.executable.read_bytes()).hexdigest()
    came = dict.fromkeys(SOURCES, 0)
    for source in SOURCES:
        for lock in locks.values():
            pairs.npm.sent(), pairs.channel.sent()
            path = pairs.install(lock, source)
            npm, channel = pairs.npm.sent(), pairs.channel.sent()
            assert (npm > 0, channel > 0) == (source == "npm", source == "native")
            assert hashlib.sha256(path.read_bytes()).hexdigest() == wanted
            came[source] = npm + channel
            _remove(path)
    assert wanted in {artifact.sha256 for artifact in lines.values()}
    note(
        f"{pairs.release.version}: nine pairs of sources, one lock and one executable; over the wire "
        + ", ".join(f"{source} {size / 1e6:.1f} MB" for source, size in came.items())
    )


def _bundle(pairs: Pairs, lock: str) -> None:
    user = pairs.user()
    project = user.project()
    (project / ".ccpin.lock").write_text(lock)
    user.ccpin("bundle", "-o", str(pairs.bundle), "--source", "npm", cwd=project).ok()
    _clear(user)


def _clear(user: User) -> None:
    """380 MB each: not nine of them."""
    for path in Path(user.layout.releases).glob("*/*/claude*"):
        _remove(path)


def _remove(path: Path) -> None:
    path.parent.chmod(0o755)
    path.unlink()
