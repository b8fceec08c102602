"""The lock: what a project says, as one value, and the text that people commit.

`parse` reads any valid TOML of the format; `render` writes the canonical text, or, over a lock that somebody has
added to, changes only what must change. Both are pure. The text holds no address, time, user or ccpin version:
two people who lock the same request write the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ccpin.errors import DigestMismatch, FlagRefused, LockConflict, LockFromTheFuture, LockInvalid
from ccpin.pinning import flags, head
from ccpin.platforms import ANY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_HEADER = """\
# Claude Code release and behaviour flags of this project. Commit this file.
# Written by ccpin: `ccpin use` changes it, `ccpin sync` installs it.
"""
_PLATFORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+){1,3}")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |\r?$)", re.MULTILINE)
_MAX_LINE = 500  # characters
_MAX_PLATFORMS = 64
_MAX_ARTIFACT = 1 << 32  # bytes; the largest executable so far has 388 MB


@dataclass(frozen=True)
class Artifact:
    """What one platform's bytes must be.

    Either `sha256` (64 hex digits) and `size` (bytes) of the executable itself, from the release manifest, or
    `npm`, the registry's integrity of the tarball (`sha512-` and base64), where there is no manifest.
    """

    sha256: str | None = None
    size: int | None = None
    npm: str | None = None

    def line(self, platform: str) -> str:
        """The canonical line of a lock, without its line end."""
        if self.npm is not None:
            return f'{platform} = {{ npm = "{self.npm}" }}'
        return f'{platform} = {{ size = {self.size}, sha256 = "{self.sha256}" }}'


@dataclass(frozen=True)
class Lock:
    """What a project says. `env` is name -> value, `artifacts` platform -> Artifact, both in canonical order; `clean`
    that a launch takes away what else of the table is set. `line` is where the version stands in a text that was read.
    """

    version: str
    request: str
    runtime: str
    artifacts: Mapping[str, Artifact]
    env: Mapping[str, str] = field(default_factory=lambda: dict(flags.PROFILES["default"].env))
    clean: bool = False
    line: int = field(default=0, compare=False)

    @property
    def digest(self) -> str:
        """64 hex digits over the artifacts: the name of the store entry."""
        return hashlib.sha256(_artifact_lines(self.artifacts).encode()).hexdigest()

    def head(self) -> head.Head:
        env = dict(sorted(self.env.items()))
        return head.Head(self.version, self.request, self.runtime, self.digest, env, self.line, clean=self.clean)


def parse(data: bytes, where: str, allowed: frozenset[str] = frozenset()) -> Lock:
    """The lock in `data`; `where` is its path, for messages, `allowed` the names that this user lets locks set
    beyond the table.

    Raises LockConflict, LockFromTheFuture, LockInvalid, FlagRefused, DigestMismatch, each with file and line.
    """
    return _Reader(data, where, allowed).lock()


def render(lock: Lock, old: str | None = None, allowed: frozenset[str] = frozenset()) -> str:
    """The text of `lock`. Over an `old` valid text, its unknown keys and comments survive; `allowed` as in `parse`."""
    if old is None or old == _canonical(parse(old.encode(), "", allowed)):
        return _canonical(lock)
    return _rewrite(lock, old)


def _canonical(lock: Lock) -> str:
    env = "".join(f'{name} = "{value}"\n' for name, value in sorted(lock.env.items()))
    clean = "clean = true\n" if lock.clean else ""
    return (
        f"{_HEADER}lock-version = {head.FORMAT}\n\n"
        f'[claude]\nversion = "{lock.version}"\nrequest = "{lock.request}"\n'
        f'runtime = "{lock.runtime}"\ndigest = "sha256:{lock.digest}"\n{clean}\n'
        f"[env]\n{env}\n[artifacts]\n{_artifact_lines(lock.artifacts)}"
    )


def _artifact_lines(artifacts: Mapping[str, Artifact]) -> str:
    return "".join(artifact.line(platform) + "\n" for platform, artifact in sorted(artifacts.items()))


def _rewrite(lock: Lock, old: str) -> str:
    import tomlkit

    document: Any = tomlkit.parse(old)
    claude = document["claude"]
    for key in ("version", "request", "runtime"):
        claude[key] = getattr(lock, key)
    claude["digest"] = f"sha256:{lock.digest}"
    if lock.clean:
        claude["clean"] = True
    else:
        claude.pop("clean", None)
    _replace(document["env"], {name: tomlkit.string(value) for name, value in sorted(lock.env.items())})
    fresh: Any = tomlkit.parse(f"[artifacts]\n{_artifact_lines(lock.artifacts)}")
    _replace(document["artifacts"], dict(fresh["artifacts"].items()))
    return str(tomlkit.dumps(document))


def _replace(table: Any, wanted: Mapping[str, Any]) -> None:
    """Makes `table` hold `wanted`, leaving what is the same where it stands, with its comment."""
    for key in [key for key in table if key not in wanted]:
        del table[key]
    for key, value in wanted.items():
        if key not in table or table[key] != value:
            table[key] = value


class _Reader:
    """One reading of one text: the checks of the format, each with the line that it is about."""

    def __init__(self, data: bytes, where: str, allowed: frozenset[str]) -> None:
        self.where = where
        self.allowed = allowed
        try:
            self.text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            self.refuse(data[: error.start].count(b"\n") + 1, "it is not UTF-8 text")
        if conflict := _CONFLICT.search(self.text):
            raise LockConflict(where=self.at(self.text.count("\n", 0, conflict.start()) + 1))
        for number, line in enumerate(self.text.split("\n"), 1):
            if len(line) > _MAX_LINE:
                self.refuse(number, f"the line has more than {_MAX_LINE} characters")
        try:
            self.tables: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"\(at line (\d+)", str(error))
            number = int(at[1]) if at else len(self.text.splitlines())
            self.refuse(number, re.sub(r" \(at .*\)$", "", str(error)).lower())
        except RecursionError:
            self.refuse(1, "it is nested too deeply")
        except ValueError:  # Python reads no number of more than 4,300 digits
            self.refuse(1, "it holds a number that is far too long")

    def lock(self) -> Lock:
        self.check_format()
        claude = self.table("claude")
        version = self.word(claude, "claude", "version", head.is_version, "N.N.N")
        request = self.word(claude, "claude", "request", head.is_request, "a version request")
        runtime = self.word(claude, "claude", "runtime", head.RUNTIMES.__contains__, '"native" or "node"')
        digest = self.word(claude, "claude", "digest", head.is_digest, "sha256: and 64 hex digits")
        if len(self.table("artifacts")) > _MAX_PLATFORMS:
            self.refuse(self.line("", "artifacts"), f"it names more than {_MAX_PLATFORMS} platforms")
        artifacts = {key: self.artifact(key, value) for key, value in self.table("artifacts").items()}
        self.check_platforms(runtime, artifacts)
        lock = Lock(
            version,
            request,
            runtime,
            dict(sorted(artifacts.items())),
            self.env(),
            self.clean(claude),
            self.line("claude", "version"),
        )
        if lock.digest != digest[7:]:
            raise DigestMismatch(
                where=self.at(self.line("claude", "digest")),
                said=digest,
                made=f"sha256:{lock.digest}",
                version=version,
            )
        return lock

    def check_format(self) -> None:
        found = self.tables.get("lock-version")
        line = self.line("", "lock-version")
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            self.refuse(line, "`lock-version = 1` is missing: it may not be a lock of ccpin's")
        if found > head.FORMAT:
            from ccpin import __version__

            raise LockFromTheFuture(
                where=self.at(line),
                found=_shown(found),
                known=head.FORMAT,
                ccpin=__version__,
                needed=f"the one that writes `lock-version = {_shown(found)}`",
            )

    def table(self, name: str) -> dict[str, Any]:
        table = self.tables.get(name)
        if not isinstance(table, dict):
            self.refuse(max(1, self.line("", name)), f"the table [{name}] is missing")
        return table

    def word(self, table: dict[str, Any], name: str, key: str, check: Any, form: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not check(value):
            shown = "is missing" if value is None else f"is {_shown(value)}"
            self.refuse(self.line(name, key) or self.line("", name), f"`{key}` {shown}, not {form}")
        return value

    def clean(self, table: dict[str, Any]) -> bool:
        clean = table.get("clean", False)
        if not isinstance(clean, bool):
            self.refuse(self.line("claude", "clean"), f"`clean` is {_shown(clean)}, not true or false")
        return clean

    def env(self) -> dict[str, str]:
        env = self.table("env")
        for name, value in env.items():
            if reason := flags.problem(name, value, self.allowed):
                raise FlagRefused(where=self.at(self.line("env", name)), name=_shown(name), reason=reason)
        return dict(sorted(env.items()))

    def artifact(self, platform: str, value: Any) -> Artifact:
        if isinstance(value, dict) and value.keys() == {"npm"} and is_npm_integrity(value["npm"]):
            return Artifact(npm=value["npm"])
        if isinstance(value, dict) and value.keys() == {"size", "sha256"}:
            size, sha256 = value["size"], value["sha256"]
            sized = isinstance(size, int) and not isinstance(size, bool) and 0 < size < _MAX_ARTIFACT
            if sized and isinstance(sha256, str) and head.is_digest(f"sha256:{sha256}"):
                return Artifact(sha256=sha256, size=size)
        line = self.line("artifacts", platform)
        return self.refuse(line, f"the artifact of `{_shown(platform)}` is neither {{ size, sha256 }} nor {{ npm }}")

    def check_platforms(self, runtime: str, artifacts: Mapping[str, Artifact]) -> None:
        line = self.line("", "artifacts")
        if runtime == "node" and (artifacts.keys() != {ANY} or artifacts[ANY].npm is None):
            self.refuse(line, 'a release of runtime "node" has one artifact, `any`, with its npm integrity')
        if runtime == "native" and not artifacts:
            self.refuse(line, "there is no artifact")
        for platform in artifacts:
            if runtime == "native" and not is_platform(platform):
                self.refuse(self.line("artifacts", platform), f"`{_shown(platform)}` is not a platform")

    def line(self, table: str, key: str) -> int:
        """Where `key` stands in `table`, from 1; 0 when it does not. Good for the forms that people write."""
        current = ""
        for number, line in enumerate(self.text.split("\n"), 1):
            stripped = line.strip()
            if stripped.startswith("["):
                current = stripped.strip("[]# \t").split("]")[0].strip()
                if not table and current == key:
                    return number
            elif current == table and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*[=.]", stripped):
                return number
        return 0

    def at(self, line: int) -> str:
        return f"{self.where}:{max(1, line)}"

    def refuse(self, line: int, reason: str) -> NoReturn:
        raise LockInvalid(where=self.at(line), reason=reason)


def is_platform(text: str) -> bool:
    """A name such as `linux-x64-musl`, known to this ccpin or not; safe as a TOML key and as a folder."""
    return len(text) <= 60 and _PLATFORM.fullmatch(text) is not None


def is_npm_integrity(text: object) -> bool:
    """`sha512-` and the base64 of 64 bytes, as npm writes it."""
    if not isinstance(text, str) or not text.startswith("sha512-"):
        return False
    try:
        raw = base64.b64decode(text[7:], validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 64 and base64.b64encode(raw).decode() == text[7:]


def _shown(value: object) -> str:
    """A value out of a lock, short enough for a sentence."""
    # Digits and depth have no bound in TOML, but in Python's repr they have.
    small = isinstance(value, (bool, float)) or (isinstance(value, int) and value.bit_length() < 64)
    text = value if isinstance(value, str) else repr(value) if small else f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
