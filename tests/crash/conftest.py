"""`channel`: a native channel beside the registry; and the table of all kills, below what pytest says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ccpin import checkpoints
from tests.fakes.channel import Channel
from tests.fakes.upstream import Upstream

LEAST = 4
"""Kills that each point gets."""

_TEST = "test_killed_at_every_point"


@pytest.fixture
def channel(upstream: Upstream) -> Iterator[Channel]:
    with Channel(upstream) as running:
        yield running


class Tally:
    """What all scenes together did; they may have run in several processes."""

    def __init__(self, scenes: int) -> None:
        self._scenes = scenes
        self._seen = 0
        self.kills: Counter[str] = Counter()
        self.bad: Counter[str] = Counter()

    def add(self, report: pytest.TestReport) -> None:
        properties: dict[str, Any] = dict(report.user_properties)
        if report.when == "call" and "kills" in properties:
            self._seen += 1
            self.kills.update(properties["kills"])
            self.bad.update(properties["bad"])

    @property
    def whole(self) -> bool:
        """Whether every scene ran: of a part nothing can be asked."""
        return self._seen == self._scenes

    @property
    def neglected(self) -> list[str]:
        return [name for name in checkpoints.NAMES if self.kills[name] < LEAST]

    def lines(self) -> Iterator[str]:
        width = max(map(len, checkpoints.NAMES))
        yield f"{'checkpoint':{width}}  kills  bad"
        for name in checkpoints.NAMES:
            if self.whole or self.kills[name]:
                yield f"{name:{width}}  {self.kills[name]:5}  {self.bad[name]:3}"
        total = f"{len(checkpoints.NAMES)} checkpoints" if self.whole else f"{len(self.kills)} of the checkpoints"
        yield f"{total:{width}}  {self.kills.total():5}  {self.bad.total():3}"


_tally = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    from tests.crash.scenes import SCENES

    config.stash[_tally] = Tally(len(SCENES))
    config.pluginmanager.register(_Reports(config.stash[_tally]), "ccpin-kills")


class _Reports:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._tally.add(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    tally = session.config.stash.get(_tally, None)
    if tally and tally.whole and tally.neglected and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash.get(_tally, None)
    if tally and tally.kills:
        terminalreporter.section("killed at every point")
        for line in tally.lines():
            terminalreporter.write_line(line)
        if tally.whole and tally.neglected:
            terminalreporter.write_line(f"killed fewer than {LEAST} times: {', '.join(tally.neglected)}", red=True)
