"""A user of the real registry: a home and a store of their own, and nothing of whoever runs the tests.

user.ccpin("use", "2.0.14", cwd=project).ok()
assert user.claude("--version", cwd=project).ok().out == "2.0.14 (Claude Code)\n"

ccpin gets the network, and what says how to reach the registry. Claude Code gets a bare environment, in a network
namespace with nothing but a loopback wherever one can be made (`isolation`).
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ccpin.paths import Home
from tests.fakes.box import Completed
from tests.fakes.pythons import with_ccpin

ERAS = (
    "0.2.9",
    "0.2.35",
    "1.0.51",
    "1.0.100",
    "2.0.14",
    "2.0.64",
    "2.1.0",
    "2.1.112",
    "2.1.113",
    "2.1.200",
    "2.1.330",
)
"""One release of each era, and all that the cache of downloads ever holds."""

JAVASCRIPT, NATIVE = "2.0.14", ERAS[-1]

_TIMEOUT = 240
_KEPT = re.compile(
    r"ssl_\w+|\w*_ca_bundle|\w*_ca_certs|\w*_ssl_cainfo|\w+_ssl_cert_file|\w+_proxy"  # certificates, proxies
    r"|npm_config_.+|pip_\w+|uv_\w+|ccpin_npm_registry|coverage_\w+",
    re.IGNORECASE,
)


class Environment(dict[str, str]):
    """An environment that a failed test does not show: it may hold credentials, and CI's log is read by many."""

    def __repr__(self) -> str:
        return f"<{len(self)} variables>"


def answer(version: str) -> str:
    """What `claude --version` prints. The first releases say the bare number (seen in 0.2.9; not in 0.2.35)."""
    return f"{version}\n" if version == "0.2.9" else f"{version} (Claude Code)\n"


def require(program: str, env: Mapping[str, str]) -> str:
    """The path of a program that a test needs. CI has them all; elsewhere the test is skipped."""
    return shutil.which(program, path=env.get("PATH")) or missing(f"there is no `{program}`", env)


def missing(what: str, env: Mapping[str, str]) -> str:
    """Fails the test where CI runs it, else skips it."""
    if env.get("CI"):
        pytest.fail(f"{what}, and CI must have it", pytrace=False)
    pytest.skip(what)


def reaching(env: Mapping[str, str], **more: str) -> Environment:
    """What of an environment says how to reach the registry and the package index, and `more`."""
    return Environment({name: value for name, value in env.items() if _KEPT.fullmatch(name)} | more)


@functools.cache
def isolation() -> tuple[str, ...]:
    """The command that runs another one without any network, or nothing where there is none."""
    unshare = shutil.which("unshare")
    for options in (["-n"], ["-rn"]):
        if unshare and subprocess.run([unshare, *options, "true"], capture_output=True, check=False).returncode == 0:
            return (unshare, *options)
    return ()


def run(
    argv: Sequence[str | Path], cwd: Path, env: Mapping[str, str], *, isolated: bool = False, timeout: int = _TIMEOUT
) -> Completed:
    """Runs a command with this environment and no other, no stdin, and no terminal."""
    done = subprocess.run(
        [*(isolation() if isolated else ()), *map(str, argv)],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=timeout,
        start_new_session=True,
        check=False,
    )
    return Completed(done.returncode, done.stdout, done.stderr)


class User:
    """`root` is theirs alone. With `cache`, a ccpin home, the releases are that one's: each is downloaded once."""

    def __init__(self, root: Path, real_env: Mapping[str, str], cache: Path | None = None) -> None:
        self.root = root
        self.home, self.tools, self.ccpin_home = root / "home", root / "tools", root / "ccpin home"
        for folder in (self.home, self.tools, self.ccpin_home):
            folder.mkdir(parents=True)
        for name in ("releases", "locks") if cache else ():
            (self.ccpin_home / name).symlink_to(Path(str(cache), name))
        self.layout = Home(str(self.ccpin_home))
        self.real_path = real_env["PATH"]
        for name in ("node", "sh"):
            (self.tools / name).symlink_to(require(name, real_env))
        self.bare = {"HOME": str(self.home), "PATH": os.pathsep.join([self.layout.shims, str(self.tools)])}
        self.env = reaching(real_env, **self.bare, CCPIN_HOME=str(self.ccpin_home))
        self.env["PATH"] += os.pathsep + self.real_path
        npmrc = Path(real_env.get("HOME", ""), ".npmrc")
        if npmrc.is_file():
            self.env.setdefault("NPM_CONFIG_USERCONFIG", str(npmrc))

    def set_up(self) -> User:
        """`ccpin setup`, so that `claude` is the shim."""
        self.ccpin("setup", cwd=self.root).ok()
        return self

    def isolate_node(self) -> None:
        """Takes the network from what runs on Node, for a launch that installs first and so needs it itself."""
        node = self.tools / "node"
        command = [*isolation(), os.path.realpath(node)]
        node.unlink()
        node.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
        node.chmod(0o755)

    def project(self, name: str = "project") -> Path:
        folder = self.root / name
        folder.mkdir(parents=True)
        return folder

    def ccpin(self, *args: str, cwd: Path) -> Completed:
        return run([with_ccpin(), "-m", "ccpin", *args], cwd, self.env)

    def claude(self, *args: str, cwd: Path, path: str = "") -> Completed:
        """The `claude` that is first on PATH, without network; `path` is a folder to append to PATH."""
        env = {**self.bare, "PATH": self.bare["PATH"] + (os.pathsep + path if path else "")}
        return run([self.layout.shim(), *args], cwd, env, isolated=True)
