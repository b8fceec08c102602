"""The real registry, as npm is configured where the tests run, and a cache of what was downloaded from it.

`live` tests cannot be skipped in CI: what is missing there fails them.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.errors import CcpinError
from ccpin.paths import Home
from ccpin.releases.registry import CLAUDE, Registry
from ccpin.store.install import uninstall
from ccpin.store.receipt import installs
from tests.live.machine import ERAS, JAVASCRIPT, Environment, User, isolation, missing

_NOTE = "live"


@pytest.fixture
def env(real_env: dict[str, str]) -> Environment:
    """The environment that the tests were started with."""
    return Environment(real_env)


@pytest.fixture
def registry(env: Environment) -> Registry:
    if said := _unreachable():
        missing(f"the registry does not answer ({said})", env)
    return Registry.configured(env)


@pytest.fixture
def cache(env: Environment, registry: Registry) -> Path:
    """A ccpin home with nothing but releases, shared by tests and kept between runs; never the user's own."""
    base = env.get("XDG_CACHE_HOME") or os.path.join(env["HOME"], ".cache")
    folder = Path(base, "ccpin-tests")
    _prune(folder)
    return folder


@pytest.fixture
def user(tmp_path: Path, env: Environment, cache: Path) -> User:
    """A user whose releases come out of the cache, set up."""
    return User(tmp_path / "user", env, cache).set_up()


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says something that the report ends with."""
    return lambda text: record_property(_NOTE, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    notes = [text for report in reports for name, text in report.user_properties if name == _NOTE]
    if not notes:
        return
    terminalreporter.section("live")
    command = " ".join(isolation())
    terminalreporter.line(
        f"Claude Code ran in a network namespace with loopback only (`{command}`)"
        if command
        else "Claude Code ran with the network of this machine: `unshare -n` does not work here"
    )
    for text in notes:
        terminalreporter.line(text)


@functools.cache
def _unreachable() -> str:
    """What went wrong when the registry was asked, once for all tests."""
    try:
        Registry.configured(Environment(os.environ)).version(CLAUDE, JAVASCRIPT)
    except CcpinError as error:
        return error.code
    return ""


@functools.cache
def _prune(folder: Path) -> None:
    home = Home(str(folder))
    for name in (home.releases, home.locks):
        os.makedirs(name, exist_ok=True)
    for install in installs(home):
        if install.receipt.version not in ERAS:
            with contextlib.suppress(CcpinError, FileNotFoundError):  # another worker was first
                uninstall(home, install.folder)
