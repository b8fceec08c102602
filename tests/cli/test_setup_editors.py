"""`ccpin setup --vscode`: what it writes where, what it leaves alone, and the way back."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, pin, sentence
from tests.fakes import looking
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

MINE = '{\n\t// mine\n\t"editor.tabSize": 2, /* and */\n\t"files.exclude": { "**/x": true, },\n}\n'
COMMENTED = '{\r\n  // "claudeCode.claudeProcessWrapper": "/x"\r\n}\r\n'


@pytest.fixture
def settings(box: Box) -> Path:
    """VS Code's, with something in them."""
    path = box.home / ".config" / "Code" / "User" / "settings.json"
    path.parent.mkdir(parents=True)
    path.write_text(MINE)
    return path


def line(box: Box) -> str:
    return f'"claudeCode.claudeProcessWrapper": {json.dumps(box.layout.editor_shim)}'


def test_the_extension_starts_the_pinned_release_with_the_locks_flags(box: Box, settings: Path) -> None:
    pin(box, "2.1.330")
    ccpin(box, "setup", "--vscode").ok()
    wrapper = json.loads("{" + settings.read_text().splitlines()[1].strip(" \t,") + "}")[
        "claudeCode.claudeProcessWrapper"
    ]
    bundled = box.bin / "native-binary"
    bundled.write_text("#!/bin/sh\necho the extension has its own way\n")
    bundled.chmod(0o755)
    stream = ["--output-format", "stream-json", "--input-format", "stream-json"]
    said = box.run([wrapper, bundled, *stream]).ok().json
    assert said["version"] == "2.1.330"
    assert said["argv"][0] == "--settings"
    assert json.loads(said["argv"][1])["env"]["DISABLE_UPDATES"] == "1"
    assert said["argv"][2:] == stream
    assert said["env"]["DISABLE_AUTOUPDATER"] == "1"


def test_every_other_byte_stays_and_comes_back(box: Box, settings: Path) -> None:
    done = ccpin(box, "setup", "--vscode").ok()
    assert settings.read_text() == MINE.replace("\t// mine", f"\t{line(box)},\n\t// mine", 1).replace(
        f"{{\n\t{line(box)}", f"{{\n\t{line(box)}"
    )
    assert f"written      {settings}  ({line(box)})\n" in done.out
    again = ccpin(box, "setup", "--vscode").ok()
    assert f"unchanged    {settings}\n" in again.out
    ccpin(box, "setup", "--undo", "--vscode").ok()
    assert settings.read_text() == MINE
    assert os.path.exists(box.layout.editor_shim)
    assert not os.path.exists(box.layout.editor_record)


@pytest.mark.parametrize(
    "text", ["", "\n", "{}", "{}\n", '{"a":1}', COMMENTED, "\ufeff{\n}", "// nothing yet", "{ /*\n*/ }"]
)
def test_undo_gives_back_the_very_bytes(box: Box, settings: Path, text: str) -> None:
    settings.write_bytes(text.encode())
    ccpin(box, "setup", "--vscode").ok()
    assert line(box) in settings.read_text()
    ccpin(box, "setup", "--undo").ok()
    assert settings.read_bytes() == text.encode()
    assert not os.path.exists(box.ccpin_home)


def test_undo_after_others_have_changed_the_file(box: Box, settings: Path) -> None:
    ccpin(box, "setup", "--vscode").ok()
    settings.write_text("// new above\n" + settings.read_text().replace("2", "4"))
    ccpin(box, "setup", "--undo", "--vscode").ok()
    assert settings.read_text() == "// new above\n" + MINE.replace("2", "4")


def test_undo_after_somebody_else_has_set_it(box: Box, settings: Path) -> None:
    ccpin(box, "setup", "--vscode").ok()
    theirs = settings.read_text().replace(box.layout.editor_shim, "/opt/wrapper")
    settings.write_text(theirs)
    ccpin(box, "setup", "--undo", "--vscode").ok()
    assert settings.read_text() == theirs
    assert not os.path.exists(box.layout.editor_record)


def test_what_a_kill_left_recorded_and_not_done(box: Box, settings: Path) -> None:
    """The record is written first."""
    ccpin(box, "setup", "--vscode").ok()
    settings.write_text(MINE)
    ccpin(box, "setup", "--undo", "--vscode").ok()
    assert settings.read_text() == MINE
    assert not os.path.exists(box.layout.editor_record)


