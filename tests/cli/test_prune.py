"""`ccpin prune`: what it says, what it does, and what happens when others do something else at the same time."""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.arrange import ccpin, pin, pin_default, set_up
from tests.fakes import looking
from tests.fakes.box import Box, Completed
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def pruned(box: Box, *more: str) -> dict[str, Any]:
    data: dict[str, Any] = ccpin(box, "prune", "--keep", "0", *more, "--json").ok().json["data"]
    return data


def versions(box: Box) -> list[str]:
    return [entry.partition("-")[0] for entry in box.entries()]


def receipt_of(box: Box, version: str) -> Path:
    [found] = Path(box.layout.releases).glob(f"{version}-*/*/receipt.json")
    return found


def used(box: Box, version: str, days_ago: float) -> None:
    """As if it had been installed and last used so long ago."""
    when = time.time() - days_ago * 24 * 3600
    os.utime(receipt_of(box, version), (when, when))
    [executable] = Path(box.layout.releases).glob(f"{version}-*/*/claude")
    os.utime(executable, ns=(int(when * 1e9) - 1000, executable.stat().st_mtime_ns))


@pytest.fixture
def three(box: Box) -> Box:
    """A project on 2.1.330, the default 2.0.14, and 2.0.15, which nobody needs."""
    ccpin(box, "install", "2.0.15").ok()
    pin_default(box, "2.0.14")
    pin(box, "2.1.330")
    return box


