"""With the `default` profile the experimental betas are gone, whatever a user's settings or exports say.

Or ccpin says that the flag has no effect in that release.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.machine import User
from tests.live.people import twelve
from tests.live.releases import feature_names, lock_of, pinned
from tests.live.test_one_request import launched

pytestmark = pytest.mark.live

SOME = (0, 6, 10)
"""One with contrary settings, one with contrary exports, one with neither."""

LASTING = {
    "claude-code-20250219",
    "context-1m-2025-08-07",
    "effort-2025-11-24",
    "interleaved-thinking-2025-05-14",
    "mid-conversation-system-2026-04-07",
}
"""What a release sends with the switch, too."""


@pytest.mark.parametrize("version", ["2.1.200", "2.1.330"])
def test_no_experimental_beta_is_sent(user: User, tmp_path: Path, version: str) -> None:
    sent = {}
    for profile in ("default", "none"):
        project = pinned(user, version, profile)
        people = twelve(tmp_path / profile, project / ".ccpin.lock", feature_names(user, lock_of(project)))
        some = [people[number] for number in SOME]
        sent[profile] = [set(capture.main("hi").betas) - LASTING for capture in launched(user, some, "first-party")]
    assert sent["default"] == [set()] * len(SOME)
    assert all(sent["none"])


def test_a_release_that_does_not_read_the_flag_is_named(user: User) -> None:
    project = user.project()
    said = user.ccpin("use", "2.0.14", cwd=project).ok()
    for text in (said.err, user.ccpin("env", cwd=project).ok().out):
        assert "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS" in text
        assert "does not read" in text
    assert "no effect" in said.err
