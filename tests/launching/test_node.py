"""The Node.js that a JavaScript release runs on: the user's, new enough, asked once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.errors import NodeMissing, NodeUnfit
from ccpin.launching.node import checked_node, find_executable, is_checked, remember_node, require_node

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def program(folder: Path, script: str = "echo v20.11.0", name: str = "node") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


class TestFinding:
    def test_the_first_on_path(self, tmp_path: Path) -> None:
        one, two = program(tmp_path / "one"), program(tmp_path / "two")
        assert find_executable("node", f"{tmp_path}/none:{two.parent}:{one.parent}") == str(two)
        two.chmod(0o644)
        assert find_executable("node", f"{two.parent}:{one.parent}") == str(one)
        assert find_executable("node", "") is None

    def test_not_the_clone_s(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path)
        program(tmp_path / "bin")
        monkeypatch.chdir(tmp_path)
        assert find_executable("node", ":.:bin:./bin:") is None

    def test_not_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "node").mkdir()
        assert find_executable("node", str(tmp_path)) is None


class TestRequired:
    @pytest.mark.parametrize(
        ("says", "wanted"),
        [
            ("v20.11.0", ">=18.0.0"),
            ("v18.0.0", ">=18.0.0"),
            ("v18.0.0-nightly", None),
            ("v22.1.0", ">= 22"),
            ("v20.10.0", ">=20.9"),
        ],
    )
    def test_fits(self, tmp_path: Path, says: str, wanted: str | None) -> None:
        node = program(tmp_path, f"echo {says}")
        assert require_node({"PATH": str(tmp_path)}, wanted, "2.0.14") == str(node)

    @pytest.mark.parametrize(
        ("script", "wanted", "said"),
        [
            ("echo v16.20.2", ">=18.0.0", "is 16.20.2"),
            ("echo v17.99.99", None, "is 17.99.99"),
            ("echo v20.0.0", "^20 || ^22", "is 20.0.0"),
            ("echo 20.0.0", ">=18.0.0", "does not answer"),
            ("echo v20.0.0; exit 1", ">=18.0.0", "does not answer"),
            ("printf '\\377\\377'", ">=18.0.0", "does not answer"),
            ("exit 0", ">=18.0.0", "does not answer"),
        ],
    )
    def test_does_not(self, tmp_path: Path, script: str, wanted: str | None, said: str) -> None:
        node = program(tmp_path, script)
        with pytest.raises(NodeUnfit, match=said) as raised:
            require_node({"PATH": f"{tmp_path}:/usr/bin:/bin"}, wanted, "2.0.14")
        assert str(node) in raised.value.message
        assert raised.value.launch_code == 126

    def test_cannot_be_started(self, tmp_path: Path) -> None:
        (tmp_path / "node").write_text("#!/nowhere\n")
        (tmp_path / "node").chmod(0o755)
        with pytest.raises(NodeUnfit, match="does not answer"):
            require_node({"PATH": str(tmp_path)}, None, "2.0.14")

    def test_is_not_there(self) -> None:
        with pytest.raises(NodeMissing) as raised:
            require_node({}, None, "2.0.14")
        assert raised.value.launch_code == 127
        assert ">=18.0.0" in raised.value.hint


class TestChecked:
    def test_once(self, tmp_path: Path) -> None:
        node = program(tmp_path / "bin", f"echo asked >> {tmp_path}/log; echo v20.0.0")
        link = str(tmp_path / "link")
        env = {"PATH": f"{tmp_path}/bin"}
        for _ in range(2):
            assert checked_node(env, link, lambda: ">=18", "2.0.14") == str(node)
        assert (tmp_path / "log").read_text() == "asked\n"
        assert os.path.samefile(link, node)

    def test_again_for_another_one(self, tmp_path: Path) -> None:
        program(tmp_path / "one")
        two = program(tmp_path / "two", "echo v16.0.0")
        link = str(tmp_path / "link")
        checked_node({"PATH": f"{tmp_path}/one"}, link, lambda: None, "2.0.14")
        with pytest.raises(NodeUnfit):
            checked_node({"PATH": f"{tmp_path}/two"}, link, lambda: None, "2.0.14")
        assert not is_checked(str(two), link)
        with pytest.raises(NodeMissing):
            checked_node({"PATH": "/nowhere"}, link, lambda: None, "2.0.14")

    def test_a_link_that_leads_nowhere_is_replaced(self, tmp_path: Path) -> None:
        node = program(tmp_path / "bin")
        link = tmp_path / "link"
        link.symlink_to("gone")
        checked_node({"PATH": f"{tmp_path}/bin"}, str(link), lambda: None, "2.0.14")
        assert link.resolve() == node.resolve()
        assert sorted(os.listdir(tmp_path)) == ["bin", "link"]

    def test_a_store_that_cannot_be_written_is_no_failure(self, tmp_path: Path) -> None:
        remember_node(str(program(tmp_path)), str(tmp_path / "none/link"))
