"""`store`: a store of the test's own, with the fake registry behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.registry import Registry
from tests.store.installing import Store


@pytest.fixture
def store(tmp_path: Path, registry: Registry) -> Iterator[Store]:
    yield Store(tmp_path, registry)
    for folder, _, _ in os.walk(tmp_path):
        os.chmod(folder, 0o700)
