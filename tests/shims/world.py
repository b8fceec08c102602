"""A small world for `shims/claude`: a home, a project, a rendered shim, and a fake for everything it may start."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ccpin.launching.shims import render_posix
from ccpin.pinning import flags
from ccpin.store.entry import SETTINGS_MARK
from tests.shims import telling

SHIMS = Path(__file__).parents[2] / "shims"
VERSION = "2.0.14"
DIGEST = "0123456789abcdef" * 4
PLATFORM = "linux-x64"
DEFAULT = flags.PROFILES["default"].env
STRICT = flags.PROFILES["strict"].env
SHELLS = ("dash", "bash", "busybox", "mksh", "zsh", "ksh", "yash")
two_shells = pytest.mark.parametrize("shell", SHELLS[:2], indirect=True)
"""For tables whose rows are run one by one; the other shells get them all at once."""

other_shells = pytest.mark.parametrize("shell", SHELLS[2:], indirect=True)
UTF8 = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
PLATFORMS = (
    "darwin-arm64", "darwin-x64", "linux-arm64", "linux-arm64-musl",
    "linux-x64", "linux-x64-musl", "win32-arm64", "win32-x64",
)  # fmt: skip

FAKE = telling.fake()


def lock_text(
    version: str = VERSION,
    *,
    runtime: str = "native",
    digest: str = DIGEST,
    env: Mapping[str, str] = DEFAULT,
    clean: bool = False,
    node: str | None = None,
) -> str:
    """A lock as ccpin writes it."""
    lines = [
        "# Claude Code release and behaviour flags of this project. Commit this file.",
        "# Written by ccpin: `ccpin use` changes it, `ccpin sync` installs it.",
        "lock-version = 1",
        "",
        "[claude]",
        f'version = "{version}"',
        f'request = "{version}"',
        f'runtime = "{runtime}"',
        *([f'node = "{node}"'] if node else []),
        f'digest = "sha256:{digest}"',
        *(["clean = true"] if clean else []),
        "",
        "[env]",
        *(f'{name} = "{value}"' for name, value in env.items()),
        "",
        "[artifacts]",
        *(f'{name} = {{ size = 381121040, sha256 = "{DIGEST}" }}' for name in PLATFORMS),
    ]
    return "\n".join(lines) + "\n"


def strict(runtime: str = "native") -> str:
    """A lock of the strict profile."""
    return lock_text(runtime=runtime, env=STRICT, clean=True)


def settled(env: Mapping[str, str], *, clean: bool = False) -> dict[str, str]:
    """What `--settings` says where a lock holds `env`."""
    return {**(dict.fromkeys(flags.TABLE, "") if clean else {}), **env}


@dataclass(frozen=True)
class Outcome:
    """How a run of the shim ended. `call` is what the fake told, when one ran."""

    code: int
    out: bytes
    err: bytes
    world: World

    @property
    def call(self) -> dict[str, Any]:
        try:
            return told(self.out)
        except (SyntaxError, ValueError):
            raise AssertionError(f"no fake ran: {self}") from None

    @property
    def who(self) -> str:
        """Which of the fakes ran: "pinned", "python", "next", "node", "own node", or the file's path."""
        path = self.call["file"].encode("latin-1")
        names = {
            os.fsencode(self.world.executable): "pinned",
            os.fsencode(self.world.python): "python",
            os.fsencode(self.world.next): "next",
            os.fsencode(self.world.node): "node",
            os.fsencode(self.world.own_node): "own node",
        }
        return names.get(path, os.fsdecode(path))

    @property
    def argv(self) -> list[bytes]:
        return [word.encode("latin-1") for word in self.call["argv"]]

    @property
    def flags(self) -> dict[str, str] | None:
        """The `env` that stands in the one `--settings` put in front; None where none was."""
        words = self._own_argv
        if words[:1] != [b"--settings"]:
            return None
        settings = json.loads(words[1])
        assert settings.keys() == {"env"}
        env: dict[str, str] = settings["env"]
        return env

    @property
    def words(self) -> list[bytes]:
        """The arguments without what the shim put in front."""
        return self._own_argv[2 if self.flags is not None else 0 :]

    @property
    def _own_argv(self) -> list[bytes]:
        return self.argv[1:] if self.who in ("node", "own node") else self.argv  # there the script is the first one

    @property
    def env(self) -> dict[str, str]:
        env: dict[str, str] = self.call["env"]
        return env


