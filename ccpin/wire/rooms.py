"""The homes that captured releases start in: empty ones, for the oldest releases prepared ones.

A release before 1.0.51 asks in a new home for a theme, a key and trust before it answers `-p`. Measured: 0.2.9 and
0.2.35 wait for a terminal that is not there; with the answers in their state file they send their request. 1.0.51 and
later need nothing.
"""

from __future__ import annotations

import json
import os

from ccpin.pinning.head import version_key
from ccpin.wire.run import DUMMY_KEY

_ANSWERS_BY_ITSELF = (1, 0, 51)


def furnish(version: str, home: str, cwd: str) -> None:
    """Puts into `home` what `version` needs to answer headlessly in `cwd`; both are there. Raises OSError."""
    if version_key(version) >= _ANSWERS_BY_ITSELF:
        return
    state = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "primaryApiKey": DUMMY_KEY,
        "customApiKeyResponses": {"approved": [DUMMY_KEY[-20:]], "rejected": []},
        "projects": {cwd: {"hasTrustDialogAccepted": True}},
    }
    with open(os.path.join(home, ".claude.json"), "w", encoding="utf-8") as file:
        json.dump(state, file)
