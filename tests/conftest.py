"""What every test gets: an environment that is nobody's, and, for the asking, an upstream, a registry, a machine.

upstream   what is published (tests.fakes.upstream.usual), to change at will
registry   a server on 127.0.0.1 that serves it (tests.fakes.registry)
box        a home, a store, a project and a PATH, with the registry configured (tests.fakes.box)
real_env   the environment that the tests were started with, for `live` ones
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccpin import session
from tests.fakes import upstream as fake_upstream
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

_REAL = dict(os.environ)
_FOREIGN = ("CCPIN_", "CLAUDE", "ANTHROPIC_", "NPM_CONFIG_", "XDG_", "DISABLE_", "NODE_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def pytest_collection_finish() -> None:
    """All that was collected stays to the end: looking through it for garbage would be a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nobodys_environment(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Code in this process sees a home that does not exist, and no variable that steers npm, Claude or ccpin."""
    if request.node.get_closest_marker("live"):
        return
    home = str(tmp_path_factory.getbasetemp() / "no-home")
    for name in list(os.environ):
        if name.upper().startswith(_FOREIGN) or name.upper() in _PROXIES:
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, home)
    monkeypatch.setenv("CCPIN_HOME", os.path.join(home, "ccpin"))
    monkeypatch.setattr(session, "BACKOFF", session.BACKOFF / 20)  # a second for every server that stumbles
    monkeypatch.setattr(os, "fsync", os.fstat)  # no machine loses its power here; it wants an open file no less


@pytest.fixture
def real_env() -> dict[str, str]:
    return dict(_REAL)


@pytest.fixture
def upstream() -> Upstream:
    return fake_upstream.usual()


@pytest.fixture
def registry(upstream: Upstream) -> Iterator[Registry]:
    with Registry(upstream) as running:
        yield running


@pytest.fixture
def box(registry: Registry) -> Iterator[Box]:
    # Not below tmp_path: pytest closes that folder to other users, and `box.unprivileged` is one.
    root = Path(tempfile.mkdtemp(prefix="ccpin-test-"))
    root.chmod(0o755)
    yield Box(root, registry.url)
    for folder, _, _ in os.walk(root):  # tests of permissions leave some that their owner may not change
        os.chmod(folder, 0o700)
    shutil.rmtree(root)
