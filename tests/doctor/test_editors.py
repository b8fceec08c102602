"""The check of editors: whose Claude Code an extension starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.doctor.context import Machine
from ccpin.doctor.finding import Finding
from tests.doctor.arrange import HERE, findings, write
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def extension(box: Box, version: str, editor: str = ".vscode") -> Path:
    """An editor's extension; the file that it would start."""
    folder = box.home / editor / "extensions" / f"anthropic.claude-code-{version}-linux-x64"
    write(folder / "package.json", f'{{"name": "claude-code", "version": "{version}"}}')
    return write(folder / "resources" / "native-binary" / "claude", "\x7fELF")


def settings(box: Box, program: str, editor: str = "Code") -> Path:
    text = f'{{\n  // mine\n  "claudeCode.claudeProcessWrapper": "{program}", // trailing commas too\n}}'
    return write(box.home / ".config" / editor / "User" / "settings.json", text)


def only(box: Box) -> Finding:
    [found] = findings(box, "editor")
    return found


@pytest.mark.parametrize(
    ("editor", "name"),
    [
        (".vscode", "VS Code"),
        (".vscode-insiders", "VS Code Insiders"),
        (".cursor", "Cursor"),
        (".windsurf", "Windsurf"),
        (".vscode-server", "VS Code, remote"),
        (".cursor-server", "Cursor, remote"),
    ],
)
def test_an_extension_of_another_release(native: Box, editor: str, name: str) -> None:
    assert findings(native, "editor") == []
    extension(native, "2.1.9", editor)
    bundled = extension(native, "2.1.300", editor)  # the newest is the one that runs
    found = only(native)
    assert found.level == "warning"
    assert found.line == f"{name}: the extension starts its own Claude Code 2.1.300, not what is pinned"
    assert found.evidence[0] == str(bundled)
    assert '"claudeCode.claudeProcessWrapper"' in found.evidence[1]


def test_an_extension_of_the_same_release(native: Box) -> None:
    extension(native, "2.1.330")
    assert (only(native).level, "without the lock's flags" in only(native).line) == ("note", True)


def test_what_mends_it(native: Box) -> None:
    """The command writes a program that becomes the shim, also where it gets the bundled file's path first."""
    bundled = extension(native, "2.1.300")
    command = only(native).command
    assert command
    native.run(["sh", "-c", command])
    program = native.home / "claude-for-editors"
    for args in (["plugin", "list"], [str(bundled), "plugin", "list"]):
        assert native.run([program, *args]).ok().json["argv"][2:] == ["plugin", "list"]  # behind `--settings`
    path = settings(native, str(program))
    found = only(native)
    assert (found.level, found.evidence) == ("ok", (f"{path}:3: claudeProcessWrapper = {program}",))


def test_the_shim_alone_does_not(native: Box) -> None:
    extension(native, "2.1.300")
    settings(native, native.layout.shim())
    found = only(native)
    assert (found.level, "hands it the path of its own Claude Code" in found.line) == ("warning", True)
    assert found.command
    assert "claude-for-editors" in found.command


def test_another_program(native: Box) -> None:
    extension(native, "2.1.300", ".cursor")
    path = settings(native, "/opt/wrapper", "Cursor")
    found = only(native)
    assert (found.level, found.command) == ("note", f"${{EDITOR:-vi}} +3 {path}")
    assert "not known" in found.line


def test_a_setting_that_is_commented_out(native: Box) -> None:
    extension(native, "2.1.300")
    path = settings(native, "/opt/wrapper")
    path.write_text(path.read_text().replace('  "claudeCode', '  // "claudeCode'))
    assert only(native).level == "warning"


def test_the_settings_of_a_server(native: Box) -> None:
    extension(native, "2.1.300", ".vscode-server")
    write(
        native.home / ".vscode-server" / "data" / "Machine" / "settings.json",
        '{\n"claudeCode.claudeProcessWrapper": "/opt/wrapper"}',
    )
    assert "not known" in only(native).line


def test_the_settings_on_macos_and_windows(native: Box) -> None:
    extension(native, "2.1.300")
    write(
        native.home / "Library" / "Application Support" / "Code" / "User" / "settings.json",
        '{\n"claudeCode.claudeProcessWrapper": "/opt/wrapper"}',
    )
    [found] = findings(native, "editor", machine=Machine("darwin", HERE))
    assert "not known" in found.line
    [found] = findings(native, "editor", machine=Machine("win32", HERE))
    assert (found.level, found.command) == ("warning", None)


def test_without_a_lock(native: Box) -> None:
    extension(native, "2.1.300")
    native.lock.unlink()
    assert only(native).level == "note"


def test_other_extensions(native: Box) -> None:
    write(native.home / ".vscode" / "extensions" / "anthropic.claude-code-x" / "package.json", "{")
    write(native.home / ".vscode" / "extensions" / "other.claude-1.0.0" / "package.json", '{"version": "1.0.0"}')
    assert findings(native, "editor") == []
