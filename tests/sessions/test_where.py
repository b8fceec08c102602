"""Where transcripts lie, and what there is not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.launching.clientdata import project_name
from ccpin.sessions.where import File, Passed, files, projects


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "projects").mkdir()
    return tmp_path


def put(config: Path, name: str) -> Path:
    path = config / "projects" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    return path


def test_the_folder_of_a_project(config: Path) -> None:
    assert project_name("/home/ann/my.shop_2") == "-home-ann-my-shop-2"
    assert project_name("/a/\U0001f600/é") == "-a-----"  # as `"/a/😀/é".replace(/[^a-zA-Z0-9]/g, "-")`
    long = "/work/" + "deep/" * 60
    names = [
        project_name("/work/shop"),
        project_name("/work/shop/sub"),
        project_name("/work/other"),
        project_name(long)[:200] + "-1x2y3",
    ]
    for name in names:
        put(config, f"{name}/a.jsonl")

    def found(folder: str | None) -> list[str]:
        return [os.path.basename(str(one)) for one in projects(str(config), folder)]

    assert found("/work/shop") == names[:2]
    assert found(long) == names[3:]
    assert found(None) == sorted(names)
    assert list(projects(str(config / "none"), None)) == []


def test_sessions_and_subagents(config: Path) -> None:
    one = "0b5758c2-1491-4e35-9dad-b1dfb190dfe2"
    put(config, f"p/{one}.jsonl")
    put(config, "p/agent-12ab.jsonl")
    put(config, f"p/{one}/subagents/agent-34cd.jsonl")
    put(config, f"p/{one}/subagents/workflows/deep/agent-56ef.jsonl")
    for name in ("p/sessions-index.json", f"p/{one}/tool-results/x.txt", "p/memory/note.md"):
        put(config, name)
    found = [one for one in files(str(config / "projects/p")) if isinstance(one, File)]
    assert [(os.path.basename(each.path), each.session, each.is_agent) for each in found] == [
        ("agent-34cd.jsonl", one, True),
        ("agent-56ef.jsonl", one, True),
        (f"{one}.jsonl", one, False),
        ("agent-12ab.jsonl", None, True),
    ]
    assert [each.size for each in found] == [3] * 4


@pytest.mark.skipif(os.name != "posix", reason="links, and what is no file")
def test_links_are_named_and_not_followed(config: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere")
    (secret / "s.jsonl").write_text("{}\n")
    folder = put(config, "p/one.jsonl").parent
    (config / "projects/linked").symlink_to(secret)
    (folder / "s.jsonl").symlink_to(secret / "s.jsonl")
    (folder / "two").mkdir()
    (folder / "two/subagents").symlink_to(secret)
    os.mkfifo(folder / "pipe.jsonl")
    found = [each for path in projects(str(config)) for each in ([path] if isinstance(path, Passed) else files(path))]
    assert [os.path.basename(each.path) for each in found if isinstance(each, File)] == ["one.jsonl"]
    assert {(os.path.relpath(each.path, config), each.why) for each in found if isinstance(each, Passed)} == {
        ("projects/linked", "a link, which is not followed"),
        ("projects/p/s.jsonl", "a link, which is not followed"),
        ("projects/p/two/subagents", "a link, which is not followed"),
        ("projects/p/pipe.jsonl", "not a plain file"),
    }


def test_a_sessions_folder_that_is_a_link(config: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    away = tmp_path_factory.mktemp("away")
    (away / "subagents").mkdir()
    (away / "subagents" / "agent-1.jsonl").write_text("{}\n")
    put(config, "p/a.jsonl")
    link = config / "projects/p/0b5758c2-1491-4e35-9dad-b1dfb190dfe2"
    link.symlink_to(away)
    found = list(files(str(config / "projects/p")))
    assert Passed(str(link), "a link, which is not followed") in found
    assert [os.path.basename(one.path) for one in found if isinstance(one, File)] == ["a.jsonl"]