def test_a_record_that_cannot_be_read_costs_no_more_than_a_line(box: Box, settings: Path) -> None:
    ccpin(box, "setup", "--vscode").ok()
    Path(box.layout.editor_record).write_text('{"/x": {"at": []}}')
    ccpin(box, "setup", "--undo", "--vscode").ok()
    assert settings.read_text() == MINE


def test_files_and_folders_that_were_made_here_go_again(box: Box) -> None:
    (box.home / ".cursor").mkdir()
    (box.home / ".vscode-server").mkdir()
    before = looking.tree(box.home)
    done = ccpin(box, "setup", "--vscode", "--json").ok().json
    paths = [change["path"] for change in done["data"]["changes"] if change["path"].endswith("settings.json")]
    assert paths == [
        str(box.home / ".config" / "Cursor" / "User" / "settings.json"),
        str(box.home / ".vscode-server" / "data" / "Machine" / "settings.json"),
    ]
    for path in paths:
        assert Path(path).read_text() == f"{{\n    {line(box)}\n}}\n"
    ccpin(box, "setup", "--undo").ok()
    assert looking.tree(box.home) == before


def test_a_link_into_dotfiles_stays_one(box: Box, settings: Path) -> None:
    real = box.home / "dotfiles.json"
    settings.rename(real)
    settings.symlink_to(real)
    ccpin(box, "setup", "--vscode").ok()
    assert settings.is_symlink()
    assert line(box) in real.read_text()
    ccpin(box, "setup", "--undo").ok()
    assert real.read_text() == MINE


def test_dry_run(box: Box, settings: Path) -> None:
    done = ccpin(box, "setup", "--vscode", "--dry-run").ok()
    assert f"would write  {settings}  ({line(box)})\n" in done.out
    assert settings.read_text() == MINE
    assert not box.ccpin_home.exists()
    ccpin(box, "setup", "--vscode").ok()
    after = settings.read_text()
    done = ccpin(box, "setup", "--undo", "--vscode", "--dry-run").ok()
    assert f"would write  {settings}  (without claudeCode.claudeProcessWrapper)\n" in done.out
    assert settings.read_text() == after


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{\n"a": 1,\n}}\n', r"it cannot be read as JSON with comments \(line 3\)"),
        ("[1]", "it cannot be read"),
        ('{"claudeCode.claudeProcessWrapper": "/opt/wrapper"}', "it names /opt/wrapper already"),
        ('{"claudeCode.claudeProcessWrapper": null}', "it names no text already"),
        (b'{"a": "\xff"}', "it is not UTF-8"),
    ],
)
def test_what_is_not_understood_is_left_alone(box: Box, settings: Path, text: str | bytes, reason: str) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    settings.write_bytes(data)
    done = ccpin(box, "setup", "--vscode").failed()
    assert settings.read_bytes() == data
    assert sentence("editor-file-unwritable").search(done.err)
    assert f"write this line into it yourself: `{line(box)}`" in done.err
    assert re.search(reason, done.err)
    assert os.path.exists(box.layout.shim())  # the rest is done


def test_an_entry_of_another_home_is_replaced(box: Box, settings: Path) -> None:
    settings.write_text(MINE.replace("{", '{\n\t"claudeCode.claudeProcessWrapper": "/old/shims/claude-editor",', 1))
    ccpin(box, "setup", "--vscode").ok()
    assert settings.read_text().count("claudeProcessWrapper") == 1
    assert line(box) in settings.read_text()
    ccpin(box, "setup", "--undo").ok()
    assert settings.read_text() == MINE


def test_a_home_that_moved(box: Box, settings: Path) -> None:
    ccpin(box, "setup", "--vscode").ok()
    moved = {"CCPIN_HOME": str(box.root / "moved")}
    ccpin(box, "setup", "--vscode", env=moved).ok()
    assert f'"{box.root}/moved/shims/claude-editor"' in settings.read_text()
    ccpin(box, "setup", "--undo", env=moved).ok()
    assert settings.read_text() == MINE


def test_without_an_editor(box: Box) -> None:
    done = ccpin(box, "setup", "--vscode").failed()
    assert sentence("no-editor").search(done.err)
    assert line(box) in done.err
    assert os.path.exists(box.layout.shim())


def git(box: Box, *words: str) -> None:
    subprocess.run(["git", "-C", str(box.project), *words], env=box.env, check=True, capture_output=True)


