"""npm's configuration, as much of it as tells where the registry is, what opens it, and how it is reached.

Sources, the first that has a key wins: the environment (`npm_config_…`), the user's .npmrc, the global npmrc, the one
that came with npm; for the registry's address at last `npm config get registry`, run from the home folder. A
project's .npmrc is never read: whoever wrote the clone would choose where the executable comes from. So relative
paths are taken from the home folder, never from the current one (`releases.project` only compares one, to name it).
No address is compiled in.

Files are read as npm's `ini` and `@npmcli/config` read them: a test compares the two on a table of files.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from ccpin.errors import BadCredentials, BadRegistryAddress, NoRegistry

SCOPE = "@anthropic-ai"
_MAX_BYTES = 1 << 20
_MOST_ADDRESS = 4096  # characters; a registry names addresses, and each has as many places as it has slashes
_VARIABLE = re.compile(r"(?<!\\)(\\*)\$\{([^${}?]+)(\?)?\}")
_SECTION = re.compile(r"\[[^\]]*\]\s*")
_PORTS = {"http": 80, "https": 443}


class Said(NamedTuple):
    """What a key says, and where: a file and its line (from 1), or a variable's name. A list's items are separated by
    empty lines. `rank` is 0 for the environment, 1 and 2 for the user's and the global file, 3 for npm's own."""

    value: str
    source: str
    line: int | None = None
    rank: int = 0

    @property
    def place(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True)
class NpmConfig:
    """npm's keys, each with its value and where that came from; `files` are the user's and the global one."""

    values: Mapping[str, Said]
    files: tuple[str, ...]

    def get(self, key: str) -> str | None:
        found = self.said(key)
        return found.value if found else None

    def said(self, key: str) -> Said | None:
        """The same with its place; None where it is not there, or empty."""
        found = self.values.get(key)
        return found if found and found.value else None

    def authorization(self, address: str) -> str | None:
        """The Authorization header that this configuration holds for `address`: the longest path that fits, with or
        without a slash at its end. Raises BadCredentials for one that no header can carry.

        An address that climbs (`/mine/../theirs/`) gets none: it is not below what it begins with.
        """
        for place in places(address):
            if header := self._header(place):
                if not (header.isascii() and header.isprintable()):
                    raise BadCredentials(place=place)
                return header
        return None

    def _header(self, place: str) -> str | None:
        if token := self.get(f"{place}:_authToken"):
            return f"Bearer {token.strip()}"
        if basic := self.get(f"{place}:_auth"):
            return f"Basic {basic.strip()}"
        user, password = self.get(f"{place}:username"), self.get(f"{place}:_password")
        if user and password:
            try:
                plain = base64.b64decode(password.strip() + "=" * (-len(password.strip()) % 4), validate=True)
            except (binascii.Error, ValueError):
                raise BadCredentials(place=place) from None
            return "Basic " + base64.b64encode(user.encode(errors="replace") + b":" + plain).decode()
        return None


def places(address: str) -> Iterator[str]:
    """How the keys that are written for an address may begin, the longest first: `//host/path/`, `//host/path`, …
    None for an address that climbs, or is longer than any that a key is written for."""
    parts = urlsplit(address)
    if len(address) > _MOST_ADDRESS or not {".", ".."}.isdisjoint(unquote(parts.path).split("/")):
        return
    place = f"//{_host(parts)}{parts.path or '/'}"
    while place != "//":
        yield place
        place = place[:-1] if place.endswith("/") else place[: place.rfind("/") + 1]


def read_config(env: Mapping[str, str]) -> NpmConfig:
    """All of it merged. Files that are not there count as empty."""
    variables = dict(_from_environment(env))
    user_file = _path("userconfig", env, variables) or os.path.join(_home(env), ".npmrc")
    user = _from_file(user_file, env, 1)
    own_file = _npms_own_file(env)
    own = _from_file(own_file, env, 3) if own_file else {}
    prefix = _path("prefix", env, variables, user, own) or _npm_prefix(env)
    global_file = _path("globalconfig", env, variables, user, own)
    if not global_file and prefix:
        global_file = os.path.join(prefix, "etc", "npmrc")
    shared = _from_file(global_file, env, 2) if global_file else {}
    files = (user_file, global_file) if global_file else (user_file,)
    return NpmConfig({**own, **shared, **user, **variables}, files)


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
            return address, f"{key} in {config.values[key].place}"
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


def _host(parts: SplitResult) -> str:
    """Host and port as npm writes them into a key: lower case, and no port where it is the scheme's own."""
    host = parts.netloc.rpartition("@")[2].lower()
    return host.removesuffix(f":{_PORTS.get(parts.scheme, 0)}")


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
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.strip().splitlines()
    return lines[-1].strip() if answer.returncode == 0 and lines and lines[-1] != "undefined" else None


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, Said]]:
    for name, value in env.items():
        if re.match(r"npm_config_.", name, re.IGNORECASE) and value:
            key = name[len("npm_config_") :]
            if not key.startswith("//"):
                key = re.sub(r"(?!^)_", "-", key.lower())
            yield expand(key, env), Said(expand(value.strip(), env), name)