class TestWhatItSays:
    def test_as_text(self, three: Box) -> None:
        used(three, "2.0.15", 40)
        said = ccpin(three, "prune", "--keep", "0").ok()
        assert said.out == (
            "2.0.15     node    freed     0 MB, last used 40 days ago, at its install\n"
            f"2.0.14     node    kept      {three.layout.default_lock} names it\n"
            f"2.1.330    native  kept      {three.lock} names it\n"
            "0 MB are free again\n"
        )
        assert said.err == ""
        assert versions(three) == ["2.0.14", "2.1.330"]

    def test_where_there_is_nothing(self, three: Box) -> None:
        assert ccpin(three, "prune").ok().out.endswith("there is nothing to free\n")
        assert len(versions(three)) == 3

    def test_on_an_empty_machine(self, box: Box) -> None:
        assert ccpin(box, "prune").ok().out == "there is nothing to free\n"
        assert not box.ccpin_home.exists()

    def test_what_could_not_be_removed(self, three: Box) -> None:
        [entry] = Path(three.layout.releases).glob("2.0.15-*")
        copy = entry.with_name("2.0.15-a-copy-with-a-long-name") / "any"
        shutil.copytree(entry / "any", copy, symlinks=True)
        copy.chmod(0o755)
        (copy / "receipt.json").unlink()
        three.give_away()
        entry.chmod(0o555)
        said = three.unprivileged("prune", "--keep", "0").failed()
        entry.chmod(0o755)
        assert "2.0.15     node    kept      it could not be removed\n" in said.out
        assert f"{copy} kept      its receipt cannot be read" in said.out
        assert said.out.endswith("nothing was freed\n")

    def test_several_reasons(self, three: Box) -> None:
        pin(three, "2.1.330", folder=three.folder("other"))
        out = ccpin(three, "prune").ok().out
        assert f"2.1.330    native  kept      {three.lock} names it, and 2 more reasons\n" in out

    def test_as_json(self, three: Box) -> None:
        used(three, "2.0.15", 40)
        [folder] = Path(three.layout.releases).glob("2.0.15-*/any")
        data = pruned(three)
        [row] = data["freed"]
        assert row["bytes"] == data["bytes"] > 0
        assert {key: row[key] for key in ("version", "runtime", "platform", "folder", "last_used_by")} == {
            "version": "2.0.15",
            "runtime": "node",
            "platform": "any",
            "folder": str(folder),
            "last_used_by": "install",
        }
        assert row["last_used"] == pytest.approx(time.time() - 40 * 24 * 3600, abs=600)
        assert (data["dry_run"], data["swept"]) == (False, [])
        assert {row["version"]: row["why"] for row in data["kept"]} == {
            "2.0.14": [{"kind": "default", "text": f"{three.layout.default_lock} names it"}],
            "2.1.330": [{"kind": "lock", "text": f"{three.lock} names it"}],
        }

    def test_a_dry_run_says_the_same_and_changes_nothing(self, three: Box) -> None:
        left = Path(receipt_of(three, "2.0.14").parent.parent, ".staging-x")
        left.mkdir()
        shutil.rmtree(three.project)
        three.project.mkdir()
        before = looking.tree(three.ccpin_home)
        dry = pruned(three, "--dry-run")
        text = ccpin(three, "prune", "--keep", "0", "--dry-run").ok().out
        assert looking.tree(three.ccpin_home) == before
        assert "2.0.15     node    would go  0 MB, last used today" in text
        assert "1 x leftover       would go  a killed process left it\n" in text
        assert text.endswith("0 MB would be free again\n")
        done = pruned(three)
        assert (dry.pop("dry_run"), done.pop("dry_run")) == (True, False)
        assert dry == done
        assert looking.tree(three.ccpin_home) != before

    def test_processes_without_a_name_are_said(self, three: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        class Silent:
            pid = 1

            def __getattr__(self, question: str) -> Any:
                raise psutil.AccessDenied(1)

        monkeypatch.setattr(psutil, "process_iter", lambda: [Silent()])
        said = ccpin(three, "prune").ok()
        assert said.err == (
            "note: 1 process would not even tell their names; whether they run something from here is not known\n"
        )
        assert pruned(three)["unseen"] == 1


class TestOptions:
    def test_the_three_used_last_stay(self, box: Box) -> None:
        for days, version in enumerate(("2.1.330", "2.0.15", "2.0.14", "1.0.20", "2.1.166")):
            ccpin(box, "install", version).ok()
            used(box, version, 10 + days)
        ccpin(box, "prune").ok()
        assert versions(box) == ["2.0.14", "2.0.15", "2.1.330"]
        ccpin(box, "prune", "--keep", "1").ok()
        assert versions(box) == ["2.1.330"]
        ccpin(box, "prune", "--keep", "0").ok()
        assert versions(box) == []

    def test_only_older_ones(self, box: Box) -> None:
        for days, version in ((3, "2.0.14"), (31, "2.0.15")):
            ccpin(box, "install", version).ok()
            used(box, version, days)
        data = pruned(box, "--older-than", "30d")
        assert [row["version"] for row in data["freed"]] == ["2.0.15"]
        assert [row["why"] for row in data["kept"]] == [[{"kind": "young", "text": "it was used 3 days ago"}]]
        assert [row["version"] for row in pruned(box, "--older-than", "36h")["freed"]] == ["2.0.14"]


class TestReasons:
    def test_a_project_that_is_gone_may_come_back(self, three: Box) -> None:
        aside = three.project.rename(three.root / "aside")
        three.project.mkdir()
        data = pruned(three)
        [why] = [row["why"] for row in data["kept"] if row["version"] == "2.1.330"]
        assert why[0]["kind"] == "gone-project"
        three.project.rmdir()
        aside.rename(three.project)
        ccpin(three, "check", "--lock-only").ok()
        set_up(three)
        assert three.claude("--version").ok().out == "2.1.330 (Claude Code)\n"

    def test_a_lock_that_may_not_be_read(self, three: Box) -> None:
        three.give_away()
        three.lock.chmod(0)
        data = three.unprivileged("prune", "--keep", "0", "--json").ok().json["data"]
        assert data["freed"] == []
        for row in data["kept"]:
            texts = [why["text"] for why in row["why"] if why["kind"] == "unreadable-lock"]
            assert texts == [f"{three.lock} cannot be read, and may name it"]

    def test_a_folder_that_may_not_be_looked_into_is_not_gone(self, three: Box) -> None:
        three.give_away()
        three.project.chmod(0)
        try:
            data = three.unprivileged("prune", "--keep", "0", "--json", cwd="/").ok().json["data"]
        finally:
            three.project.chmod(0o755)
        assert (data["freed"], len(data["kept"])) == ([], 3)

    @pytest.mark.parametrize("what", ["record", "folder"])
    def test_records_that_may_not_be_read(self, three: Box, what: str) -> None:
        three.give_away()
        projects = Path(three.layout.projects)
        for path in projects.iterdir() if what == "record" else [projects]:
            path.chmod(0)
        done = three.unprivileged("prune", "--keep", "0", "--json").ok()
        assert done.json["data"]["freed"] == []

    def test_what_runs(self, three: Box) -> None:
        shutil.rmtree(three.layout.projects)
        set_up(three)
        with three.start(three.claude_argv("-p"), env={"FAKE_SLEEP": "60"}) as running:
            assert running.stdout
            running.stdout.readline()
            [why] = [row["why"] for row in pruned(three)["kept"] if row["version"] == "2.1.330"]
            assert why[0]["kind"] == "process"
            assert f"process {running.pid} (" in why[0]["text"]
            assert running.poll() is None
        assert versions(three) == ["2.0.14", "2.1.330"]
        pruned(three)
        assert versions(three) == ["2.0.14"]

    @pytest.mark.usefixtures("alone")
    def test_what_another_user_runs(self, three: Box) -> None:
        """Of theirs Linux tells the command line alone."""
        shutil.rmtree(three.layout.projects)
        set_up(three)
        [executable] = Path(three.layout.releases).glob("2.1.330-*/*/claude")
        for path in (three.root, three.ccpin_home):
            path.chmod(0o755)
        with three.start([executable, "-p"], env={"FAKE_SLEEP": "60"}) as running:
            assert running.stdout
            running.stdout.readline()
            three.give_away()
            data = three.unprivileged("prune", "--keep", "0", "--json").ok().json["data"]
        assert "2.1.330" in {row["version"] for row in data["kept"]}
        assert {row["version"] for row in data["freed"]} == {"2.0.15"}


class TestWhatCannotBeDone:
    @pytest.mark.usefixtures("alone")
    def test_a_store_that_may_not_be_written(self, three: Box) -> None:
        three.give_away()
        shutil.rmtree(three.layout.projects)
        entry = receipt_of(three, "2.1.330").parent.parent
        entry.chmod(0o555)
        done = three.unprivileged("prune", "--keep", "0", "--json").failed()
        assert [error["code"] for error in done.json["errors"]] == ["store-unwritable"]
        assert "permission denied" in done.json["errors"][0]["message"]
        assert [row["version"] for row in done.json["data"]["freed"]] == ["2.0.15"]
        assert versions(three) == ["2.0.14", "2.1.330"]

    @pytest.mark.usefixtures("alone")
    def test_a_whole_home_that_may_not_be_written(self, three: Box) -> None:
        three.give_away()
        before = three.snapshot()
        folders = [path for path in three.ccpin_home.rglob("*") if path.is_dir() and not path.is_symlink()]
        for path in folders:
            path.chmod(0o555)
        done = three.unprivileged("prune", "--keep", "0", "--json").failed()
        for path in folders:
            path.chmod(0o755)
        assert {error["code"] for error in done.json["errors"]} == {"store-unwritable"}
        assert done.json["data"]["bytes"] == 0
        assert {name for name in before if "claude" in name} <= set(three.snapshot())


class TestAtTheSameTime:
    def test_sync_and_prune(self, box: Box, registry: Registry) -> None:
        """Whatever is freed under it, what a `sync` says is there, is there; `prune` never fails over it."""
        pin(box, "2.1.330")
        folder = box.folder("clone")
        lock = folder / ".ccpin.lock"
        box.lock.rename(lock)  # nobody knows of this one yet

        def one(way: int) -> Completed:
            return box.ccpin("prune", "--keep", "0") if way else box.ccpin("sync", cwd=folder)

        for _ in range(2):
            shutil.rmtree(box.layout.projects)
            with ThreadPoolExecutor(6) as pool:
                for done in pool.map(one, (0, 1, 1, 0, 1, 0)):
                    done.ok()
            path = ccpin(box, "which", cwd=folder).ok().out.strip()
            assert os.access(path, os.X_OK)
            assert [name for name in os.listdir(box.layout.releases) if name.startswith(".")] == []
            ccpin(box, "verify", "--deep").ok()

    def test_use_and_prune(self, box: Box) -> None:
        """A release that is about to be pinned is nobody's yet."""
        ways = ["2.1.330", "prune", "2.0.14", "prune", "prune"]
        folders = {way: box.folder(way) for way in ways if way != "prune"}

        def one(way: str) -> Completed:
            return box.ccpin("prune", "--keep", "0") if way == "prune" else box.ccpin("use", way, cwd=folders[way])

        with ThreadPoolExecutor(5) as pool:
            for done in pool.map(one, ways):
                done.ok()
        for folder in folders.values():
            assert os.access(ccpin(box, "which", cwd=folder).ok().out.strip(), os.X_OK)
        assert versions(box) == ["2.0.14", "2.1.330"]
