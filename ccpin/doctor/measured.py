"""What was measured with which release: the only ground on which a mechanism is called controlled.

Each set holds flags that were on together; what one of them does alone is not said. Names that a release does not
read are no part of what was measured with it, so a lock need not hold them.
"""

from __future__ import annotations

STRICT = frozenset(
    (
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
        "CLAUDE_CODE_DISABLE_FEATURE_FLAGS",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "DISABLE_AUTOUPDATER",
        "DISABLE_GROWTHBOOK",
        "DISABLE_TELEMETRY",
        "DISABLE_UPDATES",
    )
)

SLICES = ("2.0.14", "2.1.112", "2.1.200", "2.1.330")
"""With STRICT, four users who differ in the feature flags cached for them sent one and the same request, headlessly
(`claude -p`). Without, 2.1.330 and 2.1.112 sent four, 2.1.200 three, 2.0.14 one. With the two switches for feature
flags alone, 2.1.330 and 2.1.200 sent one too, but they still fetch client data then, which varies by user."""

BETAS = {"2.0.14": (3, 3), "2.1.112": (6, 3), "2.1.200": (9, 5), "2.1.330": (12, 3)}
"""How many beta headers the main request had, to api.anthropic.com: with nothing set, and with STRICT."""

BETAS_THAT_STAY = ("claude-code", "oauth", "interleaved-thinking", "context-1m", "dangerous-tool-use")
"""What CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS does not take away, by account and model (read in 2.1.330)."""

UPDATES = ("1.0.51", "2.0.14", "2.1.113", "2.1.200", "2.1.330")
"""With ccpin's default flags, none of them changed itself or another installation, neither by its own commands nor in a
session that was offered a newer release (`tests/live/test_updates.py`). Without them, all did."""

UPDATE_SWITCHES = ("DISABLE_UPDATES", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
FLAG_SWITCHES = (
    "CLAUDE_CODE_DISABLE_FEATURE_FLAGS",
    "DISABLE_GROWTHBOOK",
    "DISABLE_TELEMETRY",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
)

CLIENT_DATA_AFTER = "2.1.0"
"""Later releases use client data that an earlier session cached, whatever is switched off (measured with 2.1.200 and
2.1.330, see `ccpin.launching.clientdata`)."""

NO_SUPERVISOR_UNTIL = "2.1.0"
"""Up to here, no release that was read has a background supervisor; 2.1.112 and 2.1.113 have one, and no switch."""