def test_the_projects_settings_only_where_git_ignores_them(box: Box) -> None:
    git(box, "init", "-q")
    shared = box.project / ".vscode" / "settings.json"
    done = ccpin(box, "setup", "--vscode", "--project", cwd=box.folder("deeper")).failed()
    assert sentence("editor-file-shared").search(done.err)
    assert not shared.exists()
    assert not box.ccpin_home.exists()  # it was looked at first
    (box.project / ".git" / "info" / "exclude").write_text("/.vscode/\n")
    ccpin(box, "setup", "--vscode", "--project", cwd=box.folder("deeper")).ok()
    assert shared.read_text() == f"{{\n    {line(box)}\n}}\n"
    git(box, "add", "-f", ".vscode/settings.json")
    ccpin(box, "setup", "--vscode", "--project").failed()
    ccpin(box, "setup", "--undo", "--vscode", "--project").ok()
    assert not shared.parent.exists()


def test_a_project_without_git(box: Box) -> None:
    ccpin(box, "setup", "--vscode", "--project").ok()
    assert line(box) in (box.project / ".vscode" / "settings.json").read_text()
    ccpin(box, "setup", "--undo").ok()
    assert not list(box.project.iterdir())


@pytest.mark.parametrize("options", [["--project"], ["--user"], ["--vscode", "--user", "--project"]])
def test_options_that_make_no_sense(box: Box, options: list[str]) -> None:
    ccpin(box, "setup", *options).failed(2)
    assert not box.ccpin_home.exists()


def test_jetbrains_is_told_by_hand(box: Box) -> None:
    done = ccpin(box, "setup", "--jetbrains").ok()
    assert f"Settings → Tools → Claude Code, type as the Claude command: '{box.layout.shim()}'" in done.err
    undone = ccpin(box, "setup", "--undo", "--jetbrains").ok()
    assert "type as the Claude command what it was before: claude\n" in undone.err
    assert str(box.layout.shim()) not in undone.err


def test_shims_only(box: Box) -> None:
    ccpin(box, "setup", "--shims-only").ok()
    assert not list(box.home.iterdir())
    assert sorted(os.listdir(box.layout.shims)) == ["claude", "claude-editor"]


def hostile(box: Box) -> Path:
    """A checkout that came as an archive, with its `.git`: to read what git ignores here, git has to fetch an object,
    by a program that the checkout names. Returns what that program leaves."""
    ran = box.root / "ran"
    git(box, "init", "-q")
    (box.project / ".gitignore").write_text("/.vscode/\n")
    git(box, "add", ".gitignore")
    git(box, "update-index", "--skip-worktree", ".gitignore")
    (box.project / ".gitignore").unlink()
    for folder in (box.project / ".git" / "objects").glob("??"):
        for file in folder.iterdir():
            file.unlink()
    for name, value in (
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", "ssh://a.example/x"),
        ("core.sshCommand", f"touch {ran}; false"),
    ):
        git(box, "config", name, value)
    return ran


def test_no_program_of_a_checkout_runs(box: Box) -> None:
    ran = hostile(box)
    done = ccpin(box, "setup", "--vscode", "--project").failed()
    assert sentence("editor-file-shared").search(done.err)
    assert not ran.exists()
    subprocess.run(
        ["git", "-C", str(box.project), "check-ignore", "-q", "--", ".vscode/x"], env=box.env, capture_output=True
    )
    assert ran.exists()  # it would have


@pytest.mark.parametrize("name", [".vscode", ".vscode/settings.json"])
def test_a_link_out_of_the_project(box: Box, name: str) -> None:
    away = box.home / "away"
    away.mkdir()
    (away / "settings.json").write_text(MINE)
    path = box.project / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(away if name == ".vscode" else away / "settings.json")
    done = ccpin(box, "setup", "--vscode", "--project").failed()
    assert sentence("editor-file-unwritable").search(done.err)
    assert (away / "settings.json").read_text() == MINE
    assert os.listdir(away) == ["settings.json"]


def test_settings_without_end(box: Box, settings: Path) -> None:
    settings.write_bytes(b"{" + b" " * (4 << 20) + b"}")
    before = settings.read_bytes()
    done = ccpin(box, "setup", "--vscode").failed()
    assert "it has 4,194,304 bytes or more" in done.err
    assert settings.read_bytes() == before
