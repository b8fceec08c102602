"""A shell session of Ann's, in a box with a fake registry: where the commands of a page are run, one after the other.

`cd`, `export` and `unset` by themselves change what the next command finds. Plain `ccpin …` runs in this process, which
is ten times as fast as starting another; all else goes to `sh`.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from ccpin.__main__ import run
from ccpin.launching.setup import setup
from ccpin.paths import Home
from tests.cli.arrange import put_ccpin_on_path
from tests.fakes import pythons
from tests.fakes.box import Box

HOME, SHOP = "/home/ann", "shop"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_=./,:'<>")


class Session:
    """`folder` is where the session is, `env` what its commands get. What they print shows Ann's home as `/home/ann`
    and the registry as `https://registry.example`."""

    def __init__(self, box: Box) -> None:
        self.box = box
        box.project = box.home / SHOP
        box.project.mkdir()
        box.lock = box.project / ".ccpin.lock"
        box.ccpin_home = box.home / ".local" / "share" / "ccpin"
        box.layout = Home(str(box.ccpin_home))
        box.env["CCPIN_HOME"] = str(box.ccpin_home)
        put_ccpin_on_path(box)
        setup(box.layout, box.env, python=pythons.with_ccpin())
        box.put_shims_first()
        self.folder = box.project
        self.env = box.env

    def run(self, command: str) -> tuple[int, str]:
        """The exit code of one command line, and what it printed, stdout and stderr as they came."""
        words = shlex.split(command, comments=True)
        if words and not self._changed(words):
            plain = words[0] == "ccpin" and words[1:2] != ["exec"] and _is_plain(command)
            code, out = self._here(words[1:]) if plain else self._there(command)
            return code, self.shown(out)
        return 0, ""

    def script(self, text: str) -> tuple[int, str]:
        """The same of a whole script."""
        code, out = self._there(f"set -eu\n{text}")
        return code, self.shown(out)

    def shown(self, text: str) -> str:
        return text.replace(str(self.box.home), HOME).replace(
            self.env["CCPIN_NPM_REGISTRY"], "https://registry.example/"
        )

    def _changed(self, words: list[str]) -> bool:
        """Whether the command was one that changes the session itself."""
        if words[0] == "cd" and len(words) == 2:
            target = words[1].replace("~", str(self.box.home)).replace(HOME, str(self.box.home))
            self.folder = Path(self.folder, target).resolve(strict=True)
            return True
        if words[0] == "export" and all("=" in word for word in words[1:]):
            self.env.update((name, self._real(value)) for name, _, value in (word.partition("=") for word in words[1:]))
            return True
        if words[0] == "unset":
            for name in words[1:]:
                self.env.pop(name, None)
            return True
        return False

    def _real(self, text: str) -> str:
        return text.replace(HOME, str(self.box.home))

    def _there(self, command: str) -> tuple[int, str]:
        done = self.box.run(["sh", "-c", f"exec 2>&1\n{self._real(command)}"], cwd=self.folder, env=self.env)
        return done.code, done.out

    def _here(self, args: list[str]) -> tuple[int, str]:
        out = io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", newline="")
        with (
            _standing_in(self.folder, self.box.environment(self.env)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
        ):
            code = run([self._real(arg) for arg in args])
        out.seek(0)
        return code, out.read()


def _is_plain(command: str) -> bool:
    """Whether a shell would make of it the words that are written there, and no more."""
    quoted = command.count("'") % 2 == 0
    bare = "".join(command.split("'")[::2])
    return quoted and _PLAIN.issuperset(command) and not set("<>") & set(bare)


@contextlib.contextmanager
def _standing_in(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    before, was = dict(os.environ), os.getcwd()
    try:
        os.environ.clear()
        os.environ.update(env)
        os.chdir(folder)
        yield
    finally:
        os.chdir(was)
        os.environ.clear()
        os.environ.update(before)
