"""A machine for one test: a home, a store, a project, a PATH, and nothing of the real ones.

box.ccpin("use", "2.0.14").ok()
assert box.claude("-p", "hi").json["argv"] == ["-p", "hi"]
before = box.snapshot(); …; assert box.snapshot() == before
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ccpin.paths import LOCK_NAME, Home
from tests.fakes import claude, looking, nobody, pythons

_TIMEOUT = 120

_TOOLS = """sh bash dash zsh ksh mksh yash fish busybox env cat cp mv rm mkdir rmdir ls ln chmod touch find sed
grep awk tr cut head tail sort wc tee printf echo test true false expr sleep kill ps id uname dirname basename
readlink realpath pwd mktemp stat date tar gzip gunzip sha256sum shasum cmp diff xargs which git"""


@dataclasses.dataclass(frozen=True)
class Completed:
    """A process that has ended. Bytes that are not UTF-8 are surrogates in `out` and `err`."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The first line of stdout that is a JSON object or list."""
        line = next((line for line in self.out.splitlines() if line[:1] in ("{", "[")), None)
        assert line is not None, f"no JSON in {self}"
        with contextlib.suppress(ValueError):
            return json.loads(line)
        return json.loads(self.out)

    def ok(self) -> Completed:
        """Itself; fails the test where the command failed."""
        assert self.code == 0, f"exit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"
        return self

    def failed(self, code: int = 1) -> Completed:
        """Itself; fails the test where the exit code is another."""
        assert self.code == code, f"exit code {self.code}, not {code}\n--- out\n{self.out}\n--- err\n{self.err}"
        return self


