"""`ccpin init`: what it writes, that it asks once or not at all, and that nobody's file is overwritten."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from ccpin import __version__
from ccpin.onboarding import source as sources
from ccpin.onboarding.wanted import template
from tests.cli.arrange import ccpin, edit, pin, read_lock, sentence
from tests.fakes import looking
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

ALL = ("--ci", "--pre-commit", "--devcontainer", "--renovate")
WRITTEN = {".ccpin.lock", ".gitattributes", "scripts/claude-setup.sh"}
ON_REQUEST = {
    "--ci": ".github/workflows/claude-code.yml",
    "--pre-commit": ".pre-commit-config.yaml",
    "--devcontainer": ".devcontainer/devcontainer.json",
    "--renovate": "renovate.json",
}


@pytest.fixture
def repository(box: Box) -> Box:
    subprocess.run(["git", "init", "-q", str(box.project)], env=box.env, check=True)
    return box


def files(box: Box) -> dict[str, bytes]:
    """What stands in the project, but for git's own."""
    paths = (path for path in box.project.rglob("*") if path.is_file())
    found = {path.relative_to(box.project).as_posix(): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if not name.startswith(".git/")}


def test_what_a_repository_needs_and_nothing_else(repository: Box) -> None:
    done = ccpin(repository, "init", "--yes", "2.0.14", cwd=repository.folder("deep/er")).ok()
    assert set(files(repository)) == WRITTEN
    assert read_lock(repository.lock).version == "2.0.14"
    assert files(repository)[".gitattributes"] == b".ccpin.lock -text -merge\n"
    assert os.access(repository.project / "scripts" / "claude-setup.sh", os.X_OK)
    assert done.out.splitlines() == [f"written      {repository.project / name}" for name in (
        ".ccpin.lock", ".gitattributes", "scripts/claude-setup.sh")]  # fmt: skip
    assert "`ccpin init --install-source PLACE`" in done.err
    assert not list(repository.home.iterdir())


def test_a_second_run_changes_nothing(repository: Box) -> None:
    ccpin(repository, "init", "--yes", *ALL).ok()
    assert set(files(repository)) == WRITTEN | set(ON_REQUEST.values())
    before = looking.tree(repository.project)
    done = ccpin(repository, "init", *ALL).ok()  # there is nothing to ask
    assert looking.tree(repository.project) == before
    assert {line.partition(" ")[0] for line in done.out.splitlines()} == {"unchanged"}
    assert "`ccpin init --install-source PLACE` shows the line to change" in done.err  # as long as that is so
    script = repository.project / "scripts" / "claude-setup.sh"
    script.write_text(script.read_text().replace("\nsource=''\n", "\nsource='tools/ccpin.whl'\n"))
    assert not ccpin(repository, "init", *ALL).ok().err


@pytest.mark.parametrize("option", ON_REQUEST)
def test_one_on_request(repository: Box, option: str) -> None:
    pin(repository)
    ccpin(repository, "init", "--yes", option).ok()
    assert set(files(repository)) == WRITTEN | {ON_REQUEST[option]}


def test_a_lock_that_is_there_stays(repository: Box) -> None:
    pin(repository, "2.0.14")
    lock = repository.lock.read_bytes()
    done = ccpin(repository, "init", "--yes", "2.1.330").ok()
    assert repository.lock.read_bytes() == lock
    assert "`ccpin use 2.1.330` changes it" in done.err


def test_without_git_there_is_nothing_for_it(box: Box) -> None:
    ccpin(box, "init", "--yes", "2.0.14").ok()
    assert set(files(box)) == WRITTEN - {".gitattributes"}


@pytest.mark.parametrize("option", ["--dry-run", "nobody to ask"])
def test_nothing_is_written_unasked(repository: Box, option: str) -> None:
    if option == "--dry-run":
        done = ccpin(repository, "init", "--dry-run", *ALL).ok()
        assert f"would write  {repository.lock}\n" in done.out
    else:
        done = ccpin(repository, "init").failed(2)
        assert sentence("bad-option").search(done.err)
        assert f"would write  {repository.lock}\n" in done.err
    assert files(repository) == {}
    assert not repository.ccpin_home.exists()


