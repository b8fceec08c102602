"""`scene`: a machine with a pinned project, which every case finds as it was; and the largest numbers, at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.registry import Registry
from tests.fakes.upstream import usual
from tests.hostile.scene import Scene

_NUMBERS = "hostile"


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    upstream = usual()
    root = Path(tempfile.mkdtemp(prefix="ccpin-test-"))
    root.chmod(0o755)
    with Registry(upstream) as registry, Channel(upstream) as channel:
        made = Scene(Box(root, registry.url), upstream, registry, channel)
        made.begin()
        yield made
    made.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for some in terminalreporter.stats.values() for report in some if _is_of_a_test(report)]
    found = [value for report in reports for name, value in report.user_properties if name == _NUMBERS]
    if found:
        counts = [f"{sum(kind == name for name, _, _ in found)} {kind}s" for kind in ("archive", "document")]
        memory, seconds = (max(each[at] for each in found) for at in (1, 2))
        terminalreporter.write_line(f"hostile: {', '.join(counts)}, at most {memory / 1e6:.0f} MB and {seconds:.1f} s")


def _is_of_a_test(report: object) -> bool:
    return isinstance(report, pytest.TestReport) and report.when == "call"
