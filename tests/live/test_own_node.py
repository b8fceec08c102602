"""A JavaScript release on a machine without Node.js: the lock has one of its own, the same for everybody."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.pinning.artifacts import NODE_KEYS
from ccpin.pinning.head import version_key
from ccpin.platforms import current
from ccpin.releases.node import CARRIERS
from ccpin.releases.registry import Registry
from tests.live.machine import JAVASCRIPT, User, answer
from tests.live.releases import executable, lock_of

pytestmark = pytest.mark.live


@pytest.fixture
def bare(user: User, registry: Registry) -> User:
    """The same user, and neither Node.js nor npm anywhere: what npm would have said of the registry is handed over."""
    (user.tools / "node").unlink()
    user.env |= {**user.bare, "CCPIN_NPM_REGISTRY": registry.address}
    return user


def test_a_machine_without_node(bare: User, note: Callable[[str], None]) -> None:
    project = bare.project()
    bare.ccpin("use", JAVASCRIPT, cwd=project).ok()
    lock = lock_of(project)
    assert lock.runtime == "node"
    assert lock.node is not None
    assert version_key(lock.node)[0] == 22
    assert NODE_KEYS + current() in lock.artifacts
    assert bare.claude("--version", cwd=project).ok().out == answer(JAVASCRIPT)
    folder = Path(os.path.realpath(executable(bare, lock)))
    own = next(parent / "node" for parent in folder.parents if (parent / "node").exists())
    assert str(own).startswith(os.path.realpath(bare.layout.releases))
    held = ", ".join(sorted(key.removeprefix(NODE_KEYS) for key in lock.artifacts if key != "any"))
    note(f"{JAVASCRIPT} without Node.js on PATH ran on Node.js {lock.node} of the lock's own (locked for {held})")
    assert set(held.split(", ")) <= set(CARRIERS)


def test_the_lock_is_the_same_with_node_on_path(user: User) -> None:
    """Two colleagues, one with a Node.js and one without: who asks for one gets the same."""
    project = user.project()
    user.ccpin("use", JAVASCRIPT, "--node", "22", cwd=project).ok()
    with_node = (project / ".ccpin.lock").read_text()
    (user.tools / "node").unlink()
    assert user.claude("--version", cwd=project).ok().out == answer(JAVASCRIPT)
    user.ccpin("use", JAVASCRIPT, cwd=project).ok()
    assert (project / ".ccpin.lock").read_text() == with_node
