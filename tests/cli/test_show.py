"""`ccpin which`, `current` and `list`: what is pinned, why, and what there is."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.pinning.lock import render
from tests.cli.arrange import HERE, OTHERS, ccpin, edit, pin, pin_default, put_ccpin_on_path, read_lock
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream
from tests.store.nodes import install_with_node, lock_with_node

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


class TestWhich:
    @pytest.mark.parametrize("spec", ["0.2.9", "2.0.14", "2.1.330"])
    def test_one_line_that_can_be_run(self, box: Box, spec: str) -> None:
        pin(box, spec)
        done = ccpin(box, "which", cwd=box.folder("deep")).ok()
        assert done.err == ""
        [path] = done.out.splitlines()
        assert os.path.isabs(path)
        assert path.startswith(box.layout.releases)
        put_ccpin_on_path(box)
        assert box.run(["sh", "-c", '"$(ccpin which)" --version']).ok().out == f"{spec} (Claude Code)\n"
        assert ccpin(box, "which", "--json").ok().json["data"] == {"path": path, "store": box.layout.root}

    def test_the_release_named_by_hand(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.0.15")
        assert "/2.0.14-" in ccpin(box, "which", env={"CCPIN_VERSION": "2.0.14"}).ok().out
        assert "/2.0.15-" in ccpin(box, "which", env={"CCPIN_VERSION": ""}).ok().out

    def test_the_default(self, box: Box) -> None:
        pin_default(box, "2.0.14")
        assert "/2.0.14-" in ccpin(box, "which", cwd="/").ok().out

    def test_asks_nobody(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        registry.forget()
        ccpin(box, "which").ok()
        ccpin(box, "which", env={"CCPIN_VERSION": "2.0.14"}).ok()
        assert registry.asked() == []


class TestCurrent:
    def test_text(self, box: Box) -> None:
        pin(box, "2.0")
        path = ccpin(box, "which").ok().out.strip()
        assert ccpin(box, "current", cwd=box.folder("deep")).ok().out == (
            "Claude Code 2.0.15\n"
            "  asked for   2.0\n"
            "  runtime     node\n"
            f"  executable  {path}\n"
            f"  said in     {box.lock}:6\n"
            "  because     the nearest lock, from this folder upward\n"
        )

    def test_json(self, box: Box) -> None:
        pin(box, "2.1.330")
        assert ccpin(box, "current", "--json").ok().json["data"] == {
            "version": "2.1.330",
            "request": "2.1.330",
            "runtime": "native",
            "node": None,
            "digest": f"sha256:{read_lock(box.lock).digest}",
            "path": ccpin(box, "which").ok().out.strip(),
            "store": box.layout.root,
            "source": str(box.lock),
            "line": 6,
            "why": "lock",
        }

    def test_a_node_of_the_lock_s_own(self, box: Box, registry: Registry) -> None:
        lock = lock_with_node(pin(box, "2.0.14"), registry)
        box.lock.write_text(render(lock))
        done = install_with_node(box.layout, lock, registry)
        assert "  runtime     node, on Node.js 22.23.2, which the lock holds\n" in ccpin(box, "current").ok().out
        data = ccpin(box, "current", "--json").ok().json["data"]
        starter = str(Path(done.folder) / "claude-on-node-22.23.2")
        assert (data["runtime"], data["node"], data["path"]) == ("node", "22.23.2", starter)
        assert ccpin(box, "which").ok().out == f"{starter}\n"

    def test_not_installed(self, box: Box) -> None:
        pin(box, "2.0.14")
        Path(box.layout.releases).rename(box.root / "elsewhere")
        assert ccpin(box, "current", "--json").ok().json["data"]["path"] is None
        assert "not installed yet; install it: `ccpin sync`" in ccpin(box, "current").ok().out

    def test_why(self, box: Box) -> None:
        pin_default(box, "2.0.14")
        data = ccpin(box, "current", "--json").ok().json["data"]
        assert (data["why"], data["source"]) == ("default", box.layout.default_lock)
        pin(box, "2.0.15")
        data = ccpin(box, "current", "--json", env={"CCPIN_VERSION": "2.0.14"}).ok().json["data"]
        assert (data["version"], data["why"], data["source"]) == ("2.0.14", "asked", "CCPIN_VERSION")
        assert "said in     CCPIN_VERSION\n" in ccpin(box, "current", env={"CCPIN_VERSION": "2.0.14"}).ok().out

    def test_the_nearest_of_several(self, box: Box) -> None:
        pin(box, "2.0.14")
        inner = box.folder("inner")
        pin(box, "2.0.15", folder=inner)
        data = ccpin(box, "current", "--json", cwd=box.folder("inner/deep")).ok().json["data"]
        assert (data["version"], data["source"]) == ("2.0.15", str(inner / ".ccpin.lock"))
        assert ccpin(box, "current", "--json").ok().json["data"]["version"] == "2.0.14"

    def test_the_line_is_where_it_stands(self, box: Box) -> None:
        pin(box, "2.0.14")
        box.lock.write_text("# one\n# two\n" + box.lock.read_text())
        assert ccpin(box, "current", "--json").ok().json["data"]["line"] == 8
        edit(box, 'version = "2.0.14"', "version = '2.0.14'")  # TOML that the shim leaves to Python
        assert ccpin(box, "current", "--json").ok().json["data"]["line"] == 8


class TestCurrentWithoutAPin:
    def test_the_next_on_path(self, box: Box) -> None:
        other = fake_claude(box.bin)
        done = ccpin(box, "current").ok()
        assert done.out.startswith(f"{other}\n")
        assert "nothing is pinned here" in done.out
        assert ccpin(box, "current", "--json").ok().json["data"] == {
            "version": None, "request": None, "runtime": None, "node": None, "digest": None, "source": None,
            "line": None, "path": str(other), "store": None, "why": "path",
        }  # fmt: skip

    def test_disabled(self, box: Box) -> None:
        pin(box)
        other = fake_claude(box.bin)
        assert ccpin(box, "current", env={"CCPIN_DISABLE": "1"}).ok().out.startswith(f"{other}\n")

    def test_nothing_at_all(self, box: Box) -> None:
        assert "nothing is pinned here" in ccpin(box, "current").failed().err


class TestList:
    def test_nothing_yet(self, box: Box) -> None:
        done = ccpin(box, "list").ok()
        assert done.out == ""
        assert "nothing is installed" in done.err
        assert ccpin(box, "list", "--json").ok().json["data"] == {"home": str(box.ccpin_home), "installed": []}

    def test_what_is_installed_and_who_uses_it(self, box: Box) -> None:
        pin(box, "2.1.330")
        pin(box, "2.0.14")
        other = box.folder("other")
        pin(box, "2.0.14", folder=other)
        pin_default(box, "0.2.9")
        rows = ccpin(box, "list", "--json").ok().json["data"]["installed"]
        assert [row["version"] for row in rows] == ["0.2.9", "2.0.14", "2.1.330"]
        assert [row["platform"] for row in rows] == ["any", "any", HERE]
        assert rows[0]["used_by"] == [box.layout.default_lock]
        assert rows[1]["used_by"] == sorted([str(box.lock), str(other / ".ccpin.lock")])
        assert rows[2]["used_by"] == []
        assert rows[2]["bytes"] == Path(rows[2]["executable"]).stat().st_size
        lines = ccpin(box, "list").ok().out.splitlines()
        assert lines[0].split()[:2] == ["0.2.9", "node"]
        assert lines[2].endswith("MB  no known project")

    def test_a_project_that_is_gone_uses_nothing(self, box: Box) -> None:
        pin(box, "2.0.14")
        box.lock.unlink()
        [row] = ccpin(box, "list", "--json").ok().json["data"]["installed"]
        assert row["used_by"] == []

    def test_what_there_is(self, box: Box, registry: Registry) -> None:
        done = ccpin(box, "list", "--remote", "--json").ok()
        assert done.json["data"]["registry"] == registry.url
        rows = {row["version"]: row for row in done.json["data"]["releases"]}
        assert list(rows)[:3] == ["0.2.9", "0.2.90", "1.0.20"]  # by number, though the mirror's times are in no order
        assert {version: row["era"] for version, row in rows.items()} == {
            "0.2.9": "javascript",
            "0.2.90": "needs a compiled module",
            "1.0.20": "javascript",
            "2.0.14": "javascript",
            "2.0.15": "javascript",
            "2.1.110": "both",
            "2.1.112": "both",
            "2.1.113": "native",
            "2.1.166": "native",
            "2.1.200": "native",
            "2.1.206": "native",
            "2.1.330": "native",
        }
        assert rows["2.1.206"]["missing"] == ["linux-arm64-musl"]
        assert rows["2.1.330"] == {
            "version": "2.1.330",
            "era": "native",
            "tags": ["latest"],
            "missing": [],
            "withdrawn": None,
        }
        assert rows["2.1.200"]["tags"] == ["stable"]

    def test_what_there_is_as_text(self, box: Box) -> None:
        lines = ccpin(box, "list", "--remote").ok().out.splitlines()
        assert "2.1.206    native  not for linux-arm64-musl" in lines
        assert "2.1.330    native  [latest]" in lines

    def test_a_registry_without_some_platforms(self, box: Box, upstream: Upstream) -> None:
        del upstream.packages[f"@anthropic-ai/claude-code-{OTHERS[0]}"]
        rows = ccpin(box, "list", "--remote", "--json").ok().json["data"]["releases"]
        assert rows[-1]["missing"] == [OTHERS[0]]
        assert len(platforms.ALL) == len(OTHERS) + 1

    def test_what_there_was(self, box: Box, registry: Registry) -> None:
        """Without a network: what was said before, and when."""
        asked = ccpin(box, "list", "--remote", "--json").ok().json["data"]
        assert asked["as_of"] is None
        registry.forget()
        done = ccpin(box, "list", "--remote", "--offline").ok()
        assert done.out == ccpin(box, "list", "--remote", env={"CCPIN_OFFLINE": "1"}).ok().out
        assert done.err == f"note: offline: this is what {registry.url} said less than a minute ago\n"
        known = ccpin(box, "list", "--remote", "--offline", "--json").ok().json["data"]
        assert known["releases"] == asked["releases"]
        assert abs(known["as_of"] - time.time()) < 60
        for file in Path(box.layout.metadata).iterdir():
            file.write_text(file.read_text().replace('"fetched":', '"fetched":-', 1))
        assert re.search(r"said \d{4,} days ago", ccpin(box, "list", "--remote", "--offline").ok().err)
        assert registry.asked() == []

    def test_what_nobody_asked_for_is_not_known(self, box: Box, registry: Registry) -> None:
        done = ccpin(box, "list", "--remote", "--offline", "--json").failed()
        assert done.json["errors"][0]["code"] == "offline"
        assert registry.connections == 0
        ccpin(box, "list", "--offline").ok()

    def test_what_a_registry_does_not_hold_is_known_too(self, box: Box, upstream: Upstream) -> None:
        del upstream.packages[f"@anthropic-ai/claude-code-{OTHERS[0]}"]
        asked = ccpin(box, "list", "--remote").ok().out
        assert ccpin(box, "list", "--remote", "--offline").ok().out == asked


@pytest.mark.parametrize("verb", ["current", "list", "env"])
def test_a_folder_s_name_cannot_write_to_the_terminal(box: Box, verb: str) -> None:
    folder = box.folder("sub\x1b]0;pwned\x07\u202ex")
    pin(box, folder=folder)
    done = ccpin(box, verb, cwd=folder).ok()
    assert not {"\x1b", "\x07", "\u202e"}.intersection(done.out + done.err)
    assert ccpin(box, "which", cwd=folder).ok().out.isprintable() is False  # one path, byte for byte, and its line end
