"""Checks of the shells' files: what a new shell would do is asked of a real one as well."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin
from tests.doctor.arrange import findings, levels, write
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def append(path: Path, text: str) -> str:
    """`file:line` of the text, behind all else."""
    old = path.read_text() if path.exists() else ""
    write(path, f"{old}{text}\n")
    return f"{path}:{old.count(chr(10)) + 1}"


@pytest.mark.parametrize("name", [".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".zshenv"])
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("alias claude=/opt/claude", "an alias"),
        ("  alias claude='FOO=1 /opt/claude --fast'", "an alias"),
        ("claude() { /opt/claude; }", "a function"),
        ("function claude {\n  /opt/claude\n}", "a function"),
        ("[ -x /opt/claude ] && alias claude=/opt/claude", "an alias"),
        ("if true; then alias claude=/opt/claude; fi", "an alias"),
    ],
)
def test_a_name_before_path(native: Box, name: str, line: str, kind: str) -> None:
    path = native.home / name
    before = path.read_text() if path.exists() else ""
    where = append(path, line)
    [found] = findings(native, "shell-names")
    assert (found.level, found.evidence) == ("problem", (where,))
    assert found.line.startswith(kind)
    assert found.command == f"${{EDITOR:-vi}} +{where.rpartition(':')[2]} {path}"
    path.write_text(before)
    assert levels(native, "shell-names") == ["ok"]


@pytest.mark.parametrize(
    "line",
    [
        "alias claude='claude --verbose'",
        "alias claude='FOO=1 command claude'",
        "alias claude-next=/opt/claude",
        "# alias claude=/opt/claude",
        "function claude-next { /opt/claude; }",
        'claude() { command claude --verbose "$@"; }',
        'claude() {\n  cd /x || return\n  command claude "$@"\n}',
        "alias claude='{shim}'",
    ],
)
def test_names_that_lead_to_path(native: Box, line: str) -> None:
    append(native.home / ".bashrc", line.replace("{shim}", native.layout.shim()))
    assert levels(native, "shell-names") == ["ok"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.fish", "alias claude /opt/claude"),
        ("config.fish", "function claude --description x\n  /opt/claude\nend"),
        ("functions/claude.fish", "function claude\n  /opt/claude\nend"),
        ("conf.d/own.fish", "alias claude='/opt/claude'"),
    ],
)
def test_fish(native: Box, name: str, text: str) -> None:
    path = native.home / ".config" / "fish" / name
    where = append(path, text)
    [found] = findings(native, "shell-names")
    assert (found.level, found.evidence) == ("problem", (where,))


def test_an_alias_of_a_login_shell_is_what_a_login_shell_takes(native: Box) -> None:
    if not shutil.which("bash", path=native.env["PATH"]):
        pytest.skip("no bash on this machine")
    asked = ["bash", "-l", "-i", "-c", "type -t claude"]
    assert native.run(asked).out.strip() == "file"
    append(native.home / ".bash_profile", "alias claude=/opt/claude")
    assert native.run(asked).out.strip() == "alias"
    assert levels(native, "shell-names") == ["problem"]


@pytest.mark.parametrize(
    "line",
    [
        'export PATH="{folder}:$PATH"',
        "PATH={folder}:$PATH",
        'PATH="$HOME/theirs:/usr/bin:${{PATH}}"',
        "export PATH=~/theirs:$PATH",
        "path=({folder} $path)",
        "[ -d {folder} ] && export PATH={folder}:$PATH",
        'if [ -d {folder} ]; then PATH="{folder}:$PATH"; fi',
    ],
)
def test_a_line_behind_the_block(native: Box, line: str) -> None:
    other = fake_claude(native.home / "theirs")
    where = append(native.home / ".bashrc", line.format(folder=other.parent))
    [found] = findings(native, "shell-path")
    assert (found.level, found.command) == ("problem", "ccpin setup")
    assert found.evidence == (where, f"{other} (a script, version unknown)")
    ccpin(native, "setup").ok()
    assert levels(native, "shell-path") == ["ok"]


@pytest.mark.parametrize("line", ["fish_add_path {folder}", "set -gx PATH {folder} $PATH"])
def test_a_line_of_fish(native: Box, line: str) -> None:
    other = fake_claude(native.home / "theirs")
    path = native.home / ".config" / "fish" / "config.fish"
    write(path, "")
    ccpin(native, "setup").ok()
    where = append(path, line.format(folder=other.parent))
    [found] = findings(native, "shell-path")
    assert found.evidence[0] == where


@pytest.mark.parametrize(
    "line",
    [
        'export PATH="$PATH:{folder}"',
        'export PATH="/usr/bin:$PATH"',
        "# old; PATH={folder}:$PATH",
        "MYPATH={folder}:$PATH",
    ],
)
def test_lines_that_do_no_harm(native: Box, line: str) -> None:
    other = fake_claude(native.home / "theirs")
    append(native.home / ".bashrc", line.format(folder=other.parent))
    assert levels(native, "shell-path") == ["ok"]


def test_such_a_line_is_what_a_shell_follows(native: Box) -> None:
    if not shutil.which("bash", path=native.env["PATH"]):
        pytest.skip("no bash on this machine")
    other = fake_claude(native.home / "theirs")
    asked = ["bash", "-i", "-c", "command -v claude"]
    assert native.run(asked).out.strip() == native.layout.shim()
    append(native.home / ".bashrc", f"PATH={other.parent}:$PATH")
    assert native.run(asked).out.strip() == str(other)


def test_a_file_without_the_block(native: Box) -> None:
    (native.home / ".bashrc").write_text("# mine\n")
    (native.home / ".profile").unlink()
    [found] = findings(native, "shell-path")
    assert (found.level, found.command) == ("warning", "ccpin setup")
    assert set(found.evidence) == {str(native.home / ".bashrc"), str(native.home / ".profile")}
    ccpin(native, "setup").ok()
    assert levels(native, "shell-path") == ["ok"]


@pytest.mark.parametrize(
    "line",
    [
        "case $- in *i*) ;; *) return;; esac",
        '[ -z "$PS1" ] && return',
        "[[ $- != *i* ]] && return",
        "case $- in\n    *i*) ;;\n      *) return;;\nesac",
    ],
)
def test_a_shell_that_is_not_interactive(native: Box, line: str) -> None:
    assert levels(native, "shell-not-interactive") == ["ok"]
    bashrc = native.home / ".bashrc"
    block = bashrc.read_text()
    bashrc.write_text(f"# mine\n{line}\n{block}")
    [found] = findings(native, "shell-not-interactive")
    assert found.level == "note"
    assert found.evidence[0].startswith(f"{bashrc}:2: ")
    assert found.command == f"PATH='{native.layout.shims}':$PATH"
    bashrc.write_text(f"{block}{line}\n")
    assert levels(native, "shell-not-interactive") == ["ok"]


def test_scripts_that_do_not_find_the_shim(native: Box) -> None:
    path = native.env["PATH"]
    native.env["PATH"] = path.partition(os.pathsep)[2]
    assert native.run(["sh", "-c", "command -v claude"]).out == ""
    [found] = findings(native, "shell-not-interactive")
    assert found.level == "warning"
    asked = native.run(["sh", "-c", f"{found.command}; command -v claude"])
    assert asked.out == f"{native.layout.shim()}\n"
    native.env["PATH"] = path
    assert levels(native, "shell-not-interactive") == ["ok"]
