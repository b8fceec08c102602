"""npm's configuration, as much of it as tells where the registry is and what opens it.

Sources, the first that has a key wins: the environment (`npm_config_…`), the user's .npmrc, the global npmrc; for
the registry's address at last `npm config get registry`, run from the home folder. A project's .npmrc is never
read: whoever wrote the clone would choose where the executable comes from. No address is compiled in.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ccpin.errors import BadRegistryAddress, NoRegistry

SCOPE = "@anthropic-ai"
_MAX_BYTES = 1 << 20
_VARIABLE = re.compile(r"(\\*)\$\{([^${}?]+)(\?)?\}")


@dataclass(frozen=True)
class NpmConfig:
    """npm's keys, each with its value and the place it came from (a file, or a variable's name)."""

    values: Mapping[str, tuple[str, str]]
    files: tuple[str, ...]

    def get(self, key: str) -> str | None:
        found = self.values.get(key)
        return found[0] if found and found[0] else None

    def authorization(self, address: str) -> str | None:
        """The Authorization header that this configuration holds for `address`: the longest path that fits."""
        parts = urlsplit(address)
        path = parts.path.rstrip("/")
        while True:
            prefix = f"//{parts.netloc.rpartition('@')[2]}{path}/"
            header = self._header(prefix)
            if header or not path:
                return header
            path = path.rpartition("/")[0]

    def _header(self, prefix: str) -> str | None:
        if token := self.get(f"{prefix}:_authToken"):
            return f"Bearer {token}"
        if basic := self.get(f"{prefix}:_auth"):
            return f"Basic {basic}"
        user, password = self.get(f"{prefix}:username"), self.get(f"{prefix}:_password")
        if user and password:
            try:
                plain = base64.b64decode(password, validate=True)
            except (binascii.Error, ValueError):
                return None
            return "Basic " + base64.b64encode(user.encode() + b":" + plain).decode()
        return None


def read_config(env: Mapping[str, str]) -> NpmConfig:
    """The environment's, the user's and the global configuration, merged. Files that are not there count as empty."""
    variables = dict(_from_environment(env))
    user_file = _setting(variables, "userconfig") or os.path.join(_home(env), ".npmrc")
    user = dict(_from_file(user_file, env))
    prefix = _setting(variables, "prefix") or _setting(user, "prefix") or _npm_prefix(env)
    global_file = _setting(variables, "globalconfig") or _setting(user, "globalconfig")
    if not global_file and prefix:
        global_file = os.path.join(prefix, "etc", "npmrc")
    shared = dict(_from_file(global_file, env)) if global_file else {}
    files = (user_file, global_file) if global_file else (user_file,)
    return NpmConfig({**shared, **user, **variables}, files)


def registry_address(config: NpmConfig, env: Mapping[str, str], override: str | None = None) -> tuple[str, str]:
    """The registry's address, ending in a slash, and where it was said. Raises NoRegistry, BadRegistryAddress."""
    address, source = _find_address(config, env, override)
    parts = _split(address, source)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/", source


def _find_address(config: NpmConfig, env: Mapping[str, str], override: str | None) -> tuple[str, str]:
    if override:
        return override, "--registry"
    if address := env.get("CCPIN_NPM_REGISTRY"):
        return address, "CCPIN_NPM_REGISTRY"
    for key in (f"{SCOPE}:registry", "registry"):
        if address := config.get(key):
            return address, f"{key} in {config.values[key][1]}"
    npm = shutil.which("npm", path=absolute_path(env))
    address = _ask_npm(npm, env) if npm else None
    if not address:
        raise NoRegistry(
            files=" or ".join(config.files),
            npm="is not on PATH" if npm is None else "names none",
            user_file=config.files[0],
        )
    return address, "npm config get registry"


def _split(address: str, source: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        fits = False
    if not fits or any(c.isspace() or not c.isprintable() for c in address):
        raise BadRegistryAddress(where=source, reason="it is not `https://host/path/`")
    return parts


def absolute_path(env: Mapping[str, str]) -> str:
    """PATH without its relative entries: what stands in the current folder is the clone's, not the user's."""
    return os.pathsep.join(d for d in env.get("PATH", "").split(os.pathsep) if os.path.isabs(d))


def _ask_npm(npm: str, env: Mapping[str, str]) -> str | None:
    try:
        answer = subprocess.run(
            [npm, "config", "get", "registry", "--logs-max=0", "--no-update-notifier"],
            cwd=_home(env),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.strip().splitlines()
    return lines[-1].strip() if answer.returncode == 0 and lines and lines[-1] != "undefined" else None


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, value in env.items():
        if re.match(r"npm_config_.", name, re.IGNORECASE) and value:
            key = name[len("npm_config_") :]
            if not key.startswith(("//", "@")):
                key = re.sub(r"(?!^)_", "-", key.lower())
            yield key, (value, name)


def _from_file(path: str, env: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """The keys of an .npmrc: `key = value` lines; sections and arrays say nothing that is asked for here."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            text = file.read(_MAX_BYTES)
    except OSError:
        return
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and key[:1] not in (";", "#", "["):
            yield _expand(key.strip(), env), (_expand(_unquote(value.strip()), env), path)


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.split(r"(?<!\\)[;#]", value)[0].strip()


def _expand(text: str, env: Mapping[str, str]) -> str:
    """`${NAME}` is the variable, or stays as it is where there is none; `${NAME?}` is empty then, as in npm."""

    def variable(match: re.Match[str]) -> str:
        if len(match[1]) % 2:
            return match[0][1:]
        return env.get(match[2], "" if match[3] else match[0])

    return _VARIABLE.sub(variable, text)


def _setting(values: Mapping[str, tuple[str, str]], key: str) -> str | None:
    return os.path.expanduser(values[key][0]) if key in values and values[key][0] else None


def _npm_prefix(env: Mapping[str, str]) -> str | None:
    """Where npm keeps its global npmrc: beside the folder that Node's executable is in."""
    node = shutil.which("node", path=absolute_path(env))
    return os.path.dirname(os.path.dirname(os.path.realpath(node))) if node else None


def _home(env: Mapping[str, str]) -> str:
    return env.get("HOME") or env.get("USERPROFILE") or os.path.expanduser("~")
