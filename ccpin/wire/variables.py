"""Variables off ccpin's table that change what a release sends: never copied, for they may redirect traffic or carry a
secret; where a user has set one, it is named.

Measured with 2.1.330 under `strict`: of the 1,135 names of Claude Code's own families in its text that are not in the
table, each set to 1, these changed the main request. The last three lead it elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from ccpin.wire.fingerprint import Part

CHANGING: Mapping[str, Part] = {
    "ANTHROPIC_BASE_URL": "headers",
    "ANTHROPIC_CUSTOM_HEADERS": "headers",
    "CLAUDE_CODE_EXTRA_BODY": "parameters",
    "CLAUDE_CODE_EXTRA_METADATA": "parameters",
}