@dataclass
class World:
    """`root` holds all of it; `interpreter` stands in the shim's first line."""

    root: Path
    interpreter: str = "/bin/sh"
    platform: str = PLATFORM
    home: Path = field(init=False)
    project: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home = self.root / "home"
        self.project = self.root / "project"
        self.project.mkdir(parents=True)
        self.path_folder = self.root / "path"
        self.path_folder.mkdir()
        self.next = self.path_folder / "claude"
        self.node = self.path_folder / "node"
        self.python = self.root / "python"

    @property
    def shim(self) -> Path:
        return self.home / "shims" / "claude"

    @property
    def executable(self) -> Path:
        return self.release(VERSION, DIGEST) / self.platform / "claude"

    @property
    def own_node(self) -> Path:
        return self.executable.with_name("node")

    def render(self, python: Path | None = None) -> None:
        """Installs the shim under the home, as `ccpin setup` does."""
        template = (SHIMS / "claude").read_text().replace("#!/bin/sh\n", f"#!{self.interpreter}\n")
        text = render_posix(template, python=str(python or self.python), home=str(self.home), platform=self.platform)
        self.shim.parent.mkdir(parents=True, exist_ok=True)
        program(self.shim, text)

    def furnish(self) -> None:
        """The usual case: set up, locked, installed; a fake in Python's place, and a next `claude` on PATH."""
        self.render()
        self.lock()
        self.install()
        program(self.python, FAKE)
        program(self.next, FAKE)

    def use_node(self, text: str | None = None) -> None:
        """Locks a JavaScript release, installs it, and has its Node.js checked."""
        self.lock(lock_text(runtime="node") if text is None else text)
        self.install(runtime="node")
        program(self.node, FAKE)
        (self.release(VERSION, DIGEST) / "node").symlink_to(self.node)

    def use_own_node(self, text: str | None = None) -> None:
        """Locks a JavaScript release with a Node.js of its own, and installs both."""
        self.lock(lock_text(runtime="node", node="22.23.2") if text is None else text)
        shutil.rmtree(self.release(VERSION, DIGEST))
        self.install(runtime="node", node=True)

    def lock(self, text: str | bytes | None = None, folder: Path | None = None) -> Path:
        path = (folder or self.project) / ".ccpin.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = lock_text() if text is None else text
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def evidence(self, lock: Path | None = None) -> dict[str, str]:
        """What a launch under the usual lock, or another one of the same release, says of itself."""
        path = os.fsencode(lock or self.project / ".ccpin.lock").decode("latin-1")
        return {"CCPIN_VERSION_USED": VERSION, "CCPIN_DIGEST": f"sha256:{DIGEST}", "CCPIN_LOCK": path}

    def release(self, version: str, digest: str) -> Path:
        return self.home / "releases" / f"{version}-{digest[:32]}"

    def install(
        self,
        version: str = VERSION,
        digest: str = DIGEST,
        runtime: str = "native",
        target: Path | None = None,
        *,
        settings: bool = True,
        node: bool = False,
    ) -> Path:
        """A store entry; the executable is `target`, else the fake. `settings`: it takes `--settings`; `node`: it has
        a Node.js of its own."""
        entry = self.release(version, digest) / (self.platform if runtime == "native" or node else "any")
        entry.mkdir(parents=True)
        executable = entry / "claude"
        file = executable
        if runtime == "node":
            file = entry / "package" / "cli.js"
            file.parent.mkdir()
            executable.symlink_to("package/cli.js")
        if target is None:
            program(file, FAKE)
        else:
            shutil.copy(target, file)
        os.utime(file, (1_000_000_000, 1_000_000_000))
        if node:
            program(entry / "node", FAKE)
            (entry / "claude-on-node-22.23.2").touch()
            os.utime(entry / "node", (1_000_000_000, 1_000_000_000))
        if settings:
            (entry / SETTINGS_MARK).touch()
        (entry / "receipt.json").write_text("{}\n")
        return entry

    def run(
        self,
        *arguments: str | bytes,
        cwd: Path | str | None = None,
        env: dict[str, str | bytes] | None = None,
        unset: Sequence[str] = (),
        **options: Any,
    ) -> Outcome:
        """Runs the shim as the kernel does, in the project's folder."""
        full: dict[str, str | bytes] = {"PATH": f"{self.path_folder}:/usr/bin:/bin", "LC_ALL": UTF8}
        full |= {"HOME": str(self.root)} | (env or {})
        for name in unset:
            del full[name]
        options.setdefault("stdin", subprocess.DEVNULL)
        result = subprocess.run(
            [self.shim, *arguments], cwd=cwd or self.project, env=full, capture_output=True, check=False, **options
        )
        return Outcome(result.returncode, result.stdout, result.stderr, self)


def told(out: bytes) -> dict[str, Any]:
    """What a fake says of how it was called."""
    call: dict[str, Any] = ast.literal_eval(out.decode("ascii"))
    return call


NOISE = {"_", "PWD", "OLDPWD", "SHLVL", "LOGNAME", "__CF_USER_TEXT_ENCODING"}
"""What shells set by themselves."""


def difference(before: dict[str, str], after: dict[str, str]) -> dict[str, str | None]:
    names = (before.keys() | after.keys()) - NOISE
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def require(name: str) -> str:
    """The path of a program that tests need. Where it is missing they are skipped, but in CI they fail."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, and CI must not do without")
        pytest.skip(f"{name} is not installed")
    return found


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
