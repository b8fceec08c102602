"""Which file is `claude` here, without starting it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccpin.errors import BadVersionVariable, BelowMinimum, NoLock, NotInstalled
from ccpin.launching.which import current_pin, which
from ccpin.paths import LOCK_NAME
from ccpin.pinning.lock import render
from tests.store.conftest import store  # noqa: F401  a fixture
from tests.store.installing import Store


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_the_pinned_one(store: Store, project: Path) -> None:  # noqa: F811
    lock = store.lock("2.1.330")
    (project / LOCK_NAME).write_text(render(lock))
    with pytest.raises(NotInstalled) as raised:
        which({}, store.home)
    assert raised.value.where == f"{project / LOCK_NAME}:6"
    done = store.install(lock)
    assert which({}, store.home) == done.executable


def test_none(store: Store, project: Path) -> None:  # noqa: F811
    with pytest.raises(NoLock):
        which({}, store.home)


def test_below_the_floor(store: Store, project: Path) -> None:  # noqa: F811
    lock = store.lock("2.0.14")
    store.install(lock)
    (project / LOCK_NAME).write_text(render(lock))
    Path(store.home.minimum_version).write_text("2.1.0\n")
    with pytest.raises(BelowMinimum):
        which({}, store.home)


def test_the_variable(store: Store, project: Path) -> None:  # noqa: F811
    done = store.install("2.0.14")
    assert which({"CCPIN_VERSION": "2.0.14"}, store.home) == done.executable
    assert current_pin({"CCPIN_VERSION": "2.0.14"}, store.home).why == "asked"
    for spec in ("2.0", "latest", ">=2"):
        with pytest.raises(BadVersionVariable, match="exact"):
            which({"CCPIN_VERSION": spec}, store.home)
