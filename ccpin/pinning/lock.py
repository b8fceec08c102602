"""The lock: what a project says, as one value, and the text that people commit.

`parse` reads any valid TOML of the format; `render` writes the canonical text, or, over a lock that somebody has
added to, changes only what must change. Both are pure. The text holds no address, time, user or ccpin version:
two people who lock the same request write the same bytes.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ccpin.errors import DigestMismatch, FlagRefused, LockConflict, LockFromTheFuture, LockInvalid
from ccpin.pinning import flags, head
from ccpin.pinning.artifacts import Artifact, artifact_lines, is_npm_integrity, is_platform, misfit, read_artifact
from ccpin.pinning.proof import Proof, read_proof

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ("Artifact", "Lock", "is_npm_integrity", "is_platform", "parse", "render")

_HEADER = """\
# Claude Code release and behaviour flags of this project. Commit this file.
# Written by ccpin: `ccpin use` changes it, `ccpin sync` installs it.
"""
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |\r?$)", re.MULTILINE)
_MAX_LINE = 500  # characters
_MAX_PLATFORMS = 64
_NAMES = {int: "huge number", list: "list", dict: "table"}  # what else TOML has is a date or a time


@dataclass(frozen=True)
class Lock:
    """What a project says. `env` is name -> value, `artifacts` platform -> Artifact, both in canonical order; `clean`
    that a launch takes away what else of the table is set. `line` is where the version stands in a text that was read.

    `node` is the version of a Node.js of the lock's own, for a JavaScript release; then `artifacts` also holds, under
    `node-<platform>`, what carries it. None: the Node.js on PATH serves, or none is needed.

    `proof` is what the release was seen to send under these flags, where somebody asked for that.
    """

    version: str
    request: str
    runtime: str
    artifacts: Mapping[str, Artifact]
    env: Mapping[str, str] = field(default_factory=lambda: dict(flags.PROFILES["default"].env))
    clean: bool = False
    line: int = field(default=0, compare=False)
    node: str | None = field(default=None, kw_only=True)
    proof: Proof | None = field(default=None, kw_only=True)

    @property
    def digest(self) -> str:
        """64 hex digits over the artifacts: the name of the store entry."""
        return hashlib.sha256(artifact_lines(self.artifacts).encode()).hexdigest()

    def head(self) -> head.Head:
        env = dict(sorted(self.env.items()))
        return head.Head(
            self.version,
            self.request,
            self.runtime,
            self.digest,
            env,
            self.line,
            clean=self.clean,
            node=self.node,
        )


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
    node = f'node = "{lock.node}"\n' if lock.node is not None else ""
    proof = "" if lock.proof is None else f"\n{lock.proof.lines()}"
    return (
        f"{_HEADER}lock-version = {head.FORMAT}\n\n"
        f'[claude]\nversion = "{lock.version}"\nrequest = "{lock.request}"\n'
        f'runtime = "{lock.runtime}"\n{node}digest = "sha256:{lock.digest}"\n{clean}\n'
        f"[env]\n{env}\n[artifacts]\n{artifact_lines(lock.artifacts)}{proof}"
    )


def _rewrite(lock: Lock, old: str) -> str:
    import tomlkit

    document: Any = tomlkit.parse(old)
    claude = document["claude"]
    for key in ("version", "request", "runtime"):
        claude[key] = getattr(lock, key)
    claude["digest"] = f"sha256:{lock.digest}"
    for key, value in (("node", lock.node), ("clean", lock.clean or None)):
        if value is None:
            claude.pop(key, None)
        else:
            claude[key] = value
    _replace(document["env"], {name: tomlkit.string(value) for name, value in sorted(lock.env.items())})
    fresh: Any = tomlkit.parse(f"[artifacts]\n{artifact_lines(lock.artifacts)}")
    _replace(document["artifacts"], dict(fresh["artifacts"].items()))
    _replace_proof(document, lock.proof)
    return str(tomlkit.dumps(document))


def _replace_proof(document: Any, proof: Proof | None) -> None:
    import tomlkit

    if proof is None:
        document.pop("fingerprint", None)
    elif "fingerprint" in document:
        _replace(document["fingerprint"], proof.table())
    else:
        document["fingerprint"] = tomlkit.parse(proof.lines())["fingerprint"]


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
        node = self.node(claude, runtime)
        digest = self.word(claude, "claude", "digest", head.is_digest, "sha256: and 64 hex digits")
        if len(self.table("artifacts")) > _MAX_PLATFORMS:
            self.refuse(self.line("", "artifacts"), f"it names more than {_MAX_PLATFORMS} platforms")
        artifacts = {key: self.artifact(key, value) for key, value in self.table("artifacts").items()}
        self.check_artifacts(runtime, node, artifacts)
        lock = Lock(
            version,
            request,
            runtime,
            dict(sorted(artifacts.items())),
            self.env(),
            self.clean(claude),
            self.line("claude", "version"),
            node=node,
            proof=self.proof(),
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

    def node(self, table: dict[str, Any], runtime: str) -> str | None:
        if "node" not in table:
            return None
        if runtime != "node":
            self.refuse(self.line("claude", "node"), f'`node` is for runtime "node", and this release is {runtime}')
        return self.word(table, "claude", "node", head.is_version, "N.N.N")

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

    def proof(self) -> Proof | None:
        if "fingerprint" not in self.tables:
            return None
        found = read_proof(self.tables["fingerprint"])
        if isinstance(found, Proof):
            return found
        key, reason = found
        return self.refuse(self.line("fingerprint", key) or self.line("", "fingerprint"), reason)

    def artifact(self, key: str, value: Any) -> Artifact:
        if artifact := read_artifact(value):
            return artifact
        reason = f"the artifact of `{_shown(key)}` is neither {{ size, sha256 }} nor {{ npm }}"
        return self.refuse(self.line("artifacts", key), reason)

    def check_artifacts(self, runtime: str, node: str | None, artifacts: Mapping[str, Artifact]) -> None:
        if fault := misfit(runtime, node, artifacts):
            key, reason = fault
            self.refuse(self.line("", "artifacts") if key is None else self.line("artifacts", key), reason)

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


def _shown(value: object) -> str:
    """A value out of a lock, short enough for a sentence."""
    # Digits and depth have no bound in TOML, but in Python's repr they have.
    small = isinstance(value, (bool, float)) or (isinstance(value, int) and value.bit_length() < 64)
    text = value if isinstance(value, str) else repr(value) if small else f"a {_NAMES.get(type(value), 'date')}"
    return text if len(text) <= 60 else text[:57] + "..."
