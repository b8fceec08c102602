"""A project's .npmrc is not read; where it would have mattered, a sentence names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.releases.npmrc import NpmConfig, read_config
from ccpin.releases.project import passed_over
from ccpin.releases.registry import Registry

ASKED = "https://registry.example/npm/"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text(f"registry={ASKED}\n")
    return {"HOME": str(home), "PATH": "", "SECRET": "s3cret", "SAME": "https://registry.example"}


@pytest.fixture
def project(env: dict[str, str]) -> Path:
    folder = Path(env["HOME"], "project")
    folder.mkdir()
    return folder


def said(folder: Path, env: dict[str, str]) -> str | None:
    return passed_over(str(folder), read_config(env), env, ASKED)


def test_another_registry(project: Path, env: dict[str, str]) -> None:
    (project / ".npmrc").write_text("# ours\nregistry=https://me:s3cret@other.example/npm?token=s3cret\n")
    assert said(project, env) == (
        f"note: {project}/.npmrc:2 names another registry, https://other.example/npm: "
        f"ccpin never reads a project's .npmrc, and asks {ASKED}"
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", False),
        ("registry=https://registry.example/npm\n", False),
        ("registry=${SAME}/npm/\n", False),
        ("registry=https://registry.example/\n", True),
        ("@anthropic-ai:registry=https://other.example/\n", True),
        ("@anthropic-ai:registry=https://registry.example/npm/\nregistry=https://other.example/\n", False),
        ("@other:registry=https://other.example/\n", False),
        ("[section]\nregistry=https://other.example/\n", False),
        ("//registry.example/:_authToken=x\n", False),
        ("registry=http://[\n", True),
        ("\xff\x00=\n", False),
    ],
)
def test_only_where_it_matters(project: Path, env: dict[str, str], text: str, named: bool) -> None:
    (project / ".npmrc").write_bytes(text.encode("latin-1"))
    assert bool(said(project, env)) is named


def test_a_variable_is_not_expanded_to_be_shown(project: Path, env: dict[str, str]) -> None:
    (project / ".npmrc").write_text("registry=https://${SECRET}.example/\n")
    note = said(project, env)
    assert note
    assert "s3cret" not in note


def test_what_beats_a_project_s_file_in_npm_too(project: Path, env: dict[str, str]) -> None:
    (project / ".npmrc").write_text("registry=https://other.example/\n")
    assert said(project, {**env, "npm_config_registry": ASKED}) is None
    assert said(project, {**env, "npm_config_@anthropic-ai:registry": ASKED}) is None
    Path(env["HOME"], ".npmrc").write_text(f"@anthropic-ai:registry={ASKED}\n")
    assert said(project, env) is None
    (project / ".npmrc").write_text("@anthropic-ai:registry=https://other.example/\n")
    assert said(project, env)


def test_which_file(project: Path, env: dict[str, str]) -> None:
    """The folder's own, else the nearest beside a package.json; never the user's."""
    deep = project / "packages/one"
    deep.mkdir(parents=True)
    assert said(deep, env) is None
    (project / ".npmrc").write_text("registry=https://other.example/\n")
    assert said(deep, env) is None
    (project / "package.json").write_text("{}")
    assert f"{project}/.npmrc:1" in str(said(deep, env))
    (deep / ".npmrc").write_text(f"registry={ASKED}\n")
    assert said(deep, env) is None
    (project.parent / "package.json").write_text("{}")
    assert said(project.parent, env) is None


def test_no_plain_file(project: Path, env: dict[str, str]) -> None:
    """A clone may hold anything: nothing of it is waited for."""
    os.mkfifo(project / ".npmrc")
    assert said(project, env) is None
    (project / ".npmrc").unlink()
    (project / ".npmrc").symlink_to("/dev/zero")
    assert said(project, env) is None


def test_in_the_notes_of_a_registry(project: Path, env: dict[str, str]) -> None:
    (project / ".npmrc").write_text("registry=https://other.example/\n")
    assert Registry.configured(env).notes == ()
    assert Registry.configured(env, "https://third.example/", str(project)).notes == ()
    found = Registry.configured(env, folder=str(project))
    assert found.address == ASKED
    assert found.source == f"registry in {env['HOME']}/.npmrc:1"
    assert [note.split(" names ")[0] for note in found.notes] == [f"note: {project}/.npmrc:1"]


def test_where_there_is_no_configuration(project: Path) -> None:
    (project / ".npmrc").write_text("registry=https://other.example/\n")
    assert passed_over(str(project), NpmConfig({}, ()), {}, ASKED)