@pytest.mark.parametrize("answer", ["y", "n"])
def test_it_asks_once(repository: Box, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(repository)
    asked = []

    def confirm(text: str, **options: Any) -> bool:
        asked.append(text)
        if answer == "n":
            raise typer.Abort
        return True

    monkeypatch.setattr("typer.confirm", confirm)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    ccpin(repository, "init", *ALL).failed({"y": 0, "n": 130}[answer])
    assert asked == ["Write this?"]
    assert set(files(repository)) == ({".ccpin.lock"} if answer == "n" else WRITTEN | set(ON_REQUEST.values()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("*.png binary\n", "*.png binary\n.ccpin.lock -text -merge\n"),
        ("*.png binary", "*.png binary\n.ccpin.lock -text -merge\n"),
        ("*.png binary\r\n", "*.png binary\r\n.ccpin.lock -text -merge\r\n"),
        (".ccpin.lock text eol=lf\n", ".ccpin.lock text eol=lf\n"),
        ("", ".ccpin.lock -text -merge\n"),
    ],
)
def test_git_attributes_get_a_line(repository: Box, before: str, after: str) -> None:
    pin(repository)
    path = repository.project / ".gitattributes"
    path.write_bytes(before.encode())
    for _ in range(2):
        ccpin(repository, "init", "--yes").ok()
        assert path.read_bytes() == after.encode()


@pytest.mark.parametrize(
    ("option", "name", "missing"),
    [
        ("--pre-commit", ".pre-commit-config.yaml", "      - id: ccpin"),
        ("--devcontainer", ".devcontainer.json", '"postCreateCommand": "sh scripts/claude-setup.sh"'),
        ("--renovate", ".github/renovate.json5", '"commands": ["ccpin use {{{newVersion}}}"]'),
        ("--ci", ".github/workflows/claude-code.yml", "+      - run: ccpin check --deep"),
        ("--ci", "scripts/claude-setup.sh", '+"$ccpin" sync --locked'),
    ],
)
def test_somebodys_file_is_left_alone_and_told_what_it_lacks(
    repository: Box, option: str, name: str, missing: str
) -> None:
    pin(repository)
    path = repository.project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine: true\n")
    for _ in range(2):
        done = ccpin(repository, "init", "--yes", option).ok()
        assert path.read_text() == "mine: true\n"
        assert f"left alone   {path}\n" in done.out
        assert f"{path} is yours; " in done.err
        assert missing in done.err


def test_a_colleagues_script_is_as_good(repository: Box) -> None:
    """Theirs names where they got ccpin from, and which one: nothing to change."""
    pin(repository)
    ccpin(repository, "init", "--yes", "--install-source", "https://a.example/x.whl#sha256=00").ok()
    path = repository.project / "scripts" / "claude-setup.sh"
    assert "\nsource='https://a.example/x.whl#sha256=00'\n" in path.read_text()
    assert f"\nversion='{__version__}'\n" in path.read_text()
    assert f"unchanged    {path}\n" in ccpin(repository, "init", "--yes").ok().out
    done = ccpin(repository, "init", "--yes", "--install-source", "https://b.example/").ok()
    assert "+source='https://b.example/'" in done.err


@pytest.mark.parametrize("name", ["scripts", ".gitattributes", "scripts/claude-setup.sh"])
def test_a_link_out_of_the_project(repository: Box, name: str) -> None:
    pin(repository)
    (repository.home / "x").mkdir()
    (repository.home / "y").write_text("mine")
    path = repository.project / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(repository.home / ("x" if name == "scripts" else "y"))
    before = looking.tree(repository.home)
    assert sentence("not-initialised").search(ccpin(repository, "init", "--yes").failed().err)
    assert looking.tree(repository.home) == before


@pytest.mark.parametrize("what", ["folder", "fifo", "huge"])
def test_what_is_no_file(repository: Box, what: str) -> None:
    pin(repository)
    path = repository.project / ".gitattributes"
    if what == "folder":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    else:
        path.write_bytes(b"x" * (1 << 20))
    assert sentence("not-initialised").search(ccpin(repository, "init", "--yes").failed().err)
    assert not (repository.project / "scripts").exists()


def test_json(repository: Box) -> None:
    data = ccpin(repository, "init", "--yes", "2.0.14", "--json").ok().json["data"]
    assert [row["action"] for row in data["files"]] == ["written"] * 3
    assert set(data) == {"files", "install_source", "notes"}


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ({"url": "https://h.example/c.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}, "git+https://h.example/c.git@abc"),
        ({"url": "https://h.example/c.whl", "archive_info": {"hashes": {"sha256": "00"}}}, "https://h.example/c.whl#sha256=00"),
        ({"url": "https://h.example/c.whl", "archive_info": {}}, None),
        ({"url": "https://me:secret@h.example/c.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}, None),
        ({"url": "file:///home/ann/ccpin", "dir_info": {"editable": True}}, None),
        ({}, None),
        ([], None),
    ],
)  # fmt: skip
def test_where_this_ccpin_came_from(said: Any, source: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Distribution:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(said) if said != {} else None

    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Distribution())
    assert sources.own_source() == source


def test_the_dev_container_runs_the_script() -> None:
    assert json.loads(template("devcontainer.json")) == {
        "image": "python:3",
        "postCreateCommand": "sh scripts/claude-setup.sh",
    }


def test_renovates_recipe_does_what_it_says(repository: Box) -> None:
    """Its regex finds the version alone; with that changed the lock is refused, and the command puts it right."""
    pin(repository, "2.1.113")
    ccpin(repository, "env", "set", "DISABLE_TELEMETRY=1").ok()
    recipe = json.loads(template("renovate.json"))
    (expression,) = recipe["customManagers"][0]["matchStrings"]
    found = re.findall(expression.replace("(?<", "(?P<"), repository.lock.read_text())
    assert found == ["2.1.113"]
    edit(repository, 'version = "2.1.113"', 'version = "2.1.330"')
    ccpin(repository, "check", "--lock-only").failed()
    (command,) = recipe["packageRules"][0]["postUpgradeTasks"]["commands"]
    ccpin(repository, *command.replace("{{{newVersion}}}", "2.1.330").split()[1:]).ok()
    ccpin(repository, "check", "--lock-only").ok()
    lock = read_lock(repository.lock)
    assert (lock.version, lock.env["DISABLE_TELEMETRY"]) == ("2.1.330", "1")


def test_a_bare_change_of_the_version_is_never_installed(repository: Box) -> None:
    pin(repository, "2.1.113")
    edit(repository, 'version = "2.1.113"', 'version = "2.1.330"')
    ccpin(repository, "sync", "--locked").failed()
    assert Path(repository.layout.releases).is_dir()
    assert [name.partition("-")[0] for name in repository.entries()] == ["2.1.113"]


@pytest.mark.parametrize("name", [".gitattributes", "scripts"])
def test_a_link_into_gits_own_folder(repository: Box, name: str) -> None:
    pin(repository)
    (repository.project / name).symlink_to(".git/config" if name == ".gitattributes" else ".git/hooks")
    before = looking.tree(repository.project)
    assert sentence("not-initialised").search(ccpin(repository, "init", "--yes").failed().err)
    assert looking.tree(repository.project) == before


def test_a_script_that_hides_more_behind_its_source(repository: Box) -> None:
    pin(repository)
    ccpin(repository, "init", "--yes").ok()
    path = repository.project / "scripts" / "claude-setup.sh"
    path.write_text(path.read_text().replace("source=''", "source='x'; echo more; : ''"))
    done = ccpin(repository, "init", "--yes").ok()
    assert f"left alone   {path}\n" in done.out
    assert "echo more" in done.err


@pytest.mark.parametrize(
    "place",
    ["http://a.example/x.whl", "git+http://a.example/x#sha256=00", "git://a.example/x", "https://a\nb", "\x1b[2J"],
)
def test_a_source_that_anybody_can_change(repository: Box, place: str) -> None:
    pin(repository)
    done = ccpin(repository, "init", "--yes", "--install-source", place).failed(2)
    assert sentence("bad-option").search(done.err)
    assert not (repository.project / "scripts").exists()


def test_a_source_is_one_word_of_the_script(repository: Box) -> None:
    pin(repository)
    ccpin(repository, "init", "--yes", "--install-source", "https://a.example/'$(id)`id`\\'\"; id #").ok()
    script = repository.project / "scripts" / "claude-setup.sh"
    line = next(line for line in script.read_text().splitlines() if line.startswith("source="))
    said = repository.run(["sh", "-c", f'{line}\nprintf %s "$source"']).ok().out
    assert said == "https://a.example/'$(id)`id`\\'\"; id #"
