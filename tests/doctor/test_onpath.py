"""Checks of PATH: the shim, whatever else is called `claude`, and what each of them is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.doctor.programs import describe
from ccpin.paths import Home
from tests.cli.arrange import pin, set_up
from tests.doctor.arrange import findings, levels, write
from tests.fakes import claude
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def first_on_path(box: Box, folder: Path) -> None:
    box.env["PATH"] = f"{folder}{os.pathsep}{box.env['PATH']}"


def test_the_shim(native: Box) -> None:
    [found] = findings(native, "path")
    assert (found.level, found.evidence) == ("ok", (native.layout.shim(),))


def test_another_claude_first(native: Box) -> None:
    path = native.env["PATH"]
    other = fake_claude(native.root / "theirs")
    first_on_path(native, other.parent)
    [found] = findings(native, "path")
    assert (found.level, found.line) == ("problem", f"`claude` is {other} here, not the shim")
    assert found.command == f". '{native.layout.root}/env.sh'"
    shell = native.run(["sh", "-c", f"{found.command}; command -v claude"])
    assert shell.out == f"{native.layout.shim()}\n"
    native.env["PATH"] = path
    assert levels(native, "path") == ["ok"]


def test_no_claude_on_path(native: Box) -> None:
    native.env["PATH"] = native.env["PATH"].partition(os.pathsep)[2]
    [found] = findings(native, "path")
    assert (found.level, found.line) == ("problem", "`claude` is not on this PATH")


def test_a_shim_that_is_not_there_or_of_another_ccpin(native: Box) -> None:
    shim = Path(native.layout.shim())
    shim.write_text(shim.read_text() + "\n")
    [found] = findings(native, "path")
    assert (found.line, found.command) == ("the shim is of another ccpin", "ccpin setup")
    shim.unlink()
    [found] = findings(native, "path")
    assert (found.line, found.command) == ("the shim is not installed", "ccpin setup")
    set_up(native)
    assert levels(native, "path") == ["ok"]


def test_other_claudes(native: Box) -> None:
    assert findings(native, "other-claudes") == []
    other = fake_claude(native.bin)
    [found] = findings(native, "other-claudes")
    assert (found.level, found.evidence) == ("note", (f"{other} (a script, version unknown)",))
    assert "behind the shim" in found.line
    first_on_path(native, native.bin)
    [found] = findings(native, "other-claudes")
    assert "before the shim" in found.line
    other.unlink()
    assert findings(native, "other-claudes") == []


class TestWhatAProgramIs:
    """Nothing is started: the fakes would say a version of their own."""

    def put(self, path: Path, text: bytes | str = "\x7fELF") -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o755)
        return str(path)

    def said(self, path: str | Path, home: Home) -> str:
        return str(describe(str(path), home)).partition(" (")[2].rstrip(")")

    def test_npm(self, box: Box) -> None:
        package = box.root / "lib" / "node_modules" / "@anthropic-ai" / "claude-code"
        write(package / "package.json", '{"name": "@anthropic-ai/claude-code", "version": "2.1.5"}')
        script = self.put(package / "cli.js", "#!/usr/bin/env node\n")
        link = box.root / "bin" / "claude"
        link.symlink_to(script)
        assert self.said(link, box.layout) == "npm's, 2.1.5"
        assert self.said(self.put(package / "bin" / "claude.exe"), box.layout) == "npm's, 2.1.5"

    def test_somebody_elses_package(self, box: Box) -> None:
        write(box.root / "x" / "package.json", '{"name": "claude", "version": "0.0.1"}')
        assert self.said(self.put(box.root / "x" / "claude"), box.layout) == "an executable, version unknown"

    def test_the_native_installer(self, box: Box) -> None:
        version = self.put(box.home / ".local" / "share" / "claude" / "versions" / "2.1.300")
        link = box.home / ".local" / "bin" / "claude"
        link.parent.mkdir(parents=True)
        link.symlink_to(version)
        assert self.said(link, box.layout) == "the native installer's, 2.1.300"

    def test_a_javascript_release(self, box: Box) -> None:
        path = self.put(box.root / "cli.js", claude.javascript("2.0.14"))
        assert self.said(path, box.layout) == "a script, 2.0.14"
        path = self.put(box.root / "old.mjs", claude.javascript("0.2.9", said=False))
        assert self.said(path, box.layout) == "a script, version unknown"

    def test_other_managers(self, box: Box) -> None:
        path = self.put(box.root / "Caskroom" / "claude-code" / "claude")
        assert self.said(path, box.layout) == "Homebrew's, version unknown"

    def test_shims_and_what_is_in_the_store(self, native: Box) -> None:
        assert self.said(native.layout.shim(), native.layout) == "ccpin's shim"
        copy = self.put(native.root / "copy" / "claude", Path(native.layout.shim()).read_bytes())
        assert self.said(copy, native.layout) == "the shim of another ccpin"
        [stored] = Path(native.layout.releases).glob("*/*/claude")
        assert self.said(stored, native.layout) == "of ccpin's store, 2.1.330"

    def test_what_cannot_be_read(self, box: Box) -> None:
        os.mkfifo(box.root / "claude")
        assert self.said(box.root / "claude", box.layout) == "an executable, version unknown"


def test_the_native_installers_copies(native: Box) -> None:
    assert findings(native, "native-install") == []
    versions = native.home / ".local" / "share" / "claude" / "versions"
    for version in ("2.1.9", "2.1.10", "note"):
        write(versions / version, "x")
    link = native.home / ".local" / "bin" / "claude"
    link.parent.mkdir(parents=True)
    link.symlink_to(versions / "2.1.10")
    [found] = findings(native, "native-install")
    assert found.level == "note"
    assert found.evidence == (
        f"{link} (the native installer's, 2.1.10)",
        f"{versions}: 2.1.9, 2.1.10 (0 MB)",
    )
    for version in ("2.1.9", "2.1.10"):
        (versions / version).unlink()
    link.unlink()
    assert findings(native, "native-install") == []
    fake_claude(link.parent)
    [found] = findings(native, "native-install")
    assert (found.level, found.line) == ("ok", "the native installer's place holds a script")


def test_without_a_lock(box: Box) -> None:
    [found] = findings(box, "path")
    assert (found.level, found.command) == ("problem", "ccpin setup")
    pin(box)
    set_up(box)
    box.lock.unlink()
    assert levels(box, "path") == ["ok"]
