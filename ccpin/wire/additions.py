"""What adds to a request and is not copied, since it would have to run, or is the user's own text: found by looking.

Plugins, MCP servers, agents, skills, commands, rules, the hooks that can add to a conversation, texts above the
project, and variables off ccpin's table (`ccpin.wire.variables`). What the project itself has of these is the same for
everybody, and no part of a fingerprint: it is told, and is no fault.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ccpin.launching.clientdata import config_folder
from ccpin.launching.contradictions import settings_files
from ccpin.pinning.write import checkout
from ccpin.wire.capture import Mode
from ccpin.wire.copies import OWN, read_object, states
from ccpin.wire.fingerprint import Part
from ccpin.wire.variables import CHANGING

_FOLDERS: tuple[tuple[str, Part, str], ...] = (
    ("agents", "tools", "the agent"),
    ("skills", "messages", "the skill"),
    ("commands", "messages", "the command"),
    ("rules", "messages", "the rule"),
    ("output-styles", "system", "the output style"),
)
_ABOVE: tuple[tuple[str, Part], ...] = (
    ("CLAUDE.md", "messages"),
    ("CLAUDE.local.md", "messages"),
    (".claude/CLAUDE.md", "messages"),
    (".mcp.json", "tools"),
)
_GATEWAY = ("ANTHROPIC_BASE_URL",)
_OF_SETTINGS = ("enabledPlugins", "hooks", "permissions", *OWN)
_TELLING = ("SessionStart", "UserPromptSubmit", "Setup")
"""Hooks whose output becomes a part of the conversation."""


@dataclass(frozen=True)
class Addition:
    """`what` adds to `part`; `where` is the file that says so."""

    part: Part
    what: str
    where: str


def additions(env: Mapping[str, str], folder: str, mode: Mode) -> list[Addition]:
    """Those of the user whose environment is `env`, in the project at `folder` (absolute), in `mode`."""
    config = config_folder(env)
    return [
        *_servers(env, folder),
        *_plugins(env, folder, config),
        *_hooks(env, folder),
        *_texts(config),
        *_above(folder, config),
        *_variables(env, folder, () if mode == "first-party" else _GATEWAY),
    ]


def of_the_project(folder: str) -> list[str]:
    """What the project has of its own that adds to requests: paths below it."""
    places = ["CLAUDE.md", ".mcp.json", ".claude/CLAUDE.md", *(f".claude/{name}" for name, _, _ in _FOLDERS)]
    found = [place for place in places if os.path.exists(os.path.join(folder, *place.split("/")))]
    settings = read_object(os.path.join(folder, ".claude", "settings.json"))
    return found + [f".claude/settings.json (`{key}`)" for key in _OF_SETTINGS if settings.get(key)]


def _servers(env: Mapping[str, str], folder: str) -> Iterator[Addition]:
    for file, state in states(env):
        projects = state.get("projects")
        mine = [projects.get(path) for path in {folder, os.path.realpath(folder)}] if isinstance(projects, dict) else []
        for held in (state, *(own for own in mine if isinstance(own, dict))):
            for name in _names(held.get("mcpServers")):
                yield Addition("tools", f"the MCP server `{name}`", file)


def _plugins(env: Mapping[str, str], folder: str, config: str) -> Iterator[Addition]:
    decided = set[str]()  # by the file that counts most; the first of them does
    for level, path in settings_files(env, folder):
        enabled = read_object(path).get("enabledPlugins") if level != "policy" else None
        for name, on in (enabled if isinstance(enabled, dict) else {}).items():
            if on and name not in decided and level in ("user", "local"):
                yield Addition("tools", f"the plugin `{name}`", path)
            decided.add(name)
    path = os.path.join(config, "plugins", "installed_plugins.json")
    for name in _names(read_object(path).get("plugins")):
        if name not in decided:
            yield Addition("tools", f"the plugin `{name}`", path)


def _hooks(env: Mapping[str, str], folder: str) -> Iterator[Addition]:
    for level, path in settings_files(env, folder):
        hooks = read_object(path).get("hooks") if level in ("user", "local") else None
        for name in _TELLING:
            if isinstance(hooks, dict) and hooks.get(name):
                yield Addition("messages", f"the hook `{name}`", path)


def _texts(config: str) -> Iterator[Addition]:
    for name, part, what in _FOLDERS:
        below = os.path.join(config, name)
        try:
            entries = sorted(entry for entry in os.listdir(below) if not entry.startswith("."))
        except OSError:
            continue
        for entry in entries:
            yield Addition(part, f"{what} `{entry.removesuffix('.md')}`", os.path.join(below, entry))


def _above(folder: str, config: str) -> Iterator[Addition]:
    """Every release reads upward to the root; what stands above the checkout is no project's."""
    path = os.path.dirname(checkout(folder) or folder)
    while True:
        for name, part in _ABOVE:
            found = os.path.join(path, *name.split("/"))
            if os.path.exists(found) and not found.startswith(os.path.join(config, "")):
                yield Addition(part, f"`{found}`, above the project,", found)
        if path == os.path.dirname(path):
            return
        path = os.path.dirname(path)


def _variables(env: Mapping[str, str], folder: str, expected: Container[str]) -> Iterator[Addition]:
    changing = {name: part for name, part in CHANGING.items() if name not in expected}
    for name, part in changing.items():
        if env.get(name):
            yield Addition(part, f"the variable {name}", "the environment")
    for level, path in settings_files(env, folder):
        settings = read_object(path) if level not in ("policy", "project") else {}
        given = settings.get("env")
        for name, part in changing.items():
            if isinstance(given, dict) and given.get(name):
                yield Addition(part, f"the variable {name}", path)
        if settings.get("autoMemoryDirectory") and level in ("user", "local"):
            yield Addition("system", "`autoMemoryDirectory`", path)


def _names(found: Any) -> list[str]:
    return sorted(map(str, found)) if isinstance(found, dict) else []
