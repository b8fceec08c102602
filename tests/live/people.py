"""Twelve users of one release, who differ in everything that makes sessions of one release differ.

Each has feature flags cached at random, and is served an assignment of their own. Some have settings that contradict
the lock, some exports, some client data.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccpin.pinning import flags

UNLOCKED = {
    "MAX_THINKING_TOKENS": "4321",
    "ANTHROPIC_MODEL": "claude-3-7-sonnet-20250219",
    "CLAUDE_CODE_EFFORT_LEVEL": "low",
}
"""What no lock of these tests holds, and what changes a request of the releases that read it."""

CONTRARY = {**dict.fromkeys(flags.PROFILES["strict"].env, "0"), "CLAUDE_CODE_MODEL_CATALOG": "on"} | {
    "CLAUDE_CODE_SIMPLE_SYSTEM_PROMPT": "1",
    "ENABLE_CLAUDEAI_MCP_SERVERS": "true",
    "CLAUDE_CODE_REMOVE_PROMPT_STRINGS": '["You are"]',
    # These two count by being there at all, so the other way is to be empty.
    "DISABLE_TELEMETRY": "",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "",
}
"""Every flag of `strict` the other way."""

CLIENT_DATA = {"tengu_heron_brook": "Answer in rhyme.", "remove_prompt_strings": ["You are"], "atis": "slice-7"}


@dataclass(frozen=True)
class Person:
    """One of the twelve. `served` is what the experiment server says to them, by flag."""

    number: int
    home: Path
    project: Path
    exports: Mapping[str, str]
    served: Mapping[str, bool]


def twelve(root: Path, lock: Path, names: Sequence[str], seed: int = 7) -> list[Person]:
    """Makes their homes, and for each of them a clone of the project: a folder with the `lock`."""
    source = random.Random(seed)
    return [_person(root / f"user {number}", number, lock, names, source) for number in range(12)]


def _person(root: Path, number: int, lock: Path, names: Sequence[str], source: random.Random) -> Person:
    home, project = root / "home", root / "project"
    (home / ".claude").mkdir(parents=True)
    project.mkdir()
    shutil.copy(lock, project / ".ccpin.lock")
    kinds = ("cachedFeatureFlags", "cachedGrowthBookFeatures", "cachedStatsigGates")
    state: dict[str, object] = {kind: _assignment(names, source) for kind in kinds}
    if number in (8, 9):
        state["clientDataCache"] = {**CLIENT_DATA, "of": number}
        state["clientDataCacheSlots"] = {"": {"data": CLIENT_DATA}, "api.anthropic.com": {"data": CLIENT_DATA}}
    (home / ".claude.json").write_text(json.dumps(state))
    settings = json.dumps({"env": {**CONTRARY, **UNLOCKED}})
    if number < 4:
        (home / ".claude" / "settings.json").write_text(settings)
    elif number < 6:
        (project / ".claude").mkdir()
        (project / ".claude" / "settings.json").write_text(settings)
    exports = {**CONTRARY, **UNLOCKED} if number in (6, 7) else {}
    return Person(number, home, project, exports, _assignment(names, source))


def _assignment(names: Sequence[str], source: random.Random) -> dict[str, bool]:
    return {name: source.random() < 0.5 for name in source.sample(names, len(names) // 10)}
