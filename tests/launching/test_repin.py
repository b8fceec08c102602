"""Writing a lock while somebody prunes: until it is written, nothing needs what it is going to name."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ccpin.launching.repin import Standing, write
from ccpin.paths import LOCK_NAME
from ccpin.pinning.lock import parse
from ccpin.store.entry import ready
from ccpin.store.live import Live
from ccpin.store.prune import carry_out, plan
from tests.store.conftest import store  # noqa: F401  a fixture
from tests.store.installing import Store, posix

pytestmark = posix


@pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
def test_what_was_pruned_before_the_lock_named_it(store: Store, tmp_path: Path, version: str) -> None:  # noqa: F811
    lock = store.lock(version)
    store.install(lock)
    found = plan(store.home, Live(), now=time.time(), keep=0)
    assert [one.stored.install.receipt.version for one in found.frees] == [version]
    carry_out(store.home, found, lambda home: Live())

    path = tmp_path / LOCK_NAME
    write(store.home, Standing(str(path), None, None, None, frozenset()), lock, lambda: store.install(lock))
    assert ready(store.home, lock)
    assert parse(path.read_bytes(), str(path)) == lock
    assert store.downloads() == 2


def test_what_is_there_is_not_asked_for(store: Store, tmp_path: Path) -> None:  # noqa: F811
    lock = store.lock("2.1.330")
    store.install(lock)

    def again() -> object:
        raise AssertionError

    write(store.home, Standing(str(tmp_path / LOCK_NAME), None, None, None, frozenset()), lock, again)


def test_a_lock_that_was_written_in_the_midst_of_pruning(store: Store, tmp_path: Path) -> None:  # noqa: F811
    """The install is moved aside already; the lock is seen, and the install put back."""
    lock = store.lock("2.1.330")
    store.install(lock)
    waited = []

    def again(home: object) -> Live:
        standing = Standing(str(tmp_path / LOCK_NAME), None, None, None, frozenset())
        write(store.home, standing, lock, lambda: waited.append(ready(store.home, lock)))
        return Live()

    done = carry_out(store.home, plan(store.home, Live(), now=time.time(), keep=0), again)
    assert waited == [None]  # whoever wrote it would install it now, and wait for the prune
    assert done.plan.frees == ()
    assert ready(store.home, lock)
