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
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ccpin import httpsession, net
from ccpin.releases import again
from tests.fakes import upstream as fake_upstream
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

_REAL = dict(os.environ)
_PROCESSES = psutil.process_iter
_FOREIGN = ("CCPIN_", "CLAUDE", "ANTHROPIC_", "NPM_CONFIG_", "XDG_", "DISABLE_", "NODE_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def _patient(settrace: Callable[[Any], None]) -> Callable[[Any], None]:
    """A thread that is started while another one gets its trace function cannot have one, and dies (CPython 3.11):
    under coverage that happens once in a hundred thousand times."""

    def set_it(function: Any) -> None:
        while True:
            try:
                return settrace(function)
            except RuntimeError:
                time.sleep(0.001)

    return set_it


sys.settrace = _patient(sys.settrace)


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
    monkeypatch.setattr(httpsession, "BACKOFF", httpsession.BACKOFF / 20)  # a second for every server that stumbles
    monkeypatch.setattr(os, "fsync", os.fstat)  # no machine loses its power here; it wants an open file no less


@pytest.fixture(autouse=True)
def hurry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken downloads are tried again at once; in processes of their own they wait as for everybody."""
    if not request.node.get_closest_marker("live"):
        monkeypatch.setattr(net, "PATIENCE", net.PATIENCE._replace(waits=(0.01,) * len(net.PATIENCE.waits)))
        monkeypatch.setattr(again, "WAITS", (0.01,) * len(again.WAITS))


@pytest.fixture(autouse=True)
def nobody_elses_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process only what a test has started counts as running. Whoever runs the tests may run Claude Code, too,
    and of a session on Node.js nobody can tell which release it is."""
    if not request.node.get_closest_marker("live"):
        monkeypatch.setattr(psutil, "process_iter", lambda: psutil.Process().children(recursive=True))


@pytest.fixture
def alone() -> None:
    """For tests that look at processes from a process of its own: skipped where one of somebody else's may be any
    release."""
    for process in _PROCESSES(["name", "cmdline"]):
        if [word for word in process.info["cmdline"] or [] if word] == ["claude"]:
            pytest.skip(f"process {process.pid} is a session, and may be of any release")


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
