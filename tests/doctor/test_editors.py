"""The check of editors: whose Claude Code an extension starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.doctor.context import Machine
from ccpin.doctor.finding import Finding
from tests.cli.arrange import ccpin
from tests.doctor.arrange import HERE, findings, write
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def extension(box: Box, version: str, editor: str = ".vscode") -> Path:
    """An editor's extension; the file that it would start."""
    folder = box.home / editor / "extensions" / f"anthropic.claude-code-{version}-linux-x64"
    write(folder / "package.json", f'{{"name": "claude-code", "version": "{version}"}}')
    bundled = write(folder / "resources" / "native-binary" / "claude", "\x7fELF")
    bundled.chmod(0o755)
    return bundled


def settings(box: Box, program: str, editor: str = "Code") -> Path:
    text = f'{{\n  // mine\n  "claudeCode.claudeProcessWrapper": "{program}", // trailing commas too\n}}'
    return write(box.home / ".config" / editor / "User" / "settings.json", text)


def jetbrains(box: Box, command: str) -> Path:
    """As plugin 0.1.11-beta writes it, which 1.0.51 and 2.0.14 bring along."""
    path = box.home / ".config" / "JetBrains" / "PyCharm2026.2" / "options" / "claude-code-plugin-settings.xml"
    option = f'<option name="claudeCommand" value="{command}" />'
    return write(
        path, f'<application>\n  <component name="PluginSettings">\n    {option}\n  </component>\n</application>'
    )


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


def test_an_extension_of_the_same_release(native: Box) -> None:
    extension(native, "2.1.330")
    assert (only(native).level, "without the lock's flags" in only(native).line) == ("note", True)


def test_what_mends_it(native: Box) -> None:
    bundled = extension(native, "2.1.300")
    path = native.home / ".config" / "Code" / "User" / "settings.json"
    assert only(native).command == "ccpin setup --vscode"
    ccpin(native, "setup", "--vscode").ok()
    found = only(native)
    entry = native.layout.editor_shim
    assert (found.level, found.evidence) == ("ok", (f"{path}:2: claudeProcessWrapper = {entry}",))
    assert native.run([entry, bundled, "plugin", "list"]).ok().json["argv"][2:] == ["plugin", "list"]


def test_a_program_of_ones_own_that_leads_to_the_shim(native: Box) -> None:
    extension(native, "2.1.300")
    program = write(native.home / "own", f"#!/bin/sh\nshift\nexec '{native.layout.shim()}' \"$@\"\n")
    program.chmod(0o755)
    settings(native, str(program))
    assert only(native).level == "ok"


def test_an_entry_that_is_gone(native: Box) -> None:
    """Of another home, or after ccpin's was removed: the extension starts nothing any more."""
    extension(native, "2.1.300")
    path = settings(native, "/old/ccpin/shims/claude-editor")
    found = only(native)
    assert (found.level, found.command) == ("problem", "ccpin setup --vscode")
    assert found.evidence == (f"{path}:3: claudeProcessWrapper = /old/ccpin/shims/claude-editor",)
    ccpin(native, "setup", "--vscode").ok()
    assert only(native).level == "ok"


def test_somebody_elses_program_that_is_not_there(native: Box) -> None:
    extension(native, "2.1.300")
    path = settings(native, "/opt/wrapper")
    found = only(native)
    assert (found.level, found.command) == ("problem", f"${{EDITOR:-vi}} +3 {path}")
    assert "not there" in found.line


def test_a_colleagues_path_in_the_projects_settings(native: Box) -> None:
    """It stands above what the user has."""
    extension(native, "2.1.300")
    ccpin(native, "setup", "--vscode").ok()
    path = write(native.project / ".vscode" / "settings.json", '{"claudeCode.claudeProcessWrapper": "/home/ann/x"}')
    found = only(native)
    assert (found.level, found.command) == ("problem", f"${{EDITOR:-vi}} +1 {path}")


def test_settings_that_cannot_be_read(native: Box) -> None:
    extension(native, "2.1.300")
    path = settings(native, native.layout.editor_shim)
    path.write_text(path.read_text() + "}")
    assert only(native).level == "warning"


def test_the_shim_alone_does_not(native: Box) -> None:
    extension(native, "2.1.300")
    settings(native, native.layout.shim())
    found = only(native)
    assert (found.level, "hands it the path of its own Claude Code" in found.line) == ("warning", True)
    assert found.command == "ccpin setup --vscode"


@pytest.mark.parametrize("command", ["claude", "{shim}", "'{shim}'", ""])
def test_jetbrains_as_it_should_be(native: Box, command: str) -> None:
    jetbrains(native, command.format(shim=native.layout.shim()))
    assert findings(native, "editor") == []


def test_jetbrains_with_another_command(native: Box) -> None:
    path = jetbrains(native, "npx &quot;x&quot;")
    found = only(native)
    assert (found.level, found.evidence) == ("note", (f'{path}: claudeCommand = npx "x"',))
    assert found.command == "ccpin setup --jetbrains"
    assert found.line.startswith("PyCharm2026.2: ")


def test_another_program(native: Box) -> None:
    extension(native, "2.1.300", ".cursor")
    path = settings(native, "/bin/cat", "Cursor")
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
        '{\n"claudeCode.claudeProcessWrapper": "/bin/cat"}',
    )
    assert "not known" in only(native).line


def test_the_settings_on_macos_and_windows(native: Box) -> None:
    extension(native, "2.1.300")
    write(
        native.home / "Library" / "Application Support" / "Code" / "User" / "settings.json",
        '{\n"claudeCode.claudeProcessWrapper": "/bin/cat"}',
    )
    [found] = findings(native, "editor", machine=Machine("darwin", HERE))
    assert "not known" in found.line
    [found] = findings(native, "editor", machine=Machine("win32", HERE))
    assert (found.level, found.command) == ("warning", None)


def test_in_a_folder_that_is_gone(native: Box) -> None:
    extension(native, "2.1.300")
    gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    done = native.run(["sh", "-c", gone, "sh", *native.ccpin_argv("doctor")])
    assert "did not expect" not in done.err
    assert "VS Code: the extension starts its own" in done.out


def test_without_a_lock(native: Box) -> None:
    extension(native, "2.1.300")
    native.lock.unlink()
    assert only(native).level == "note"


def test_other_extensions(native: Box) -> None:
    write(native.home / ".vscode" / "extensions" / "anthropic.claude-code-x" / "package.json", "{")
    write(native.home / ".vscode" / "extensions" / "other.claude-1.0.0" / "package.json", '{"version": "1.0.0"}')
    assert findings(native, "editor") == []
