"""`ccpin verify`: what it says of a store, and how `--repair` puts it right."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccpin.errors import CannotMend
from ccpin.launching.mend import mend
from ccpin.releases.configured import configured
from ccpin.releases.sources import Sources
from ccpin.store.progress import Progress
from ccpin.store.verify import verify
from tests.cli.arrange import OTHERS, ccpin, pin, relock, set_up
from tests.fakes import faults, looking
from tests.fakes.box import Box
from tests.fakes.claude import fake_node
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

Damage = Callable[[Path], None]


def executable(box: Box, version: str, home: Path | None = None) -> Path:
    [found] = Path(home or box.ccpin_home, "releases").glob(f"{version}-*/*/claude")
    return found.resolve()


def patch(path: Path) -> None:
    """A byte of it, and nobody sees it by a stat."""
    status = path.stat()
    path.chmod(0o755)
    path.write_bytes(path.read_bytes().replace(b"FAKE", b"EKAF", 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    path.chmod(0o555)


def cut(path: Path) -> None:
    path.chmod(0o755)
    path.write_bytes(path.read_bytes()[:1000])
    path.chmod(0o555)


def remove(path: Path) -> None:
    path.parent.chmod(0o755)
    path.unlink()
    path.parent.chmod(0o555)


def add(path: Path) -> None:
    path.parent.chmod(0o755)
    (path.parent / "extra.js").touch()
    path.parent.chmod(0o555)


def open_up(path: Path) -> None:
    path.chmod(0o777)


def lose_receipt(path: Path) -> None:
    folder = path.parent if (path.parent / "receipt.json").exists() else path.parent.parent
    folder.chmod(0o755)
    (folder / "receipt.json").unlink()


DAMAGES = {
    "patched": patch, "truncated": cut, "missing": remove, "extra": add, "mode": open_up, "receipt": lose_receipt,
}  # fmt: skip


def forget_projects(box: Box) -> None:
    shutil.rmtree(box.layout.projects)


def rows(box: Box, *more: str, code: int = 0) -> dict[str, Any]:
    """version -> what is said of its install."""
    done = ccpin(box, "verify", "--deep", *more, "--json").failed(code)
    return {row["version"]: row for row in done.json["data"]["installs"]}


class TestLooking:
    def test_all_is_well(self, box: Box, registry: Registry) -> None:
        assert ccpin(box, "verify").ok().out == "nothing is installed\n"
        pin(box, "2.0.14")
        assert ccpin(box, "verify").ok().out == "1 install as verified: 2.0.14\n"
        pin(box, "2.1.330")
        registry.stop()
        before = box.snapshot()
        for more in ((), ("--deep",), ("--repair",), ("--deep", "--repair")):
            assert ccpin(box, "verify", *more).ok().out == "2 installs as verified: 2.0.14, 2.1.330\n"
        assert ccpin(box, "verify", "2.0.14").ok().out == "1 install as verified: 2.0.14\n"
        assert box.snapshot() == before

    def test_patched(self, box: Box) -> None:
        pin(box, "2.1.330")
        pin(box, "2.0.14")
        path = executable(box, "2.1.330")
        patch(path)
        ccpin(box, "verify").ok()  # by stat
        done = ccpin(box, "verify", "--deep").failed()
        assert done.out == "1 install as verified: 2.0.14\n"
        assert done.err == (
            f"ccpin: Claude Code 2.1.330 is not as it was verified: {path}: patched, not corrupt: it is still 2.1.330 "
            "inside, and its bytes are not those verified (its sha256 is not the one that was verified)\n"
            "  install it anew: `ccpin verify 2.1.330 --repair`\n"
        )

    def test_a_patched_one_is_only_mended_where_every_byte_is_looked_at(self, box: Box) -> None:
        pin(box, "2.1.330")
        patch(executable(box, "2.1.330"))
        ccpin(box, "verify", "2.1.330", "--repair").ok()
        assert rows(box, code=1)["2.1.330"]["faults"]

    def test_several_things(self, box: Box) -> None:
        pin(box, "2.0.14")
        path = executable(box, "2.0.14")
        for damage in (cut, open_up, add):
            damage(path)
        (path.parent / "more.js").symlink_to("nowhere")
        done = ccpin(box, "verify").failed()
        assert "(and 1 more)" in done.err
        kinds = {fault["kind"] for fault in rows(box, code=1)["2.0.14"]["faults"]}
        assert kinds == {"truncated", "mode", "extra"}

    def test_what_may_not_be_read(self, box: Box) -> None:
        pin(box, "2.1.330")
        path = executable(box, "2.1.330")
        box.give_away()
        path.chmod(0o111)
        done = box.unprivileged("verify", "--deep", "--json").failed()
        [row] = done.json["data"]["installs"]
        said = [fault["said"] for fault in row["faults"]]
        assert said == ["it cannot be read: permission denied", "not everybody may use it (---x--x--x)"]

    def test_what_stands_beside(self, box: Box) -> None:
        pin(box, "2.0.14")
        path = Path(box.layout.releases, "a b")
        path.touch()
        done = ccpin(box, "verify").failed()
        assert done.out == "1 install as verified: 2.0.14\n"
        assert f"  look at it, and take it away: `rm -r '{path}'`\n" in done.err
        ccpin(box, "verify", "2.0.14").ok()  # who asks for one asks for no more


class TestRepair:
    @pytest.mark.parametrize("spec", ["2.1.330", "2.0.14", "own node"])
    @pytest.mark.parametrize("kind", DAMAGES)
    @pytest.mark.parametrize("by", ["lock", "receipt"])
    def test_all_is_as_before(self, box: Box, registry: Registry, spec: str, kind: str, by: str) -> None:
        if spec == "own node":
            ccpin(box, "use", "2.0.14", "--node", "22").ok()
        else:
            pin(box, spec)
        version = "2.1.330" if spec == "2.1.330" else "2.0.14"
        before = box.snapshot()
        if by == "receipt":
            forget_projects(box)
        DAMAGES[kind](executable(box, version))
        registry.forget()
        found = rows(box, code=1)[version]
        assert kind in {fault["kind"] for fault in found["faults"]}
        if (kind, by) == ("receipt", "receipt"):
            done = ccpin(box, "verify", "--deep", "--repair", "--json").failed()
            assert [error["code"] for error in done.json["errors"]] == ["cannot-mend"]
            return
        row = rows(box, "--repair")[version]
        assert row["mended"] is True
        assert row["mended_by"] == (str(box.lock) if by == "lock" else "its receipt")
        after = box.snapshot()
        if version == "2.1.330" and kind in ("extra", "mode"):  # its own file was taken, and no tarball
            assert registry.asked("*.tgz") == []
            before, after = (
                {name: what for name, what in all_.items() if "receipt" not in name} for all_ in (before, after)
            )
        assert after == before
        assert rows(box)[version]["faults"] == []

    def test_it_says_so(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        cut(executable(box, "2.1.330"))
        done = ccpin(box, "verify", "--repair").ok()
        assert done.out == (
            f"Claude Code 2.1.330 was installed anew, as {box.lock} says\n1 install as verified: 2.0.14\n"
        )

    def test_the_hint_is_what_mends_it(self, box: Box) -> None:
        pin(box, "2.0.14")
        cut(executable(box, "2.0.14"))
        [error] = ccpin(box, "verify", "--json").failed().json["errors"]
        command = error["hint"].partition("`")[2].rstrip("`")
        ccpin(box, *command.split()[1:]).ok()
        ccpin(box, "verify", "--deep").ok()

    def test_the_hint_where_nothing_tells(self, box: Box) -> None:
        pin(box, "2.0.14")
        forget_projects(box)
        lose_receipt(executable(box, "2.0.14"))
        [error] = ccpin(box, "verify", "--json").failed().json["errors"]
        assert error["hint"].startswith("remove it, `ccpin uninstall 2.0.14`")
        ccpin(box, "uninstall", "2.0.14").ok()
        assert ccpin(box, "verify").ok().out == "nothing is installed\n"
        ccpin(box, "sync").ok()

    @pytest.mark.parametrize("name", ["linux-mips", "it's.bak"])
    def test_the_hint_beside_a_good_one(self, box: Box, name: str) -> None:
        """An uninstall of that version would take the good one away as well."""
        pin(box, "2.1.330")
        good = executable(box, "2.1.330")
        copy = good.parents[1] / name
        shutil.copytree(good.parent, copy)
        [error] = ccpin(box, "verify", "--json").failed().json["errors"]
        assert error["code"] == "cannot-mend"
        assert "uninstall" not in error["hint"]
        subprocess.run(error["hint"].split("`")[1], shell=True, check=True)
        assert not copy.exists()
        assert ccpin(box, "verify").ok().out == "1 install as verified: 2.1.330\n"

    def test_what_stands_behind_a_link_is_not_mended(self, box: Box) -> None:
        pin(box, "2.1.330")
        entry = executable(box, "2.1.330").parents[1]
        other = entry.rename(box.root / "somebody else's")
        entry.symlink_to(other)
        open_up(executable(box, "2.1.330"))
        before = looking.tree(other)
        [error] = ccpin(box, "verify", "--repair", "--json").failed().json["errors"]
        assert (error["code"], "`rm '" in error["hint"]) == ("cannot-mend", True)
        assert looking.tree(other) == before

    def test_where_only_a_mode_changed_nothing_is_asked_for(self, box: Box) -> None:
        pin(box, "2.1.330")
        forget_projects(box)
        open_up(executable(box, "2.1.330"))
        ccpin(box, "verify", "--repair", "--offline").ok()
        ccpin(box, "verify", "--deep").ok()

    def test_one_that_fails_keeps_nobody_from_the_rest(self, box: Box, registry: Registry) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        for version in ("2.0.14", "2.1.330"):
            cut(executable(box, version))
        before = box.snapshot()
        registry.fault("*-2.0.14.tgz", faults.wrong_bytes())
        done = ccpin(box, "verify", "--repair", "--json").failed()
        assert [error["code"] for error in done.json["errors"]] == ["damaged", "bad-archive"]
        assert [row["mended"] for row in done.json["data"]["installs"]] == [False, True]
        after = box.snapshot()
        changed = {name for name in before if before[name] != after[name]}
        assert changed
        assert not [name for name in changed if "2.0.14" in name]  # what was there stays, for what it is worth

    def test_only_what_was_asked_for(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin(box, "2.1.330")
        for version in ("2.0.14", "2.1.330"):
            cut(executable(box, version))
        ccpin(box, "verify", "2.0.14", "--repair").ok()
        assert [version for version, row in rows(box, code=1).items() if row["faults"]] == ["2.1.330"]

    def test_a_lock_whose_platforms_are_others(self, box: Box) -> None:
        """It names the entry, and says nothing of this machine's file; the receipt does."""
        lock = pin(box, "2.1.330")
        relock(box, artifacts={name: lock.artifacts[name] for name in OTHERS})
        cut(executable(box, "2.1.330"))
        assert rows(box, "--repair")["2.1.330"]["mended_by"] == "its receipt"

    def test_a_lock_of_which_only_the_head_is_valid(self, box: Box) -> None:
        """The shim starts what it names all the same."""
        pin(box, "2.1.330")
        box.lock.write_text(box.lock.read_text().replace("size = ", "size = 1", 1))
        cut(executable(box, "2.1.330"))
        assert rows(box, "--repair")["2.1.330"]["mended_by"] == "its receipt"

    def test_an_install_for_another_platform(self, box: Box) -> None:
        pin(box, "2.1.330")
        folder = executable(box, "2.1.330").parent
        folder.chmod(0o755)
        folder.rename(folder.with_name(OTHERS[0]))
        (folder.with_name(OTHERS[0]) / "receipt.json").unlink()
        done = ccpin(box, "verify", "--repair", "--json").failed()
        [error] = done.json["errors"]
        assert error["code"] == "cannot-mend"
        assert "another platform" in error["message"]

    def test_while_it_runs(self, box: Box) -> None:
        """The process goes on with the file that it has, and finds an equal one under the same name."""
        pin(box, "2.1.330")
        set_up(box)
        with box.start(box.claude_argv("-p"), env={"FAKE_SLEEP": "60"}) as running:
            assert running.stdout
            running.stdout.readline()
            patch(executable(box, "2.1.330"))
            assert rows(box, "--repair")["2.1.330"]["mended"]
            assert running.poll() is None
            running.send_signal(signal.SIGTERM)
            assert running.wait(10) == -signal.SIGTERM
        assert box.claude("--version").ok().out == "2.1.330 (Claude Code)\n"

    def test_without_its_node(self, box: Box) -> None:
        """What cannot start is not installed anew either, and the old one stays."""
        pin(box, "2.0.14")
        cut(executable(box, "2.0.14"))
        before = box.snapshot()
        fake_node(box.bin, "12.0.0")
        errors = ccpin(box, "verify", "--repair", "--json").failed().json["errors"]
        assert [error["code"] for error in errors] == ["damaged", "node-unfit"]
        assert box.snapshot() == before

    def test_where_the_store_may_not_be_written(self, box: Box) -> None:
        pin(box, "2.0.14")
        path = executable(box, "2.0.14")
        cut(path)
        box.give_away()
        entry = path.parents[2]
        entry.chmod(0o555)
        done = box.unprivileged("verify", "--repair", "--json")
        entry.chmod(0o755)
        assert [error["code"] for error in done.failed().json["errors"]] == ["damaged", "store-unwritable"]

    def test_what_will_not_be_mended_is_said(self, box: Box) -> None:
        """A disk that loses what is written to it: the new install is looked at, too."""
        pin(box, "2.1.330")
        path = executable(box, "2.1.330")
        cut(path)
        [broken] = verify(box.layout)

        class Spoiling(Progress):
            def noted(self, sentence: str) -> None:
                [staged] = path.parents[1].glob(".staging-*/claude")
                staged.chmod(0o777)

        def sources() -> Sources:
            return configured(box.env, box.layout)

        with pytest.raises(CannotMend, match="may be written to"):
            mend(broken, box.layout, box.env, sources, Spoiling())


