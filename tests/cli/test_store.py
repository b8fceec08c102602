"""`ccpin install` and `ccpin uninstall`: the store, apart from any project."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from ccpin.store.holding import held
from ccpin.store.leftovers import lock_of
from ccpin.store.projects import remember
from tests.cli.arrange import HERE, ccpin, pin, pin_default
from tests.fakes import looking
from tests.fakes.box import Box
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


class TestInstall:
    @pytest.mark.parametrize(
        ("words", "version", "platform"),
        [
            ("2.0.14", "2.0.14", "any"),
            ("2.0", "2.0.15", "any"),
            ("latest", "2.1.330", HERE),
            ("2.1.112", "2.1.112", "any"),
            ("2.1.112 --runtime native", "2.1.112", HERE),
        ],
    )
    def test_pins_nothing(self, box: Box, words: str, version: str, platform: str) -> None:
        data = ccpin(box, "install", *words.split(), "--json").ok().json["data"]
        assert (data["version"], data["runtime"]) == (version, "node" if platform == "any" else "native")
        assert Path(data["executable"]).is_file()
        assert data["bytes"] > 0
        [entry] = box.entries()
        assert (entry.partition("-")[0], entry.rpartition("/")[2]) == (version, platform)
        assert not list(box.project.iterdir())

    def test_a_pin_of_it_finds_it_there(self, box: Box, registry: Registry) -> None:
        ccpin(box, "install", "2.1.330").ok()
        registry.forget()
        ccpin(box, "use", "2.1.330").ok()
        assert registry.asked("*-2.1.330.tgz") == []

    def test_again_only_by_force(self, box: Box, registry: Registry) -> None:
        ccpin(box, "install", "2.0.14").ok()
        registry.forget()
        assert ccpin(box, "install", "2.0.14").ok().out == "Claude Code 2.0.14 is installed\n"
        assert registry.asked("*.tgz") == []
        before = box.snapshot()
        ccpin(box, "install", "2.0.14", "--force").ok()
        assert len(registry.asked("*.tgz")) == 1
        assert box.snapshot() == before

    def test_force_mends_what_check_found(self, box: Box) -> None:
        pin(box, "2.1.330")
        before = box.snapshot()
        [executable] = Path(box.layout.releases).glob("*/*/claude")
        times = executable.stat()
        executable.chmod(0o755)
        executable.write_bytes(executable.read_bytes()[::-1])
        os.utime(executable, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert box.snapshot() != before
        ccpin(box, "install", "2.1.330", "--force").ok()
        assert box.snapshot() == before

    def test_nothing_in_an_entry_may_be_written(self, box: Box) -> None:
        ccpin(box, "install", "2.0.14").ok()
        for place in Path(box.layout.releases).glob("*/any"):
            for path in (place, *place.rglob("*")):
                assert path.is_symlink() or not path.stat().st_mode & 0o222

    def test_nothing_of_a_package_is_run(self, box: Box, registry: Registry) -> None:
        registry.upstream.add_js("2.0.16", scripts={"preinstall": f"touch {box.root}/ran", "postinstall": "exit 9"})
        ccpin(box, "install", "2.0.16").ok()
        assert not (box.root / "ran").exists()


class TestUninstall:
    def test_what_nobody_uses(self, box: Box) -> None:
        ccpin(box, "install", "2.0.14").ok()
        ccpin(box, "install", "2.1.330").ok()
        held = ccpin(box, "list", "--json").ok().json["data"]["installed"][0]["bytes"]
        data = ccpin(box, "uninstall", "2.0.14", "--json").ok().json["data"]
        assert data["version"] == "2.0.14"
        assert held < data["bytes"] < held + 20_000  # and the receipt
        assert [entry.partition("-")[0] for entry in box.entries()] == ["2.1.330"]
        assert not list(Path(box.layout.releases).glob("2.0.14*"))

    def test_says_what_it_did(self, box: Box) -> None:
        ccpin(box, "install", "2.0.14").ok()
        assert ccpin(box, "uninstall", "2.0.14").ok().out == "Claude Code 2.0.14 is removed; 0 MB are free again\n"

    def test_names_all_who_need_it(self, box: Box) -> None:
        pin(box, "2.0.14")
        pin_default(box, "2.0.14")
        [error] = ccpin(box, "uninstall", "2.0.14", "--json").failed().json["errors"]
        assert str(box.lock) in error["message"]
        assert box.layout.default_lock in error["message"]
        assert "`ccpin uninstall 2.0.14 --force`" in error["hint"]

    def test_by_force(self, box: Box) -> None:
        pin(box, "2.0.14")
        lock = box.lock.read_bytes()
        ccpin(box, "uninstall", "2.0.14", "--force").ok()
        assert box.entries() == []
        assert box.lock.read_bytes() == lock
        ccpin(box, "sync").ok()

    def test_what_stands_behind_a_link_is_somebody_elses(self, box: Box) -> None:
        ccpin(box, "install", "2.0.14").ok()
        other = box.root / "it's somebody else's"
        [place] = Path(box.layout.releases).iterdir()
        place.rename(other)
        place.symlink_to(other)
        before = looking.tree(other)
        for more in ((), ("--force",)):
            [error] = ccpin(box, "uninstall", "2.0.14", *more, "--json").failed().json["errors"]
            assert (error["code"], error["hint"]) == ("linked-entry", f"take away the link alone: `rm '{place}'`")
        assert looking.tree(other) == before
        (other / "any").rename(other / ".staging-x")  # as if an uninstall had been killed
        ccpin(box, "uninstall", "2.0.14").failed()
        assert (other / ".staging-x").is_dir()

    def test_a_project_that_came_while_the_lock_was_waited_for(self, box: Box) -> None:
        pinned = pin(box, "2.1.330")
        said = box.lock.read_bytes()
        box.lock.unlink()
        shutil.rmtree(box.layout.projects)
        path = lock_of(box.layout, box.entries()[0].partition("/")[0])
        lock = ExitStack()
        lock.enter_context(held(path, 0))
        with lock, box.start(box.ccpin_argv("uninstall", "2.1.330")) as waiting:
            assert waiting.stderr
            assert "Claude Code 2.1.330" in waiting.stderr.readline()  # it says for what it waits
            box.lock.write_bytes(said)
            remember(box.layout, str(box.lock), pinned)
            lock.close()
            _, err = waiting.communicate(timeout=30)
        assert waiting.returncode == 1
        assert f"2.1.330 is in use: {box.lock} names it" in err
        ccpin(box, "sync", "--offline").ok()

    def test_once_the_project_has_moved_on(self, box: Box) -> None:
        pin(box, "2.0.14")
        ccpin(box, "uninstall", "2.0.14").failed()
        pin(box, "2.0.15")
        ccpin(box, "uninstall", "2.0.14").ok()

    def test_while_it_runs(self, box: Box) -> None:
        pin(box, "2.1.330")
        with box.start(box.ccpin_argv("exec", "--", "-p"), env={"FAKE_SLEEP": "60"}) as running:
            assert running.stdout
            running.stdout.readline()
            ccpin(box, "uninstall", "2.1.330", "--force").ok()
            assert running.poll() is None
            running.send_signal(signal.SIGTERM)
            assert running.wait(10) == -signal.SIGTERM
