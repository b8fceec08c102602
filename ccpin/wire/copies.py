"""What of a user's own may change a request, copied into a throw-away home: named keys, and nothing else.

Of settings files `model`, `effortLevel`, `outputStyle`, and of their `env` the names of ccpin's table; of the user's
own also the plain values that were seen to change a request (OWN); exports of that table; CLAUDE.md,
CLAUDE.local.md and what was remembered of the project; the feature flags and client data that earlier sessions cached.
Never hooks, helpers, commands of MCP servers, or credentials: none of them is among the names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccpin.launching.clientdata import KEYS, config_folder, project_name, state_files
from ccpin.pinning import flags
from ccpin.pinning.find import read_plain
from ccpin.pinning.write import checkout

SETTINGS = ("model", "effortLevel", "outputStyle")
OWN: Mapping[str, type] = {
    **dict.fromkeys(("agent", "language", "maxEffortLevel", "promptCacheTtl"), str),
    **dict.fromkeys(("alwaysThinkingEnabled", "autoMemoryEnabled", "disableBundledSkills", "disableWorkflows"), bool),
    **dict.fromkeys(("enableWorkflows", "includeCoAuthoredBy", "includeGitInstructions", "ultracode"), bool),
    "skillListingMaxDescChars": int,
}
"""Keys of a user's own settings, with the kinds of their values (measured in 2.0.14, 2.1.112, 2.1.200 and 2.1.330: each
changes a request of at least one of them)."""
ATTRIBUTION = ("commit", "pr")
PERMISSIONS = ("deny", "additionalDirectories")
CACHED = ("cachedFeatureFlags", "cachedGrowthBookFeatures", "cachedStatsigGates", "cachedDynamicConfigs")
_MOST = 4 << 20  # bytes; of a state file more
_MOST_STATE = 64 << 20
_WORK = "<work>"  # in the path of a copy: the name of the working folder among the projects


@dataclass(frozen=True)
class Copy:
    """One thing that may make a difference. `what` names it in a sentence; `files` are texts by path below `home/` and
    `work/`, `exports` variables. Several copies may name one file: their objects are merged."""

    what: str
    files: Mapping[str, Any] = field(default_factory=dict, repr=False)
    exports: Mapping[str, str] = field(default_factory=dict, repr=False)


def copies(env: Mapping[str, str], folder: str, *, clean: bool) -> list[Copy]:
    """Those of the user whose environment is `env`, in the project at `folder` (absolute); `clean` as in a lock: such
    a launch takes cached client data away."""
    return [*_settings(env, folder), *_exports(env), *_told(env, folder), *_state(env, clean=clean)]


def project_copies(folder: str) -> list[Copy]:
    """What the project at `folder` (absolute) has of these for everybody. A fingerprint in its lock is made with it."""
    path = os.path.join(folder, ".claude", "settings.json")
    return _each(_named(read_object(path)), path, "work/.claude/settings.json")


def put(found: list[Copy], home: str, cwd: str) -> None:
    """Writes them into two folders that are there; objects are added to what a file there holds. Raises OSError."""
    roots = {"home": home, "work": cwd}
    merged: dict[str, Any] = {}
    for copy in found:
        for path, value in copy.files.items():
            merged[path] = {**merged.get(path, {}), **value} if isinstance(value, dict) else value
    for path, value in merged.items():
        root, _, rest = path.replace(_WORK, project_name(cwd)).partition("/")
        full = os.path.join(roots[root], *rest.split("/"))
        os.makedirs(os.path.dirname(full), 0o700, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps({**read_object(full), **value})
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def exports(found: list[Copy]) -> dict[str, str]:
    """The variables of all of them."""
    return {name: value for copy in found for name, value in copy.exports.items()}


def read_object(path: str, most: int = _MOST) -> dict[str, Any]:
    """The JSON object in a file; an empty one for anything else."""
    try:
        found = json.loads(read_plain(path, most).decode("utf-8-sig", "replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def states(env: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The state file that counts, with what is in it: the first that is there."""
    for path in state_files(env):
        if found := read_object(path, _MOST_STATE):
            yield path, found
            return


