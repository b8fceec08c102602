"""`ccpin bundle`, and `--from` it: from a machine with a network to one without, and the lock is the same there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tests.cli.arrange import HERE, OTHERS, ccpin, pin, pin_default, read_lock
from tests.cli.test_sync import as_cloned
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

FORMS = pytest.mark.parametrize("form", ["b.tar", "b"])


def no_network(box: Box, registry: Registry) -> None:
    """Another machine: nothing is installed, and nobody answers."""
    registry.stop()
    for folder, _, _ in os.walk(box.ccpin_home):
        os.chmod(folder, 0o700)
    shutil.rmtree(box.ccpin_home, ignore_errors=True)


@FORMS
class TestThereAndBack:
    @pytest.mark.parametrize("spec", ["0.2.9", "2.0.14", "2.1.112", "2.1.113", "2.1.166", "2.1.330"])
    def test_sync(self, box: Box, registry: Registry, spec: str, form: str) -> None:
        pin(box, spec)
        ccpin(box, "bundle", "-o", form).ok()
        lock = box.lock.read_bytes()
        no_network(box, registry)
        done = ccpin(box, "sync", "--from", form).ok()
        assert done.out == f"Claude Code {spec} is installed\n"
        assert f"came from the bundle ({form})" in done.err
        assert box.lock.read_bytes() == lock
        assert box.ccpin("exec", "--", "--version").ok().out == f"{spec} (Claude Code)\n"

    @pytest.mark.parametrize("spec", ["2.0.14", "2.1.112", "2.1.166", "2.1.206", "2.1.330", "2.1.113"])
    def test_use_writes_the_same_lock(self, box: Box, registry: Registry, spec: str, form: str) -> None:
        ccpin(box, "use", spec).ok()
        ccpin(box, "bundle", "-o", form).ok()
        lock = box.lock.read_bytes()
        no_network(box, registry)
        box.lock.unlink()
        ccpin(box, "use", spec, "--from", form).ok()
        assert box.lock.read_bytes() == lock

    @pytest.mark.parametrize("spec", ["2.1", ">=2.1.200,<2.2"])
    def test_use_of_a_range(self, box: Box, registry: Registry, spec: str, form: str) -> None:
        ccpin(box, "use", spec).ok()
        lock = box.lock.read_bytes()
        other = box.folder("other")
        pin(box, "2.1.113", folder=other)
        ccpin(box, "bundle", "-o", form, ".", "other").ok()
        no_network(box, registry)
        box.lock.unlink()
        ccpin(box, "use", spec, "--from", form).ok()
        assert box.lock.read_bytes() == lock

    def test_a_node_of_the_locks_own(self, box: Box, registry: Registry, form: str) -> None:
        (box.bin / "node").unlink()
        ccpin(box, "use", "2.0.14", "--node", "22").ok()
        data = ccpin(box, "bundle", "-o", form, "--json").ok().json["data"]
        assert sorted(file["of"] for file in data["files"]) == [["2.0.14 any"], [f"2.0.14 node-{HERE}"]]
        assert data["platforms"] == ["any", HERE]
        lock = box.lock.read_bytes()
        no_network(box, registry)
        ccpin(box, "sync", "--from", form).ok()
        assert box.ccpin("exec", "--", "--version").ok().out == "2.0.14 (Claude Code)\n"
        no_network(box, registry)
        box.lock.unlink()
        ccpin(box, "use", "2.0.14", "--from", form).ok()
        assert box.lock.read_bytes() == lock
        box.lock.unlink()
        ccpin(box, "use", "2.0.14", "--node", "22", "--from", form).ok()
        assert "  (with Node.js 22." in ccpin(box, "list").ok().out
        assert box.lock.read_bytes() == lock

    def test_install(self, box: Box, registry: Registry, form: str) -> None:
        pin(box, "2.1.330")
        ccpin(box, "bundle", "-o", form).ok()
        no_network(box, registry)
        ccpin(box, "install", "2.1", "--from", form).ok()
        assert [entry.partition("-")[0] for entry in box.entries()] == ["2.1.330"]

    def test_other_bytes(self, box: Box, registry: Registry, form: str) -> None:
        pin(box, "2.1.330")
        ccpin(box, "bundle", "-o", form).ok()
        no_network(box, registry)
        path = box.project / form
        path = path if path.is_file() else next(path.glob("sha256-*"))
        data = bytearray(path.read_bytes())
        data[-2000] ^= 1
        path.write_bytes(data)
        answer = ccpin(box, "sync", "--from", form, "--json").failed().json
        assert [error["code"] for error in answer["errors"]] == ["integrity-mismatch"]
        assert box.entries() == []

    def test_another_machine(self, box: Box, registry: Registry, form: str) -> None:
        """A bundle for others is of no use here, and says what it is."""
        pin(box, "2.1.330")
        ccpin(box, "bundle", "-o", form, "--platform", OTHERS[0], "--platform", OTHERS[1]).ok()
        lock = box.lock.read_bytes()
        no_network(box, registry)
        for command in ("sync", "use 2.1.330", "install 2.1.330"):
            [error] = ccpin(box, *command.split(), "--from", form, "--json").failed().json["errors"]
            assert error["code"] == "not-in-bundle"
            assert f"it holds 2.1.330 for {OTHERS[0]}, {OTHERS[1]}" in error["message"]
            assert f"--platform {HERE}" in error["hint"]
        assert box.lock.read_bytes() == lock


class TestLocks:
    def test_the_one_that_counts_here(self, box: Box) -> None:
        pin(box, "2.1.330")
        done = ccpin(box, "bundle", "-o", "b.tar", cwd=box.folder("deep/er")).ok()
        assert done.out == f"b.tar: Claude Code 2.1.330 for {HERE}; 1 file, 0.0 MB\n"
        assert (box.project / "deep/er/b.tar").is_file()

    def test_the_default(self, box: Box) -> None:
        pin_default(box, "2.0.14")
        assert "Claude Code 2.0.14 for any; 1 file" in ccpin(box, "bundle", "-o", "b").ok().out

    def test_none(self, box: Box) -> None:
        assert ccpin(box, "bundle", "-o", "b", "--json").failed().json["errors"][0]["code"] == "no-lock"

    def test_several_by_file_and_folder(self, box: Box) -> None:
        for version in ("2.1.330", "2.0.14", "2.1.200"):
            pin(box, version, folder=box.folder(version))
        os.rename(box.project / "2.1.200/.ccpin.lock", box.project / "another.lock")
        for order in (
            ["2.1.330", "2.0.14/.ccpin.lock", "another.lock"],
            ["another.lock", "2.0.14", "2.1.330", "2.1.330/"],
        ):
            done = ccpin(box, "bundle", "-o", "b.tar", "--platform", "all", *order).ok()
            assert done.out.startswith("b.tar: Claude Code 2.0.14, 2.1.200, 2.1.330 for any, darwin-arm64")

    @pytest.mark.parametrize("named", ["nothing", "empty", "broken"])
    def test_one_that_cannot_be_read(self, box: Box, named: str) -> None:
        pin(box, "2.0.14")
        box.folder("empty")
        (box.project / "broken").write_text("lock-version = 1\n")
        [error] = ccpin(box, "bundle", "-o", "b", ".", named, "--json").failed().json["errors"]
        assert error["code"] == ("lock-invalid" if named == "broken" else "lock-unreadable")
        assert named in error["message"]
        assert not (box.project / "b").exists()


class TestCommand:
    def test_json(self, box: Box, upstream: Upstream) -> None:
        pin(box, "2.1.330")
        data = ccpin(box, "bundle", "--output", "b.tar", "--json").ok().json["data"]
        digest = upstream.sha256("2.1.330", HERE)
        size = len(upstream.executable("2.1.330", HERE))
        assert data == {
            "file": str(box.project / "b.tar"),
            "bytes": (box.project / "b.tar").stat().st_size,
            "releases": ["2.1.330"],
            "platforms": [HERE],
            "files": [{"name": f"sha256-{digest}", "bytes": size, "of": [f"2.1.330 {HERE}"]}],
        }

    def test_changes_nothing_else(self, box: Box) -> None:
        pin(box, "2.1.330")
        before = box.snapshot()
        ccpin(box, "bundle", "-o", str(box.root / "b"), "--platform", "all").ok()
        assert box.snapshot() == before

    def test_needs_no_network_for_what_is_installed(self, box: Box, registry: Registry) -> None:
        pin(box, "2.1.330")
        registry.stop()
        ccpin(box, "bundle", "-o", "b.tar", env={"CCPIN_NPM_REGISTRY": None}).ok()
        ccpin(box, "bundle", "-o", "b.tar", "--offline").ok()
        [error] = (
            ccpin(box, "bundle", "-o", "b.tar", "--platform", "all", "--offline", "--json").failed().json["errors"]
        )
        assert error["code"] == "offline"

    def test_one_out_of_another(self, box: Box, registry: Registry) -> None:
        """What one machine needs, out of a bundle for all of them."""
        pin(box, "2.1.330")
        ccpin(box, "bundle", "-o", "all.tar", "--platform", "all").ok()
        ccpin(box, "bundle", "-o", "one.tar", "--platform", OTHERS[0]).ok()
        registry.stop()
        ccpin(box, "bundle", "-o", "again.tar", "--platform", OTHERS[0], "--from", "all.tar").ok()
        assert (box.project / "again.tar").read_bytes() == (box.project / "one.tar").read_bytes()

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (["bundle"], "bad-option"),
            (["bundle", "-o", "b.tar.gz"], "bad-bundle-name"),
            (["bundle", "-o", "no/such/b.tar"], "bundle-unwritable"),
            (["bundle", "-o", "src"], "bundle-unwritable"),
            (["bundle", "-o", "b", "--platform", "solaris-sparc"], "not-locked-for"),
            (["bundle", "-o", "b", "--from", "nothing.tar", "--platform", "all"], "bad-bundle"),
            (["bundle", "-o", "b", "--from", "x", "--registry", "y", "--platform", "all"], "bad-option"),
            (["sync", "--force", "--from", "nothing.tar"], "bad-bundle"),
            (["sync", "--force", "--from", "src"], "bad-bundle"),
            (["use", "2.1.330", "--from", "src/code.py"], "bad-bundle"),
            (["use", "latest", "--from", "b.tar"], "not-served"),
            (["use", "2.1.331", "--from", "b.tar"], "not-in-bundle"),
            (["use", "2.2", "--from", "b.tar"], "not-in-bundle"),
            (["use", "2.1.330", "--runtime", "node", "--from", "b.tar"], "runtime-missing"),
        ],
    )
    def test_what_cannot_be(self, box: Box, args: list[str], code: str) -> None:
        pin(box, "2.1.330")
        (box.folder("src") / "code.py").write_text("print()\n")
        ccpin(box, "bundle", "-o", "b.tar").ok()
        before = box.snapshot()
        done = ccpin(box, *args, "--json")
        assert done.json["errors"][0]["code"] == code
        assert done.code == (2 if code in ("bad-option", "bad-bundle-name") else 1)
        assert box.snapshot() == before

    def test_a_bundle_that_is_not_needed_is_not_opened(self, box: Box) -> None:
        pin(box, "2.1.330")
        ccpin(box, "sync", "--from", "nothing.tar").ok()

    def test_it_can_be_unpacked_and_used_as_a_folder(self, box: Box, registry: Registry) -> None:
        pin(box, "2.1.330")
        ccpin(box, "bundle", "-o", "b.tar").ok()
        with tarfile.open(box.project / "b.tar") as tar:
            for member in tar:
                data = tar.extractfile(member)
                assert data is not None
                (box.folder("unpacked") / member.name).write_bytes(data.read())
        no_network(box, registry)
        ccpin(box, "sync", "--from", "unpacked").ok()

    def test_flags_are_the_projects_not_the_bundles(self, box: Box, registry: Registry) -> None:
        ccpin(box, "use", "2.1.330", "--profile", "strict").ok()
        ccpin(box, "bundle", "-o", "b.tar").ok()
        lock = box.lock.read_bytes()
        no_network(box, registry)
        ccpin(box, "use", "2.1.330", "--from", "b.tar").ok()
        assert box.lock.read_bytes() == lock
        other = box.folder("other")
        (other / ".git").mkdir()
        ccpin(box, "use", "2.1.330", "--from", "../b.tar", cwd=other).ok()
        assert read_lock(other / ".ccpin.lock").clean is False

    @pytest.mark.parametrize("form", ["b.tar", "b"])
    def test_interrupted(self, box: Box, registry: Registry, form: str) -> None:
        as_cloned(box, "2.1.330")
        registry.forget()
        registry.fault("*.tgz", faults.stall(60, 1000))
        with box.start(box.ccpin_argv("bundle", "-o", form)) as process:
            deadline = time.monotonic() + 20
            while not registry.asked("*.tgz") and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.3)
            assert any(".ccpin-" in name for name in os.listdir(box.project))
            os.kill(process.pid, signal.SIGINT)
            assert process.wait(20) == 130
        assert sorted(os.listdir(box.project)) == [".ccpin.lock"]

    @pytest.mark.skipif(sys.platform != "linux", reason="a bundle of one user, made by another")
    def test_another_user_makes_the_same(self, box: Box) -> None:
        pin(box, "2.1.330")
        ccpin(box, "bundle", "-o", "b.tar").ok()
        data = (box.project / "b.tar").read_bytes()
        box.unprivileged("bundle", "-o", "c.tar").ok()
        assert (box.project / "c.tar").read_bytes() == data

    @pytest.mark.skipif(sys.platform != "linux", reason="a user whom permissions bind")
    def test_a_folder_that_cannot_be_written(self, box: Box) -> None:
        pin(box, "2.1.330")
        box.give_away()
        closed = box.folder("closed")
        closed.chmod(0o555)
        [error] = box.unprivileged("bundle", "-o", "closed/b.tar", "--json").failed().json["errors"]
        assert error["code"] == "bundle-unwritable"
        assert "permission denied" in error["message"]


def test_the_list_is_for_people_too(box: Box) -> None:
    pin(box, "2.1.330")
    ccpin(box, "bundle", "-o", "b").ok()
    text = Path(box.project / "b" / "ccpin-bundle.json").read_text()
    assert f'"2.1.330 {HERE}"' in text
    assert json.loads(text)["format"] == 1
    for word in (str(box.root), "127.0.0.1", "http"):  # no address, no place
        assert word not in text
