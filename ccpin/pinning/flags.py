"""The behaviour flags that a lock may hold: the whole list. What is not here is refused, whoever asks.

A lock comes with a clone, so it must not be able to redirect traffic, carry a secret, run code or weaken a
permission. Every name here can only take something away, and only by the value "1": several releases read
any non-empty value, even "0", as on, so "0" in a lock would say the contrary of what it does.

On the launch path: no imports. `shims/claude` holds the same names; a test compares the two.
"""

from __future__ import annotations

ON = "1"

DEFAULT = (
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
    "DISABLE_AUTOUPDATER",
    "DISABLE_INSTALLATION_CHECKS",
    "DISABLE_UPDATES",
)
"""What a new lock holds."""

SWITCHES = {
    "CLAUDE_CODE_DISABLE_AGENT_VIEW": "no background agents, which a supervisor of another release may serve",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "no experimental beta headers, nor the tools and fields behind them",
    "CLAUDE_CODE_DISABLE_FEATURE_FLAGS": "compiled defaults for every feature flag (late 2.1 releases)",
    "CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP": "a retired model id is not turned into another one",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "no updater, telemetry, feature flags or client data",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "the official plugin marketplace is not added by itself",
    "DISABLE_AUTOUPDATER": "no update in the background",
    "DISABLE_GROWTHBOOK": "compiled defaults for every feature flag (2.1 releases)",
    "DISABLE_INSTALLATION_CHECKS": "no warning that the installation is not where the installer puts it",
    "DISABLE_TELEMETRY": "no telemetry; in older releases also no feature flags",
    "DISABLE_UPDATES": "no update at all, not even by hand",
}
"""Name -> what "1" does."""


def problem(name: str, value: object) -> str | None:
    """Why `name = value` may not stand in a lock, or None."""
    if name not in SWITCHES:
        return "it is not one of ccpin's behaviour flags"
    if value != ON:
        return 'its only value is "1"'
    return None
