"""A clean slate: what a user's settings file sets of ccpin's table, "" in `--settings` takes back.

This is the measurement behind MEASURED in `ccpin.launching.settings`: for each of those releases, the main request of
somebody whose settings set every name of the table that the lock does not hold is the one of somebody who sets none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ccpin.launching.settings import MEASURED
from ccpin.pinning import flags
from ccpin.pinning.head import version_key
from ccpin.wire.capture import NoMainRequest
from ccpin.wire.normal import Normal, normalised
from ccpin.wire.run import run
from tests.live.machine import User
from tests.live.releases import command

pytestmark = pytest.mark.live

STRICT = flags.PROFILES["strict"].env
RELEASES = sorted(MEASURED, key=version_key)
UNLOCKED = [name for name in flags.TABLE if name not in STRICT]


@pytest.mark.parametrize("version", RELEASES)
def test_an_empty_text_unsets(user: User, tmp_path: Path, version: str) -> None:
    program = command(user, version)
    contrary = {name: CONTRARY.get(name) or contrary_value(flags.TABLE[name].kind) for name in UNLOCKED}
    plain = main(tmp_path / "plain", program, {}, STRICT)
    hostile = main(tmp_path / "hostile", program, contrary, STRICT)
    cleared = main(tmp_path / "cleared", program, contrary, {**dict.fromkeys(UNLOCKED, ""), **STRICT})
    assert plain is not None
    assert plain == cleared
    assert plain != hostile  # else nothing was measured; some values even end a release before its first request


def main(root: Path, program: list[str], theirs: Mapping[str, str], ours: Mapping[str, str]) -> Normal | None:
    """The main request, with `theirs` in the user's settings file and `ours` in `--settings`; None when none came."""
    home, cwd = root / "home", root / "work"
    (home / ".claude").mkdir(parents=True)
    cwd.mkdir()
    (home / ".claude" / "settings.json").write_text(json.dumps({"env": theirs}))
    capture = run(
        program,
        ["--settings", json.dumps({"env": ours}), "-p", "hi"],
        mode="first-party",
        env=STRICT,
        home=str(home),
        cwd=str(cwd),
    )
    try:
        return normalised(capture.main("hi"), {str(home): "home", str(cwd): "cwd"})
    except NoMainRequest:
        return None


CONTRARY = {
    "ANTHROPIC_BETAS": "never-seen-2025-01-01",
    "CLAUDE_CODE_CLIENT_DATA_URL": "https://data.example/document",
    "CLAUDE_CODE_EFFORT_LEVEL": "low",
    "CLAUDE_CODE_GENTLE_PARASOL": "a reminder",
    "CLAUDE_CODE_MODEL_CATALOG_URL": "https://data.example/catalog",
    "CLAUDE_CODE_TOASTY_THIMBLE": "a reminder",
    "CLAUDE_CODE_WORKFLOW_SUBAGENT_MODEL": "claude-haiku-4-5",
    "CLAUDE_INTERNAL_FC_OVERRIDES": '{"tengu_velvet_tide": true}',
}


def contrary_value(kind: flags.Words | flags.Number | flags.Model | flags.Cleared) -> str:
    """A value that a user may have set, and that is not what a release does by itself."""
    if isinstance(kind, flags.Words):
        return kind.words[0]
    if isinstance(kind, flags.Number):
        return str(min(kind.high, max(kind.low, 4321)))
    return "claude-3-7-sonnet-20250219" if isinstance(kind, flags.Model) else "1"