class TestByOthers:
    """`sync` and `check` notice what a stat tells, and so mend it, or say what does."""

    def test_sync_installs_what_was_cut(self, box: Box) -> None:
        pin(box, "2.1.330")
        before = box.snapshot()
        cut(executable(box, "2.1.330"))
        ccpin(box, "sync").ok()
        assert box.snapshot() == before

    def test_check_says_so(self, box: Box) -> None:
        pin(box, "2.1.330")
        set_up(box)
        path = executable(box, "2.1.330")
        cut(path)
        assert [error["code"] for error in ccpin(box, "check", "--json").failed().json["errors"]] == ["entry-changed"]


class TestSharedStores:
    @pytest.fixture
    def shared(self, box: Box) -> Path:
        folder = box.root / "a shared store"
        ccpin(box, "install", "2.1.330", env={"CCPIN_HOME": str(folder)}).ok()
        box.env["CCPIN_STORE_PATH"] = str(folder)
        return folder

    def test_they_are_looked_at_and_never_touched(self, box: Box, shared: Path) -> None:
        pin(box, "2.0.14")
        assert ccpin(box, "verify").ok().out == f"2 installs as verified: 2.1.330 (in {shared}), 2.0.14\n"
        cut(executable(box, "2.1.330", shared))
        before = looking.tree(shared)
        [error] = ccpin(box, "verify", "--deep", "--repair", "--json").failed().json["errors"]
        assert looking.tree(shared) == before
        assert error["code"] == "damaged"
        assert error["hint"] == f"install it anew: `CCPIN_HOME='{shared}' ccpin verify 2.1.330 --repair`"
        ccpin(box, "verify", "2.1.330", "--repair", env={"CCPIN_HOME": str(shared), "CCPIN_STORE_PATH": None}).ok()
        ccpin(box, "verify").ok()

    def test_an_own_one_beside_it_is_mended(self, box: Box, shared: Path) -> None:
        del box.env["CCPIN_STORE_PATH"]
        pin(box, "2.1.330")
        box.env["CCPIN_STORE_PATH"] = str(shared)
        cut(executable(box, "2.1.330"))
        before = looking.tree(shared)
        assert rows(box, "--repair")["2.1.330"]["faults"] is not None
        assert executable(box, "2.1.330").read_bytes() == executable(box, "2.1.330", shared).read_bytes()
        assert looking.tree(shared) == before
