"""`ccpin use current`: what is installed here without ccpin is pinned, and never run."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.arrange import HERE, ccpin, read_lock, set_up
from tests.fakes import claude
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

PACKAGE = "lib/node_modules/@anthropic-ai/claude-code"


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o755)
    return path


def native(box: Box, data: bytes, version: str = "2.1.200") -> Path:
    """What Claude Code's own installer does: a file for each version, and a link to it on PATH."""
    file = put(box.home / ".local/share/claude/versions" / version, data)
    link = box.bin / "claude"
    link.unlink(missing_ok=True)
    link.symlink_to(file)
    return file


def npm(box: Box, version: str, entry: str, data: bytes) -> Path:
    """What `npm install -g` does."""
    folder = box.root / "prefix" / PACKAGE
    file = put(folder / entry, data)
    about = {"name": "@anthropic-ai/claude-code", "version": version, "bin": {"claude": entry}}
    (folder / "package.json").write_text(json.dumps(about))
    (box.bin / "claude").symlink_to(os.path.relpath(file, box.bin))
    return file


@pytest.fixture(autouse=True)
def nothing_runs(box: Box) -> None:
    """A fake that is run writes there."""
    box.env["FAKE_OUT"] = str(box.root / "ran")


class TestNative:
    def test_of_claude_codes_own_installer(self, box: Box, upstream: Upstream, registry: Registry) -> None:
        file = native(box, upstream.executable("2.1.200", HERE))
        done = ccpin(box, "use", "current").ok()
        assert done.out == f"Claude Code 2.1.200 pinned in {box.lock}\n"
        assert f"note: {file} is upstream's 2.1.200, byte for byte\n" in done.err
        lock = read_lock(box.lock)
        assert (lock.version, lock.request, lock.runtime) == ("2.1.200", "2.1.200", "native")
        assert registry.asked(f"*claude-code-{HERE}-2.1.200.tgz") == []  # it was there already
        assert not (box.root / "ran").exists()
        box.run([file, "-p"]).ok()
        assert (box.root / "ran").exists()

    def test_that_is_not_upstreams(self, box: Box, upstream: Upstream) -> None:
        file = native(box, upstream.executable("2.1.200", HERE) + b"#")
        [error] = ccpin(box, "use", "current", "--json").failed().json["errors"]
        assert error["code"] == "not-upstreams"
        assert f"{file} is not upstream's 2.1.200" in error["message"]
        assert "`ccpin use 2.1.200`" in error["hint"]
        assert box.entries() == []
        assert not box.lock.exists()

    def test_whose_name_tells_nothing(self, box: Box, upstream: Upstream) -> None:
        put(box.bin / "claude", upstream.executable("2.1.330", HERE))
        ccpin(box, "use", "current").ok()
        assert read_lock(box.lock).version == "2.1.330"

    @pytest.mark.parametrize("before", [0, 3 << 20])
    @pytest.mark.parametrize("behind", [0, 3 << 20])
    def test_that_is_large(self, box: Box, upstream: Upstream, before: int, behind: int) -> None:
        """Wherever the comment stands, across two pieces that are read too."""
        comment = b"\n// Version: 2.1.330\n"
        put(box.bin / "claude", b"\x7fELF" + b"." * (before - 4 - len(comment) // 2) + comment + b"." * behind)
        assert "is not upstream's 2.1.330" in ccpin(box, "use", "current").failed().err

    def test_of_npm(self, box: Box, upstream: Upstream) -> None:
        npm(box, "2.1.330", "bin/claude.exe", upstream.executable("2.1.330", HERE))
        ccpin(box, "use", "current").ok()
        assert read_lock(box.lock).runtime == "native"

    def test_without_a_manifest(self, box: Box) -> None:
        native(box, b"\x7fELF whatever", "2.1.166")
        done = ccpin(box, "use", "current").ok()
        assert "there is no manifest of it, so its bytes were not compared" in done.err

    def test_of_a_release_that_is_both(self, box: Box, upstream: Upstream) -> None:
        native(box, upstream.executable("2.1.112", HERE), "2.1.112")
        ccpin(box, "use", "current").ok()
        assert read_lock(box.lock).runtime == "native"


class TestJavaScript:
    def test_of_npm(self, box: Box, upstream: Upstream) -> None:
        file = npm(box, "2.0.14", "cli.js", claude.javascript("2.0.14"))
        done = ccpin(box, "use", "current").ok()
        assert f"note: {file} is 2.0.14; its files were not compared with upstream's\n" in done.err
        lock = read_lock(box.lock)
        assert (lock.version, lock.runtime) == ("2.0.14", "node")
        assert not (box.root / "ran").exists()

    def test_by_its_head(self, box: Box) -> None:
        put(box.bin / "claude", claude.javascript("2.0.15"))
        ccpin(box, "use", "current").ok()
        assert (read_lock(box.lock).version, read_lock(box.lock).runtime) == ("2.0.15", "node")

    @pytest.mark.parametrize("wrapper", ["claude.cmd", "claude"])
    def test_behind_a_wrapper(self, box: Box, wrapper: str) -> None:
        """npm's on Windows, and that of Claude Code's local npm install."""
        local = box.home / ".claude/local"
        shutil.copytree(npm(box, "2.0.14", "cli.js", b"#!/usr/bin/env node\n").parent, local / PACKAGE[4:])
        (box.bin / "claude").unlink()
        put(local / wrapper, b'#!/bin/bash\nexec "$0/../node_modules/.bin/claude" "$@"\n')
        (box.bin / "claude").symlink_to(local / wrapper)
        ccpin(box, "use", "current").ok()
        assert read_lock(box.lock).version == "2.0.14"

    def test_of_a_release_that_is_both(self, box: Box) -> None:
        npm(box, "2.1.112", "cli.js", claude.javascript("2.1.112"))
        ccpin(box, "use", "current").ok()
        assert read_lock(box.lock).runtime == "node"


class TestWhich:
    def test_ccpins_own_shim_is_none(self, box: Box, upstream: Upstream) -> None:
        ccpin(box, "use", "2.0.14").ok()
        set_up(box)
        native(box, upstream.executable("2.1.200", HERE))
        ccpin(box, "use", "CURRENT").ok()
        assert read_lock(box.lock).version == "2.1.200"

    def test_the_newest_that_is_not_on_path(self, box: Box, upstream: Upstream) -> None:
        for version in ("2.1.113", "2.1.330", "2.1.200"):
            native(box, upstream.executable(version, HERE), version)
        (box.bin / "claude").unlink()
        folder = box.home / ".local/share/claude/versions"
        (folder / "2.1.999").mkdir()
        (folder / "notes").write_text("x")
        ccpin(box, "use", "current").ok()
        assert read_lock(box.lock).version == "2.1.330"

    def test_none(self, box: Box) -> None:
        [error] = ccpin(box, "use", "current", "--json").failed().json["errors"]
        assert error["code"] == "none-installed"
        assert f"nothing in {box.home}/.local/share/claude/versions" in error["message"]

    @pytest.mark.parametrize(
        "data", [b"#!/bin/sh\nexec elsewhere\n", b"", b"// Version: 2.1\n", b"// Version: 02.1.1\n"]
    )
    def test_one_that_does_not_tell(self, box: Box, data: bytes) -> None:
        put(box.bin / "claude", data)
        [error] = ccpin(box, "use", "current", "--json").failed().json["errors"]
        assert error["code"] == "release-not-told"

    @pytest.mark.parametrize("text", ["{", "[]", '{"name": "@anthropic-ai/claude-code", "version": 3}'])
    def test_a_package_that_is_odd(self, box: Box, text: str) -> None:
        npm(box, "2.0.14", "cli.js", b"#!/usr/bin/env node\n")
        (box.root / "prefix" / PACKAGE / "package.json").write_text(text)
        assert ccpin(box, "use", "current", "--json").failed().json["errors"][0]["code"] == "release-not-told"


def test_only_use_knows_the_word(box: Box) -> None:
    ccpin(box, "use", "2.0.14").ok()
    for verb in ("install", "upgrade"):
        assert ccpin(box, verb, "current", "--json").failed(2).json["errors"][0]["code"] == "bad-request"


def test_has_its_own_runtime(box: Box) -> None:
    assert "`--runtime` says nothing about `current`" in ccpin(box, "use", "current", "--runtime", "node").failed(2).err