def _from_file(path: str, env: Mapping[str, str], rank: int) -> dict[str, Said]:
    try:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            text = file.read(_MAX_BYTES)
    except (OSError, ValueError):  # not there, or no name that a file can have
        return {}
    found: dict[str, Said] = {}
    for key, value, line in keys(text):
        name, said = expand(key, env), expand(value, env)
        if len(name) > 2 and name.endswith("[]"):  # a list, one item a line
            name = name[:-2]
            said = f"{found[name].value}\n\n{said}" if name in found else said
        found[name] = Said(said, path, line, rank)
    return found


def keys(text: str) -> Iterator[tuple[str, str, int]]:
    """The keys of an .npmrc, their values and lines, as they are written, up to its first section: npm looks for
    nothing in one."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if _SECTION.fullmatch(line):
            return
        key, equals, value = line.partition("=")
        if equals and line.lstrip()[0] not in ";#":
            yield _unquote(key), _unquote(value), number


def _unquote(text: str) -> str:
    """A key or a value: a JSON string, one in single quotes, or what stands before an unescaped `;` or `#`."""
    text = text.strip()
    if text[:1] in ('"', "'") and text[0] == text[-1]:
        quoted = text[1:-1] if text[0] == "'" else text
        try:
            said = json.loads(quoted)
        except (ValueError, RecursionError):
            return quoted
        return said if isinstance(said, str) else quoted
    bare = re.match(r"(?:\\.|[^\\;#])*\\?", text)
    return re.sub(r"\\([\\;#])", r"\1", bare[0]).strip() if bare else ""


def expand(text: str, env: Mapping[str, str]) -> str:
    """`${NAME}` is the variable, or stays as it is where there is none; `${NAME?}` is empty then, as in npm."""

    def variable(match: re.Match[str]) -> str:
        escapes = match[1]
        if len(escapes) % 2:
            return match[0][(len(escapes) + 1) // 2 :]
        return escapes[len(escapes) // 2 :] + env.get(match[2], "" if match[3] else f"${{{match[2]}}}")

    return _VARIABLE.sub(variable, text)


def _path(key: str, env: Mapping[str, str], *sources: Mapping[str, Said]) -> str | None:
    said = next((source[key].value for source in sources if key in source), None)
    return from_home(said, env) if said else None


def from_home(said: str, env: Mapping[str, str]) -> str:
    """A setting that is a path, made absolute from the home folder."""
    return os.path.normpath(os.path.join(_home(env), said.removeprefix("~/")))


def _npms_own_file(env: Mapping[str, str]) -> str | None:
    """The npmrc in npm's own folder, where packagers (Homebrew, Debian, Node's Windows installer) say where the
    global one is."""
    npm = shutil.which("npm", path=absolute_path(env))
    if npm is None:
        return None
    if sys.platform == "win32":
        return os.path.join(os.path.dirname(npm), "node_modules", "npm", "npmrc")
    script = os.path.realpath(npm)  # …/npm/bin/npm-cli.js; anything else is somebody's wrapper
    return os.path.join(os.path.dirname(script), "..", "npmrc") if script.endswith("/bin/npm-cli.js") else None


def _npm_prefix(env: Mapping[str, str]) -> str | None:
    """Where npm keeps its global npmrc: beside the folder that Node's executable is in."""
    if prefix := env.get("PREFIX"):
        return os.path.join(_home(env), prefix)
    node = shutil.which("node", path=absolute_path(env))
    folder = os.path.dirname(os.path.realpath(node)) if node else None
    return folder if folder is None or sys.platform == "win32" else os.path.dirname(folder)


def _home(env: Mapping[str, str]) -> str:
    return env.get("HOME") or env.get("USERPROFILE") or os.path.expanduser("~")
