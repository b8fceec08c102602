"""`channel`: a native channel beside the registry, which the box knows, with keys that it trusts; both are asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.arrange import use_channel
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.upstream import Upstream


@pytest.fixture
def channel(box: Box, upstream: Upstream) -> Iterator[Channel]:
    pytest.importorskip("pysequoia")
    with Channel(upstream) as running:
        use_channel(box, running)
        del box.env["CCPIN_SOURCE"]
        yield running