def _settings(env: Mapping[str, str], folder: str) -> Iterator[Copy]:
    places = (
        (os.path.join(config_folder(env), "settings.json"), "home/.claude/settings.json"),
        (os.path.join(folder, ".claude", "settings.local.json"), "work/.claude/settings.local.json"),
    )
    for path, target in places:
        settings = read_object(path)
        yield from _each({**_named(settings), **_own(settings)}, path, target)


def _each(named: Mapping[str, Any], path: str, target: str) -> list[Copy]:
    """A copy for each key, so that each can be the reason alone."""
    return [Copy(f"`{name}` in {path}", {target: {name: value}}) for name, value in named.items()]


def _named(settings: dict[str, Any]) -> dict[str, Any]:
    """The keys that may be copied, with values of their kind."""
    kept = {name: settings[name] for name in SETTINGS if isinstance(settings.get(name), str)}
    given = settings.get("env")
    env = {
        name: value
        for name, value in (given if isinstance(given, dict) else {}).items()
        if name in flags.TABLE and isinstance(value, str | int | float)  # a release makes a text of it
    }
    return {**kept, **({"env": env} if env else {})}


def _own(settings: dict[str, Any]) -> dict[str, Any]:
    """The keys that may be copied from settings that are the user's alone."""
    kept: dict[str, Any] = {name: settings[name] for name, kind in OWN.items() if type(settings.get(name)) is kind}
    given = settings.get("attribution")
    texts = {name: given.get(name) for name in ATTRIBUTION} if isinstance(given, dict) else {}
    if texts := {name: text for name, text in texts.items() if isinstance(text, str)}:
        kept["attribution"] = texts
    given = settings.get("permissions")
    lists = {name: given.get(name) for name in PERMISSIONS} if isinstance(given, dict) else {}
    permissions: dict[str, Any] = {name: each for name, each in lists.items() if each and _are_texts(each)}
    plans = isinstance(given, dict) and given.get("defaultMode") == "plan"
    if plans:  # the other modes change what a user is asked, not what is sent
        permissions["defaultMode"] = "plan"
    return {**kept, **({"permissions": permissions} if permissions else {})}


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _exports(env: Mapping[str, str]) -> Iterator[Copy]:
    found = {name: env[name] for name in flags.TABLE if env.get(name)}
    if found:
        yield Copy(f"what is exported: {', '.join(found)}", exports=found)


def _told(env: Mapping[str, str], folder: str) -> Iterator[Copy]:
    """The user's own texts: for all projects, for this one, and what was remembered of it."""
    config = config_folder(env)
    here = dict.fromkeys((folder, os.path.realpath(folder), checkout(folder) or folder))
    remembered = [os.path.join(config, "projects", project_name(each), "memory", "MEMORY.md") for each in here]
    places = {
        os.path.join(config, "CLAUDE.md"): "home/.claude/CLAUDE.md",
        os.path.join(folder, "CLAUDE.local.md"): "work/CLAUDE.local.md",
        **dict.fromkeys(remembered, f"home/.claude/projects/{_WORK}/memory/MEMORY.md"),
    }
    for path, target in places.items():
        try:
            text = read_plain(path, _MOST).decode("utf-8", "replace")
        except OSError:
            continue
        if text.strip():
            yield Copy(path, {target: text})


def _state(env: Mapping[str, str], *, clean: bool) -> Iterator[Copy]:
    for path, found in list(states(env))[:1]:  # where the old place has one, a release reads no other
        for what, names in (("feature flags", CACHED), ("client data", () if clean else KEYS)):
            held = {name: found[name] for name in names if found.get(name)}
            if held:
                yield Copy(f"the {what} that are cached in {path}", {"home/.claude.json": held})
        named = _named({"env": found.get("env")})
        if named:
            yield Copy(f"`env` in {path}", {"home/.claude.json": named})