class Box:
    """`env` is what every process gets; change it freely. Fakes lie in `bin`, first on PATH, with a `node`."""

    def __init__(self, root: Path, registry: str) -> None:
        self.root = root.resolve()
        self.home, self.project, self.bin = self.root / "home", self.root / "project", self.root / "bin"
        self.ccpin_home = self.root / "ccpin home"  # a blank, as in many real ones
        self.layout = Home(str(self.ccpin_home))
        self.lock = self.project / LOCK_NAME
        self.tools, self.temp = self.root / "tools", self.root / "tmp"
        for folder in (self.home, self.project, self.bin, self.temp):
            folder.mkdir()
        self.tools.symlink_to(_tools())
        claude.fake_node(self.bin)
        self.env = {
            "PATH": os.pathsep.join([str(self.bin), *_system_path(self.tools)]),
            "HOME": str(self.home),
            "TMPDIR": str(self.temp),
            "CCPIN_HOME": str(self.ccpin_home),
            "CCPIN_NPM_REGISTRY": registry,
            "CCPIN_SOURCE": "npm",  # or a test that fails would ask upstream's own channel
            **_inherited(),
        }

    # --- running

    def ccpin(
        self,
        *args: str,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        stdin: str | None = None,
    ) -> Completed:
        """`ccpin args…` in the project. `env` is laid over `box.env`; None takes a name away."""
        return self.run(self.ccpin_argv(*args), cwd=cwd, env=env, stdin=stdin)

    def claude(
        self,
        *args: str,
        shell: str | None = None,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        stdin: str | None = None,
    ) -> Completed:
        """The shim that `ccpin setup` installed, by itself or under a shell (`dash`, `busybox ash`)."""
        return self.run(self.claude_argv(*args, shell=shell), cwd=cwd, env=env, stdin=stdin)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        stdin: str | None = None,
    ) -> Completed:
        """Any command of this machine. Without `stdin` it gets none."""
        return self._run([str(arg) for arg in argv], cwd, env, stdin, {})

    def _run(
        self,
        argv: list[str],
        cwd: str | Path | None,
        env: Mapping[str, str | None] | None,
        stdin: str | None,
        credentials: dict[str, Any],
    ) -> Completed:
        done = subprocess.run(
            argv,
            cwd=cwd or self.project,
            env=self.environment(env),
            input=stdin or "",
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_TIMEOUT,
            check=False,
            **credentials,
        )
        return Completed(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def start(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
    ) -> Iterator[subprocess.Popen[str]]:
        """The same without waiting, in a session of its own, for signals; at the end all of it is killed."""
        process = subprocess.Popen(
            [str(arg) for arg in argv],
            cwd=cwd or self.project,
            env=self.environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            start_new_session=True,
            preexec_fn=_listen,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                _kill_session(process)
            process.communicate()

    def unprivileged(
        self,
        *args: str,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        stdin: str | None = None,
    ) -> Completed:
        """`ccpin args…` as somebody whom file permissions bind.

        Where the tests run as root that is uid 65534, and the first call gives everything here to it
        (`give_away`). Other files that the test makes later stay root's.
        """
        return self.run_unprivileged(["-m", "ccpin", *args], cwd=cwd, env=env, stdin=stdin)

    def run_unprivileged(
        self,
        python_args: Sequence[str],
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str | None] | None = None,
        stdin: str | None = None,
    ) -> Completed:
        """`python args…` as that user."""
        if not nobody.is_root():
            return self.run([pythons.with_ccpin(), *python_args], cwd=cwd, env=env, stdin=stdin)
        python, path = nobody.interpreter(pythons.REPOSITORY)
        if self.root.stat().st_uid != nobody.UID:
            self.give_away()
        over = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        over |= dict.fromkeys((name for name in os.environ if name.startswith("COVERAGE_")), None)
        return self._run([python, *python_args], cwd, over, stdin, nobody.credentials())

    def give_away(self) -> None:
        """Make uid 65534 the owner of everything here, when the tests run as root."""
        if nobody.is_root():
            for path in (self.root, *self.root.rglob("*")):
                os.chown(path, nobody.UID, nobody.UID, follow_symlinks=False)

    def ccpin_argv(self, *args: str) -> list[str]:
        return [pythons.with_ccpin(), "-m", "ccpin", *args]

    def claude_argv(self, *args: str, shell: str | None = None) -> list[str]:
        """Skips the test where this machine has no such shell."""
        if shell is None:
            return [self.layout.shim(), *args]
        program, *applet = shell.split()
        path = shutil.which(program, path=self.env["PATH"])
        if path is None:
            pytest.skip(f"no {program} on this machine")
        return [path, *applet, self.layout.shim(), *args]

    def environment(self, over: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """`env` with names laid over it, and what a measured test run has to hand on."""
        coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        merged: dict[str, str | None] = {**coverage, **self.env, **(over or {})}
        return {name: value for name, value in merged.items() if value is not None}

    def put_shims_first(self) -> None:
        """What `ccpin setup` does for new shells."""
        self.env["PATH"] = self.layout.shims + os.pathsep + self.env["PATH"]

    def take_away(self, tool: str) -> None:
        """Makes this a machine without a program that it has (`git`)."""
        left = {path.name: path.readlink() for path in self.tools.iterdir() if path.name != tool}
        self.tools.unlink()
        self.tools.mkdir()
        for name, path in left.items():
            (self.tools / name).symlink_to(path)

    def folder(self, name: str) -> Path:
        """Another folder of the project, made when it is not there: `box.folder("deep/er")`."""
        path = self.project / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    # --- looking

    def snapshot(self) -> dict[str, str]:
        """Mode and digest of every file of the project, of the store's whole entries, and of the user's
        choices (default lock, minimum version). Equal snapshots: nothing that counts has changed."""
        project = {f"project/{name}": what for name, what in looking.tree(self.project).items()}
        store = {f"store/{name}": what for name, what in looking.tree(self.ccpin_home).items()}
        return project | {name: what for name, what in store.items() if looking.counts(name[6:])}

    def entries(self) -> list[str]:
        """The whole entries of the store: `2.0.14-0123456789abcdef0123456789abcdef/any`."""
        names = (f"{place.parent.name}/{place.name}" for place in Path(self.layout.releases).glob("*/*"))
        return sorted(name for name in names if looking.counts(f"releases/{name}"))


def _listen() -> None:
    """Who starts the tests in the background, or under nohup, has these ignored, and that is handed on."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _kill_session(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


@functools.cache
def _tools() -> Path:
    """A folder with the programs that tests may use, one for all boxes: it is half the work of making one. Links to
    them, not their folders, stand on PATH: in those there may be a real node, npm or claude."""
    folder = Path(tempfile.mkdtemp(prefix="ccpin-test-tools-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    path = "/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin"
    for name in _TOOLS.split() if sys.platform != "win32" else ():
        if found := shutil.which(name, path=path):
            (folder / name).symlink_to(found)
    return folder


def _system_path(tools: Path) -> list[str]:
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return [str(tools), rf"{root}\System32", rf"{root}\System32\WindowsPowerShell\v1.0"]
    return [str(tools)]


def _inherited() -> dict[str, str]:
    """The little that a process cannot do without."""
    kept = (
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "PATHEXT",
        "COMSPEC",
        "PROCESSOR_ARCHITECTURE",
        "NUMBER_OF_PROCESSORS",
    )
    return {name: os.environ[name] for name in kept if name in os.environ} if sys.platform == "win32" else {}
