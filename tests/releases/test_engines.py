"""Which versions of Node.js are in the range that a release wants."""

from __future__ import annotations

import pytest

from ccpin.releases.engines import DEFAULT, fits


@pytest.mark.parametrize(
    ("version", "engines", "fit"),
    [
        ((18, 0, 0), DEFAULT, True),
        ((17, 9, 9), DEFAULT, False),
        ((18, 0, 0), ">=18", True),
        ((18, 19, 0), ">= 18.19.1", False),
        ((18, 19, 1), " >=18.19.1 ", True),
        ((100, 0, 0), ">=22.0.0", True),
        ((22, 0, 0), "^22", False),
        ((22, 0, 0), ">=18 <23", False),
        ((22, 0, 0), "", False),
    ],
)
def test_fits(version: tuple[int, int, int], engines: str, fit: bool) -> None:
    assert fits(version, engines) is fit
