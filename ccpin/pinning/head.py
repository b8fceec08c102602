"""The head of a lock: what a launch needs, read exactly as `shims/claude` reads it.

The head is everything before the line `[artifacts]`. Its grammar is small enough for a shell's builtins:

    lines end in LF; words are split at spaces, and at nothing else
    a line is blank, a comment (`#` …), `[table]`, or `name = "value"`, with an optional ` #` comment behind
    `lock-version = 1`, then [claude] with version, request, runtime and digest once each, in any order, and
    `clean = true` at most once, and with runtime "node" also `node` at most once, then [env] with each flag at most
    once and a value of its kind, in which no bracket stands, then [artifacts], where reading stops (so a
    [fingerprint] behind it costs a launch nothing)

All else is "not canonical": the shim hands such a lock over, and the launch reads it as TOML
(`ccpin.pinning.lock`). Because the launch asks this reader first, shell and Python agree by construction; a
property test compares the two. It works on bytes: neither reader knows an encoding. Two things a shell cannot see, a
NUL and a lock that is far too large; there it starts what the head says, and Python refuses. But a head of a thousand
lines it hands over.

On the launch path: nothing beyond ccpin's own list of flags is imported.
"""

from __future__ import annotations

from ccpin.pinning import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = 1
MAX_BYTES = 64 * 1024
"""A lock has about 2 kB. More than this is not read: some readers of TOML take quadratic time."""

RUNTIMES = ("native", "node")
REQUEST_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.<>=!~,*-")
_HEX = frozenset("0123456789abcdef")
_CLAUDE_KEYS = ("version", "request", "runtime", "digest")
_TABLES = ("[claude]", "[env]", "[artifacts]")


class Head:
    """What a lock says about a launch. `digest` is 64 hex digits, `line` where the version stands, from 1; `node` is
    the version of a Node.js of the lock's own, None where the one on PATH serves, or none is needed."""

    __slots__ = ("clean", "digest", "env", "line", "node", "request", "runtime", "version")

    def __init__(
        self,
        version: str,
        request: str,
        runtime: str,
        digest: str,
        env: dict[str, str],
        line: int,
        *,
        clean: bool = False,
        node: str | None = None,
    ) -> None:
        self.version = version
        self.request = request
        self.runtime = runtime
        self.digest = digest
        self.env = env
        self.line = line
        self.clean = clean
        self.node = node


def read_head(data: bytes, takes: Callable[[str, str], bool] | None = None) -> Head | None:
    """The head of a lock, or None when it is not canonical. `takes` says which flags may stand there with which values,
    instead of those that the shim takes."""
    if b"\0" in data:
        return None
    section = ""
    values: dict[str, str] = {}
    env: dict[str, str] = {}
    version_line = 0
    for number, line in enumerate(_whole_lines(data), 1):
        words = _words(line)
        if not words:
            continue
        if len(words) == 1:
            if not _is_next_table(words[0], section, values):
                return None
            section = words[0]
            if section == "[artifacts]":
                return Head(
                    **_claude(values), env=env, line=version_line, clean="clean" in values, node=values.get("node")
                )
            continue
        if not (_take_flag(words, env, takes or _fits) if section == "[env]" else _take_value(words, section, values)):
            return None
        if words[0] == "version":
            version_line = number
    return None  # cut off before [artifacts]: not complete


def is_version(text: str) -> bool:
    """`N.N.N`: digits without leading zeros, at most 20 characters. A path is built from it."""
    parts = text.split(".")
    return (
        len(parts) == 3
        and len(text) <= 20
        and text.isascii()
        and all(part.isdigit() and (part == "0" or part[0] != "0") for part in parts)
    )


def is_request(text: str) -> bool:
    """What may stand behind `request =`; what it means is another question (`ccpin.pinning.request`)."""
    return bool(text) and REQUEST_CHARACTERS.issuperset(text)


def is_digest(text: str) -> bool:
    """`sha256:` and 64 lower-case hex digits."""
    return len(text) == 71 and text.startswith("sha256:") and _HEX.issuperset(text[7:])


def version_key(version: str) -> tuple[int, int, int]:
    """What versions are ordered by. `version` is `N.N.N`."""
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


_CHECKS = {
    "version": is_version,
    "request": is_request,
    "runtime": RUNTIMES.__contains__,
    "node": is_version,
    "digest": is_digest,
}


def _whole_lines(data: bytes) -> list[str]:
    """The lines that end in LF; latin-1 keeps every byte as one character."""
    return data.decode("latin-1").split("\n")[:-1]


def _words(line: str) -> list[str] | None:
    """The words of a line without its comment: none, `[table]`, or name and value; an odd line gives a lone "?"."""
    words = [word for word in line.split(" ") if word]
    if not words or words[0].startswith("#"):
        return None
    if len(words) == 1 or words[1].startswith("#"):
        return words[:1]
    if len(words) < 3 or words[1] != "=" or (len(words) > 3 and not words[3].startswith("#")):
        return ["?"]
    return [words[0], words[2]]


def _is_next_table(table: str, section: str, values: dict[str, str]) -> bool:
    """Whether `table` is the one that comes behind `section`, which must be complete."""
    done = -1 if not section else _TABLES.index(section)
    complete = "lock-version" in values and (done < 0 or _is_whole(values))
    return complete and done + 1 < len(_TABLES) and table == _TABLES[done + 1]


def _is_whole(values: dict[str, str]) -> bool:
    """Whether [claude] says all that it must, and a Node.js only where one is needed."""
    return values.keys() >= set(_CLAUDE_KEYS) and ("node" not in values or values["runtime"] == "node")


def _take_value(words: list[str], section: str, values: dict[str, str]) -> bool:
    name, value = words
    if name in values:
        return False
    if not section:
        values[name] = value
        return name == "lock-version" and value == str(FORMAT)
    if name == "clean":
        values[name] = value
        return value == "true"
    value = _unquote(value)
    values[name] = value
    return name in _CHECKS and _CHECKS[name](value)


def _take_flag(words: list[str], env: dict[str, str], takes: Callable[[str, str], bool]) -> bool:
    name, value = words[0], _unquote(words[1])
    if name in env or not takes(name, value):
        return False
    env[name] = value
    return True


def _fits(name: str, value: str) -> bool:
    return not flags.problem(name, value) and "[" not in value and "]" not in value  # in a shell, brackets are globs


def _unquote(word: str) -> str:
    """The text between the quotes; an impossible value where they are missing."""
    return word[1:-1] if len(word) >= 2 and word[0] == word[-1] == '"' else '"'


def _claude(values: dict[str, str]) -> dict[str, str]:
    return {
        "version": values["version"],
        "request": values["request"],
        "runtime": values["runtime"],
        "digest": values["digest"][7:],
    }
