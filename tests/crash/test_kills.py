"""kill -9 at every named point: then the same command succeeds, and nothing is lost or left.

Each point is killed at four times at least, in different scenes and at different passes; the summary counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from ccpin import checkpoints
from tests.crash.machines import Machine, Scene
from tests.crash.scenes import SCENES, publish
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.upstream import Upstream

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="signals and scripts are POSIX's"),
]

_OFTEN = ("file: drafted", "file: flushed", "file: replaced", "install: written", "install: unpacked")
_RARE = ("install: node taken", "install: node drafted", "lock: previous kept")
_NOT_REPEATED = {"uninstall": None, "rollback": ("sync",)}
"""Scenes whose command says, when it is repeated after it was done, that there is nothing to do any more; and what is
run next then."""


def plan(machine: Machine, scene: Scene, number: int) -> list[tuple[str, int]]:
    """Point and pass, for each kill of a scene; scenes differ in the pass that they choose first."""
    kills = []
    for name, passes in machine.passes.items():
        wanted = max(scene.least, min(2, passes) if name in _OFTEN else 2 if name in _RARE else 1)
        chosen = [1 + (passes - 1) * step // 4 for step in (4, 0, 2, 3, 1)]
        chosen = chosen[number % 5 :] + chosen[: number % 5]
        kills += [(name, chosen[kill % 5]) for kill in range(wanted)]
    return kills


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_killed_at_every_point(
    box: Box,
    channel: Channel,
    upstream: Upstream,
    scene: Scene,
    record_property: Callable[[str, object], None],
) -> None:
    publish(upstream, channel)
    box.env["CCPIN_CHANNEL"] = channel.url
    kills: list[str] = []
    bad: list[tuple[str, str]] = []
    try:
        with Machine(box, scene) as machine:
            assert machine.faults() == []
            assert set(machine.passes) <= set(checkpoints.NAMES)
            for name, number in plan(machine, scene, SCENES.index(scene)):
                machine.reset()
                found = outcome(machine, name, number, alone=not kills)
                kills.append(name)
                bad += [(name, f"#{number}: {fault}") for fault in found]
    finally:
        record_property("kills", kills)
        record_property("bad", [name for name, _ in bad])
    assert bad == []


def outcome(machine: Machine, name: str, number: int, *, alone: bool) -> list[str]:
    """What is wrong after a kill and after the next run."""
    killed = machine.run_alone(name, number) if alone else machine.run(name, number)
    if killed.code != -9:
        return [f"it was not killed: {killed}"]
    faults = machine.faults()
    again = machine.run()
    if again.code != 0 and (following := _NOT_REPEATED.get(machine.scene.name)):
        again = machine.run_other(following)
    differences = [path for path in machine.differences() if not _is_repeated(machine, path)]
    if again.code != 0 and (differences or machine.scene.name not in _NOT_REPEATED):
        return [*faults, f"the next run failed: {again}"]
    return faults + machine.faults() + differences + [f"left: {path}" for path in machine.leftovers()]


def _is_repeated(machine: Machine, difference: str) -> bool:
    """Whether it is the lock, or a record of what it said, after a rollback: going back twice is not going back
    once."""
    parts = ("/previous/", "/projects/", "project/.ccpin.lock: ")
    return machine.scene.name == "rollback" and any(part in difference for part in parts)


def test_another_lock_is_a_difference(box: Box, channel: Channel, upstream: Upstream) -> None:
    publish(upstream, channel)
    box.env["CCPIN_CHANNEL"] = channel.url
    with Machine(box, next(scene for scene in SCENES if scene.name.startswith("use: native"))) as machine:
        machine.run().ok()
        assert machine.differences() == []
        assert machine.lock_before is not None
        box.lock.write_bytes(machine.lock_before)
        assert [path.partition(": ")[0] for path in machine.differences()] == ["project/.ccpin.lock"]
