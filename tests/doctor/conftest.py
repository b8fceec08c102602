"""What every test of the doctor gets: a machine on which all is well, to make one thing wrong."""

from __future__ import annotations

import pytest

from tests.doctor import arrange
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream


@pytest.fixture
def upstream(upstream: Upstream) -> Upstream:
    """With releases that hold the names which the real ones hold."""
    arrange.publish(upstream)
    return upstream


@pytest.fixture
def native(box: Box) -> Box:
    """2.1.330 with the default flags."""
    arrange.arrange(box)
    return box


@pytest.fixture
def strict(box: Box) -> Box:
    """2.1.330 with the flags of `strict`."""
    arrange.arrange(box, profile="strict")
    return box


@pytest.fixture
def javascript(box: Box) -> Box:
    """2.0.14 with the default flags."""
    arrange.arrange(box, "2.0.14")
    return box
