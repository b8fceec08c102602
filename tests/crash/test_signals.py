"""Ctrl-C and SIGTERM at each kind of step: one sentence, 130 or 143, nothing left, and the same command succeeds."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.cli.arrange import pin
from tests.crash.machines import Machine
from tests.crash.scenes import NATIVE, SCENES, publish
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="signals and scripts are POSIX's"),
]

STEPS = {
    "use: native from npm, after JavaScript": (
        "install: locked",
        "install: entry made",
        "install: staged",
        "install: written",
        "install: compared",
        "install: receipt written",
        "install: published",
        "lock: rendered",
        "file: drafted",
        "file: flushed",
    ),
    "use: a Node.js of the lock's own": ("install: unpacked", "install: node taken"),
    "sync: anew, JavaScript": ("install: old one moved",),
    "sync: JavaScript": ("install: node drafted",),
    "sync: a packed copy from the channel": ("install: written",),
    "setup": ("setup: file written", "setup: recorded"),
    "prune": ("prune: noted", "prune: locked", "prune: moved aside", "prune: looked again"),
    "bundle: a folder over another": ("bundle: staged", "bundle: fetched", "bundle: finished", "bundle: old one moved"),
}
"""Scene -> points of it."""
ENDINGS = {"SIGINT": (130, "ccpin: interrupted\n"), "SIGTERM": (143, "ccpin: terminated\n")}


@pytest.mark.parametrize("name", STEPS)
def test_at_each_kind_of_step(box: Box, channel: Channel, upstream: Upstream, name: str) -> None:
    publish(upstream, channel)
    box.env["CCPIN_CHANNEL"] = channel.url
    bad: list[str] = []
    with Machine(box, next(scene for scene in SCENES if scene.name == name)) as machine:
        ends = [(point, act) for point in STEPS[name] for act in ENDINGS if machine.passes.get(point)]
        assert len(ends) == 2 * len(STEPS[name])
        for point, act in ends:
            machine.reset()
            bad += [f"{point}, {act}: {fault}" for fault in outcome(machine, point, act)]
    assert bad == []


def outcome(machine: Machine, point: str, act: str) -> list[str]:
    code, sentence = ENDINGS[act]
    done = machine.run(point, 1, act)
    faults = machine.faults() + [f"left: {path}" for path in machine.leftovers() if path not in machine.before]
    if done.code != code or sentence not in done.err or "Traceback" in done.err:
        faults.append(f"it ended otherwise: {done}")
    again = machine.run()
    if again.code != 0:
        return [*faults, f"the next run failed: {again}"]
    return faults + machine.faults() + machine.differences()


@pytest.mark.parametrize("args", [["sync"], ["exec", "--", "x"], ["install", NATIVE], ["bundle", "-o", "b.tar"]])
def test_terminated_in_the_middle_of_a_download(
    box: Box, channel: Channel, upstream: Upstream, registry: Registry, args: list[str]
) -> None:
    """From outside, while nothing comes. What `ccpin install` asks before it downloads is another test's."""
    publish(upstream, channel)
    pin(box, NATIVE)
    box.ccpin("uninstall", NATIVE, "--force").ok()
    before = box.snapshot()
    registry.forget()
    registry.fault("*linux*.tgz", faults.stall(30, 1000))
    with box.start(box.ccpin_argv(*args)) as process:
        end = time.monotonic() + 30
        while not registry.asked("*linux*.tgz") and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 143, err
    assert time.monotonic() - began < 10
    assert err.endswith("ccpin: terminated\n  repeat the command; `ccpin check` looks at what is there\n")
    assert box.snapshot() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_while_documents_are_looked_up(
    box: Box, upstream: Upstream, registry: Registry, number: signal.Signals
) -> None:
    """Several are asked for at a time, in threads, and none of them answers."""
    upstream.add_native(NATIVE)
    registry.fault("*claude-code-linux*", faults.stall(30))
    with box.start(box.ccpin_argv("use", NATIVE)) as process:
        end = time.monotonic() + 30
        while not registry.asked("*claude-code-linux*") and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (128 + number, False), err
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("command", [["list"], ["prune", "--dry-run"]])
def test_ended_while_it_starts(box: Box, command: list[str]) -> None:
    """In the middle of an import, too, where nobody has begun to catch anything. Python itself takes a while until the
    first line of ccpin runs: a signal before that ends it as it ends everything."""
    for delay in range(10, 210, 10):
        with box.start(box.ccpin_argv(*command)) as process:
            time.sleep(delay / 1000)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
        assert process.returncode in (0, 143, -signal.SIGTERM), err
        assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_runs_in_the_place_of_ccpin_gets_them_as_ever(box: Box, number: signal.Signals) -> None:
    """Neither handler outlives the exec: a `claude` that has none of its own ends by the signal."""
    pin(box, "2.1.330")
    with box.start(box.ccpin_argv("exec", "--", "x"), env={"FAKE_SLEEP": "30"}) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("{")
        process.send_signal(number)
        process.wait(20)
    assert process.returncode == -number
