"""`shims/claude-editor`: called as VS Code's extension calls it, under every shell that may be `/bin/sh`."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ccpin.launching.shims import render_editor, template
from tests.shims.world import SHELLS

STREAM = ["--output-format", "stream-json", "--verbose", "--append-system-prompt", 'a "b"\n*', ""]
"""As the extension's own arguments begin."""


class Place:
    """The entry, a shim that tells how it was called, and an extension with what it brings along."""

    def __init__(self, root: Path, shell: str) -> None:
        self.shim, self.entry = root / "it's shims" / "claude", root / "it's shims" / "claude-editor"
        self.bundled, self.script, self.node = root / "native-binary" / "claude", root / "cli.js", root / "node"
        for folder in (self.shim.parent, self.bundled.parent):
            folder.mkdir()
        self.shim.write_text('#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\nexit 7\n')
        self.entry.write_text(render_editor(template("claude-editor"), shim=str(self.shim)))
        for program in (self.bundled, self.node):
            program.write_text("#!/bin/sh\necho the bundled one\n")
        self.script.write_text("")
        for program in (self.shim, self.entry, self.bundled, self.node):
            program.chmod(0o755)
        self.shell = [str(shutil.which("busybox")), "sh"] if shell == "busybox" else [str(shutil.which(shell))]

    def call(self, *args: str | Path) -> list[str]:
        """The arguments with which the shim was called; the exit code is the shim's."""
        done = self.run(*args)
        assert (done.returncode, done.stderr) == (7, "")
        return done.stdout.split("\0")[:-1]

    def run(self, *args: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.shell, self.entry, *args], capture_output=True, text=True, check=False)


@pytest.fixture(params=SHELLS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param} on this machine")
    return Place(tmp_path, request.param)


def test_the_bundled_program_is_dropped(place: Place) -> None:
    assert place.call(place.bundled, *STREAM) == STREAM
    assert place.call(place.bundled, "plugin", "list", "--json") == ["plugin", "list", "--json"]
    assert place.call(place.bundled) == []


def test_so_is_the_script_of_an_older_extension_and_its_node(place: Place) -> None:
    assert place.call(place.script, *STREAM) == STREAM
    assert place.call(place.node, place.script, *STREAM) == STREAM


def test_an_extension_that_brings_none_along(place: Place) -> None:
    for args in (STREAM, ["plugin", "list"], []):
        assert place.call(*args) == args


def test_only_the_first_is_dropped(place: Place) -> None:
    assert place.call(place.bundled, str(place.bundled)) == [str(place.bundled)]
    assert place.call("--add-dir", str(place.bundled)) == ["--add-dir", str(place.bundled)]


@pytest.mark.parametrize("what", ["gone", "folder", "not executable", "slash"])
def test_a_path_that_is_no_program_is_refused(place: Place, what: str) -> None:
    """An extension that was updated meanwhile, for one. Handed on, it would be a prompt."""
    path = {"gone": "/gone/native-binary/claude", "folder": str(place.bundled.parent), "slash": "/init"}.get(what)
    if path is None:
        place.bundled.chmod(0o644)
        path = str(place.bundled)
    done = place.run(path, *STREAM)
    assert (done.returncode, done.stdout) == (126, "")
    assert f"and {path} is no program: nothing is started" in done.stderr


def test_a_shim_that_is_gone(place: Place) -> None:
    place.shim.unlink()
    done = place.run(place.bundled, *STREAM)
    assert (done.returncode, done.stdout) == (127, "")
    assert "`ccpin setup` mends it" in done.stderr


def test_nothing_of_the_environment_gets_in_between(place: Place) -> None:
    """Exported functions and options of bash; and no process is started: the shim is the process that was."""
    place.shim.write_text('#!/bin/sh\necho "$$"\n')
    hostile = "test() { echo hijacked; }; export -f test; export BASH_ENV=/dev/null; set -o allexport"
    line = f"{hostile} 2>/dev/null; echo $$; exec {shlex.join([*place.shell, str(place.entry)])} --version"
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("no bash on this machine")
    done = subprocess.run([bash, "-c", line], capture_output=True, text=True, check=False)
    before, after = done.stdout.split()
    assert before == after


def test_a_node_by_its_mere_name(place: Place) -> None:
    for name in ("node", "bun", "deno"):
        assert place.call(name, place.script, *STREAM) == STREAM
        assert place.call(name) == [name]  # a prompt
        assert place.call(name, "/gone.js") == [name, "/gone.js"]
