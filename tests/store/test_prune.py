"""Pruning: what nothing needs goes, and says how much it was; each reason to stay counts, until the last moment."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.errors import BadLockFile
from ccpin.metadata import MOST_AGE
from ccpin.paths import LOCK_NAME, SETTINGS_AGE, Home
from ccpin.pinning.lock import Lock, render
from ccpin.store.holding import held
from ccpin.store.leftovers import STAGING, lock_of
from ccpin.store.litter import DRAFT_AGE
from ccpin.store.live import Live, Process, look
from ccpin.store.needs import DAY, GRACE, last_use
from ccpin.store.projects import known, remember
from ccpin.store.prune import Done, Plan, carry_out, plan
from ccpin.store.receipt import Install, installs
from tests.fakes import looking
from tests.fakes.registry import Registry
from tests.store.installing import Store, posix
from tests.store.nodes import install_with_node, lock_with_node
from tests.store.running import SLEEP, running, untold

pytestmark = posix

NOBODY = Live()


def planned(store: Store, live: Live = NOBODY, *, keep: int = 0, after: float = 0, older: float | None = None) -> Plan:
    """What would go so many seconds from now."""
    return plan(store.home, live, now=time.time() + after, keep=keep, older_than=older)


def prune(store: Store, live: Live = NOBODY, *, after: float = 0, again: Callable[[Home], Live] | None = None) -> Done:
    return carry_out(store.home, planned(store, live, after=after), again or (lambda home: live))


def freed(found: Plan) -> list[str]:
    return [one.stored.install.receipt.version for one in found.frees]


def kinds(found: Plan) -> dict[str, list[str]]:
    """version -> the kinds of reasons for which it stays."""
    return {Path(one.folder).parent.name.partition("-")[0]: [why.kind for why in one.reasons] for one in found.keeps}


def why(found: Plan) -> list[str]:
    return [reason.text for one in found.keeps for reason in one.reasons]


def versions(store: Store) -> list[str]:
    return [install.receipt.version for install in installs(store.home)]


@pytest.fixture
def both(store: Store) -> tuple[Install, Install]:
    """A JavaScript release and a native one."""
    return store.install("2.0.14"), store.install("2.1.330")


@pytest.fixture
def project(store: Store, tmp_path: Path) -> Path:
    """A project that is known here, and names 2.0.14."""
    return put(store, tmp_path / "project", store.lock("2.0.14"))


def put(store: Store, folder: Path, lock: Lock) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_NAME
    path.write_text(render(lock))
    remember(store.home, str(path), lock)
    return path


def weight(install: Install) -> int:
    files = (path for path in Path(install.folder).rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)


class TestWhatGoes:
    def test_what_nothing_needs(self, store: Store, both: tuple[Install, Install]) -> None:
        sizes = [weight(install) for install in both]
        found = planned(store)
        assert freed(found) == ["2.0.14", "2.1.330"]
        assert [one.bytes for one in found.frees] == sizes
        assert found.bytes == sum(sizes)
        assert (found.keeps, found.sweeps) == ((), ())

        done = carry_out(store.home, found, lambda home: NOBODY)
        assert (done.plan.frees, done.plan.keeps, done.errors) == (found.frees, (), ())
        assert os.listdir(store.home.releases) == []
        assert os.listdir(store.home.locks) == []

    def test_a_plan_changes_nothing(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        project.unlink()
        before = looking.tree(Path(store.home.root))
        planned(store, look(store.home), after=20 * DAY)
        assert looking.tree(Path(store.home.root)) == before

    def test_of_what_two_entries_hold_the_bytes_are_counted_once(self, store: Store, tmp_path: Path) -> None:
        lock = store.lock("2.1.330")
        some = {name: artifact for name, artifact in lock.artifacts.items() if name in (platforms.current(), "x")}
        one, two = store.install(lock), store.install(lock.__class__(**{**vars(lock), "artifacts": some}))
        assert os.path.samefile(one.executable, two.executable)
        put(store, tmp_path / "project", lock)
        small = planned(store)
        assert freed(small) == ["2.1.330"]
        assert small.bytes == weight(two) - os.path.getsize(two.executable)
        shutil.rmtree(store.home.projects)
        large = planned(store)
        assert large.bytes == weight(one) + weight(two) - os.path.getsize(one.executable)
        assert carry_out(store.home, large, lambda home: NOBODY).plan.bytes == large.bytes

    def test_an_empty_home(self, store: Store) -> None:
        done = prune(store)
        assert done == Done(done.plan._replace(frees=(), keeps=(), sweeps=()), ())
        assert not os.path.exists(store.home.root)

    def test_what_can_be_installed_again_afterwards(self, store: Store) -> None:
        lock = store.lock("2.0.14")
        store.install(lock)
        prune(store)
        assert store.install(lock).receipt.version == "2.0.14"


class TestLocks:
    def test_a_known_project(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        found = planned(store)
        assert freed(found) == ["2.1.330"]
        assert kinds(found) == {"2.0.14": ["lock"]}
        assert why(found) == [f"{project} names it"]
        prune(store)
        assert versions(store) == ["2.0.14"]
        assert os.listdir(store.home.locks) == [f"{os.path.basename(both[0].entry)}.lock"]

    def test_one_that_has_moved_on(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        project.write_text(render(store.lock("2.1.330")))
        assert freed(planned(store)) == ["2.0.14"]

    def test_the_same_release_under_another_lock(self, store: Store, tmp_path: Path) -> None:
        """An entry is of one lock's artifacts; the other one's needs it no less."""
        store.install("2.1.112")
        store.install(store.lock("2.1.112", "native"))
        put(store, tmp_path / "project", store.lock("2.1.112", "native"))
        [gone] = planned(store).frees
        assert gone.stored.install.receipt.runtime == "node"

    def test_the_default(self, store: Store, both: tuple[Install, Install]) -> None:
        path = Path(store.home.default_lock)
        path.parent.mkdir(parents=True)
        path.write_text(render(store.lock("2.1.330")))
        assert kinds(planned(store)) == {"2.1.330": ["default"]}

    @pytest.mark.parametrize("text", ["<<<<<<< ours\n", "", "lock-version = 9\n"])
    def test_one_that_cannot_be_read_may_name_anything(
        self, store: Store, both: tuple[Install, Install], project: Path, text: str
    ) -> None:
        project.write_text(text)
        found = planned(store)
        assert kinds(found) == {"2.0.14": ["unreadable-lock"], "2.1.330": ["unreadable-lock"]}
        assert set(why(found)) == {f"{project} cannot be read, and may name it"}

    def test_nor_may_a_folder_in_its_place(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        project.unlink()
        project.mkdir()
        assert freed(planned(store)) == []

    @pytest.mark.parametrize("what", ["record", "folder"])
    def test_records_that_cannot_be_read(
        self, store: Store, both: tuple[Install, Install], project: Path, what: str
    ) -> None:
        [record] = Path(store.home.projects).iterdir()
        path = record if what == "record" else record.parent
        shutil.move(path, project.parent)
        path.symlink_to(path.name)  # a loop, which not even root can follow
        assert set(why(planned(store))) == {f"{path} cannot be read, and may name it"}

    def test_a_broken_default_too(self, store: Store, both: tuple[Install, Install]) -> None:
        path = Path(store.home.default_lock)
        path.parent.mkdir(parents=True)
        path.write_text("no lock")
        assert freed(planned(store)) == []

    def test_a_project_through_a_link(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        shutil.rmtree(store.home.projects)
        link = project.parent.with_name("link")
        link.symlink_to(project.parent)
        remember(store.home, str(link / LOCK_NAME), store.lock("2.0.14"))
        assert kinds(planned(store)) == {"2.0.14": ["lock"]}
        shutil.move(project.parent, project.parent.with_name("moved"))
        assert kinds(planned(store)) == {"2.0.14": ["gone-project"]}

    def test_a_lock_that_is_a_link(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        real = project.rename(project.with_name("real"))
        project.symlink_to(real)
        assert kinds(planned(store)) == {"2.0.14": ["lock"]}
        real.unlink()
        assert kinds(planned(store)) == {"2.0.14": ["gone-project"]}


class TestGrace:
    """A project whose path is gone may be on a disk that is not mounted, or on another branch."""

    def test_of_fourteen_days(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        shutil.rmtree(project.parent)
        first = prune(store).plan
        assert freed(first) == ["2.1.330"]
        assert kinds(first) == {"2.0.14": ["gone-project"]}
        day = time.strftime("%Y-%m-%d", time.gmtime(first.now + GRACE))
        assert why(first) == [f"{project} named it and is gone; kept until {day}"]

        assert kinds(prune(store, after=GRACE - 60).plan) == {"2.0.14": ["gone-project"]}
        last = prune(store, after=GRACE + 60).plan
        assert freed(last) == ["2.0.14"]
        assert [(one.litter.what, one.litter.why) for one in last.sweeps] == [
            ("record", f"{project} is gone for 14 days")
        ]
        assert known(store.home) == []

    def test_it_runs_from_when_that_was_first_seen(
        self, store: Store, both: tuple[Install, Install], project: Path
    ) -> None:
        shutil.rmtree(project.parent)
        assert kinds(planned(store, after=365 * DAY)) == {"2.0.14": ["gone-project"]}
        [one] = known(store.home)
        assert one.gone_since is None  # a plan notes nothing
        prune(store, after=365 * DAY)
        [one] = known(store.home)
        assert one.gone_since == pytest.approx(time.time() + 365 * DAY, abs=60)

    def test_once_it_is_back_it_starts_again(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        aside = project.rename(project.with_name("aside"))
        prune(store)
        aside.rename(project)
        assert kinds(prune(store, after=5 * DAY).plan) == {"2.0.14": ["lock"]}
        project.unlink()
        prune(store, after=10 * DAY)
        assert kinds(planned(store, after=20 * DAY)) == {"2.0.14": ["gone-project"]}

    def test_what_it_named_last_is_what_counts(
        self, store: Store, both: tuple[Install, Install], project: Path
    ) -> None:
        project.write_text(render(store.lock("2.1.330")))  # by git, say
        store.install("2.0.15")
        prune(store)
        store.install("2.0.14")
        project.unlink()
        assert kinds(planned(store)) == {"2.1.330": ["gone-project"]}

    def test_a_clock_that_went_back(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        project.unlink()
        prune(store, after=100 * DAY)
        assert kinds(prune(store).plan) == {"2.0.14": ["gone-project"]}

    def test_what_somebody_goes_on_using(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        """The project was moved, say; nobody notes anything at a launch, but the disk does."""
        shutil.rmtree(project.parent)
        prune(store)
        accessed(both[0], time.time() + 10 * DAY)
        for days, goes in ((15, False), (23, False), (25, True)):
            found = prune(store, after=days * DAY).plan
            assert freed(found) == (["2.0.14"] if goes else [])
            assert [one.litter.what for one in found.sweeps] == (["record"] if goes else [])

    def test_a_record_of_an_older_ccpin(self, store: Store, both: tuple[Install, Install], project: Path) -> None:
        """It tells the path, and not what the lock named."""
        [record] = Path(store.home.projects).iterdir()
        record.write_bytes(os.fsencode(project))
        assert kinds(planned(store)) == {"2.0.14": ["lock"]}
        project.unlink()
        found = prune(store).plan
        assert set(why(found)) == {why(found)[0]}
        assert f"{project} may have named it and is gone" in why(found)[0]
        assert freed(prune(store, after=GRACE + 60).plan) == ["2.0.14", "2.1.330"]


class TestProcesses:
    def test_a_native_one(self, store: Store, both: tuple[Install, Install]) -> None:
        with running([both[1].executable]) as process:
            done = carry_out(store.home, planned(store, look(store.home)))
            assert kinds(done.plan) == {"2.1.330": ["process"]}
            assert f"process {process.pid} (" in why(done.plan)[0]
            assert versions(store) == ["2.1.330"]
            assert process.poll() is None
        assert freed(planned(store, look(store.home))) == ["2.1.330"]

    def test_node_and_a_script(self, store: Store, both: tuple[Install, Install], tmp_path: Path) -> None:
        with running(["/bin/sh", "-c", "echo 1; read x", os.path.join(both[0].folder, "claude")]):
            assert kinds(planned(store, look(store.home))) == {"2.0.14": ["process"]}

    def test_a_node_of_its_own(self, store: Store, registry: Registry) -> None:
        lock = lock_with_node(store.lock("2.0.14"), registry)
        own, other = install_with_node(store.home, lock, registry), store.install("2.0.15")
        with running([os.path.join(own.folder, "node"), os.path.join(own.folder, "claude")], env=SLEEP):
            live = look(store.home)
            assert freed(planned(store, live)) == [other.receipt.version]
            assert kinds(planned(store, live)) == {"2.0.14": ["process"]}

    def test_one_that_has_a_title_may_be_any_of_those_without_a_node_of_their_own(
        self, store: Store, both: tuple[Install, Install], registry: Registry, tmp_path: Path
    ) -> None:
        install_with_node(store.home, lock_with_node(store.lock("2.0.15"), registry), registry)
        with untold(tmp_path):
            found = planned(store, look(store.home))
        assert (freed(found), kinds(found)) == (["2.0.15", "2.1.330"], {"2.0.14": ["process"]})

    def test_one_that_may_not_be_asked_may_be_any(self, store: Store, both: tuple[Install, Install]) -> None:
        live = Live(hidden=(Process(12, "claude", "may run it: it may not be asked what it runs"),))
        assert kinds(planned(store, live)) == {"2.0.14": ["process"], "2.1.330": ["process"]}

    def test_those_without_a_name_are_counted(self, store: Store, both: tuple[Install, Install]) -> None:
        found = planned(store, Live(nameless=4))
        assert (freed(found), found.unseen) == (["2.0.14", "2.1.330"], 4)

    def test_somebody_who_is_in_its_folder(self, store: Store, both: tuple[Install, Install]) -> None:
        with running(["/bin/cat"], executable="/bin/cat", cwd=f"{both[0].folder}/package"):
            assert kinds(planned(store, look(store.home))) == {"2.0.14": ["process"]}


def accessed(install: Install, when: float) -> None:
    status = os.stat(install.executable)
    os.utime(install.executable, ns=(int(when * 1e9), status.st_mtime_ns))


class TestRecent:
    def test_how_it_is_known(self, store: Store, both: tuple[Install, Install]) -> None:
        one, other = both
        accessed(one, time.time() + 100)
        accessed(other, 5)
        assert last_use(one).known_by == "access"
        assert last_use(one).when == pytest.approx(time.time() + 100, abs=30)
        assert last_use(other).known_by == "install"
        assert last_use(other).when == pytest.approx(time.time(), abs=30)
        Path(one.folder).chmod(0o755)
        os.unlink(Path(one.folder, "receipt.json"))
        assert last_use(one) == (0.0, "install")

    def test_the_newest_stay(self, store: Store) -> None:
        for place, version in enumerate(("2.1.330", "2.0.14", "2.0.15", "2.1.166")):
            accessed(store.install(version), time.time() + 1000 + place)
        assert freed(planned(store, keep=4)) == []
        assert freed(planned(store, keep=3)) == ["2.1.330"]
        assert kinds(planned(store, keep=1)) == {"2.1.166": ["recent"]}
        assert why(planned(store, keep=1)) == ["it was used last"]
        assert set(why(planned(store, keep=2))) == {"one of the 2 used last"}

    def test_those_that_are_needed_count_among_them(
        self, store: Store, both: tuple[Install, Install], project: Path
    ) -> None:
        accessed(both[0], time.time() + 1000)
        assert kinds(planned(store, keep=1)) == {"2.0.14": ["lock", "recent"]}

    def test_those_that_were_used_since(self, store: Store, both: tuple[Install, Install]) -> None:
        accessed(both[1], time.time() + 10 * DAY)
        found = planned(store, after=11.5 * DAY, older=5 * DAY)
        assert (freed(found), kinds(found)) == (["2.0.14"], {"2.1.330": ["young"]})
        assert why(found) == ["it was used yesterday"]
        assert why(planned(store, after=10 * DAY, older=30 * DAY)) == ["it was used 10 days ago", "it was used today"]
        assert freed(planned(store, after=100 * DAY, older=30 * DAY)) == ["2.0.14", "2.1.330"]


class TestOthersAtWork:
    """Between the plan and the deed, and in the midst of it."""

    def test_who_installs_there(self, store: Store, both: tuple[Install, Install]) -> None:
        with held(lock_of(store.home, os.path.basename(both[0].entry)), 0):
            assert kinds(planned(store)) == {"2.0.14": ["busy"]}
        found = planned(store)
        with held(lock_of(store.home, os.path.basename(both[0].entry)), 0):
            done = carry_out(store.home, found, lambda home: NOBODY)
        assert (kinds(done.plan), freed(done.plan)) == ({"2.0.14": ["busy"]}, ["2.1.330"])

    def test_what_was_installed_anew(self, store: Store, both: tuple[Install, Install]) -> None:
        found = planned(store)
        store.install(store.lock("2.0.14"), force=True)
        done = carry_out(store.home, found, lambda home: NOBODY)
        assert why(done.plan) == ["it was installed anew, or removed, in the meantime"]
        assert versions(store) == ["2.0.14"]

    def test_what_somebody_else_removed(self, store: Store, both: tuple[Install, Install]) -> None:
        found = planned(store)
        prune(store)
        done = carry_out(store.home, found, lambda home: NOBODY)
        assert (freed(done.plan), done.plan.bytes, done.errors) == ([], 0, ())

    @pytest.mark.parametrize("where", ["before", "after"])
    def test_who_was_started_meanwhile(self, store: Store, both: tuple[Install, Install], where: str) -> None:
        """Before the install was moved aside, and is seen there; or, by the path that is gone, in its last moment."""
        install = both[1]
        before = looking.tree(Path(install.entry))

        def again(home: Home) -> Live:
            if os.path.exists(install.folder):  # the other one's turn
                return NOBODY
            aside = os.path.join(install.entry, f"{STAGING}removed-{os.path.basename(install.folder)}")
            assert os.path.isdir(aside)
            place = aside if where == "before" else install.folder
            return Live(((os.path.join(place, "claude"), Process(12, "claude", "runs it")),))

        done = prune(store, again=again)
        assert freed(done.plan) == ["2.0.14"]
        assert why(done.plan) == ["process 12 (claude) runs it"]
        assert looking.tree(Path(install.entry)) == before

    def test_a_process_that_runs_from_what_was_moved_aside(self, store: Store, both: tuple[Install, Install]) -> None:
        install, found = both[1], planned(store)
        program = Path(install.folder, "cat")
        Path(install.folder).chmod(0o755)
        shutil.copy("/bin/cat", program)
        with running(["x"], executable=program):
            done = carry_out(store.home, found)  # looks for itself
            assert freed(done.plan) == ["2.0.14"]
            assert kinds(done.plan) == {"2.1.330": ["process"]}
            assert program.exists()

    def test_a_project_that_has_come_to_need_it(
        self, store: Store, both: tuple[Install, Install], tmp_path: Path
    ) -> None:
        lock = store.lock("2.0.14")

        def again(home: Home) -> Live:
            put(store, tmp_path / "new", lock)
            return NOBODY

        done = prune(store, again=again)
        assert kinds(done.plan) == {"2.0.14": ["lock"]}
        assert versions(store) == ["2.0.14"]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, MemoryError])
    def test_what_breaks_off_is_put_back(
        self, store: Store, both: tuple[Install, Install], error: type[BaseException]
    ) -> None:
        before = looking.tree(Path(store.home.releases))

        def again(home: Home) -> Live:
            raise error

        if error is OSError:
            done = prune(store, again=again)
            assert [one.code for one in done.errors] == ["store-unwritable"] * 2
        else:
            with pytest.raises(error):
                prune(store, again=again)
        assert looking.tree(Path(store.home.releases)) == before

    def test_what_cannot_be_removed_keeps_nobody_from_the_rest(
        self, store: Store, both: tuple[Install, Install]
    ) -> None:
        found = planned(store)
        lock = Path(lock_of(store.home, os.path.basename(both[0].entry)))
        lock.unlink()
        lock.mkdir()
        done = carry_out(store.home, found, lambda home: NOBODY)
        assert [type(error) for error in done.errors] == [BadLockFile]
        assert versions(store) == ["2.0.14"]
        assert why(done.plan) == ["it could not be removed"]

    @pytest.mark.parametrize("kind", ["link", "folder"])
    def test_a_lock_file_that_is_none(self, store: Store, both: tuple[Install, Install], kind: str) -> None:
        lock = Path(lock_of(store.home, os.path.basename(both[0].entry)))
        lock.unlink()
        lock.symlink_to("/nowhere") if kind == "link" else lock.mkdir()
        assert why(planned(store)) == [f"its lock file {lock} cannot be used"]

    def test_what_a_killed_prune_left_is_swept_by_the_next_one(
        self, store: Store, both: tuple[Install, Install]
    ) -> None:
        aside = Path(both[0].entry, f"{STAGING}removed-any")
        os.rename(both[0].folder, aside)
        size = sum(path.stat().st_size for path in aside.rglob("*") if path.is_file() and not path.is_symlink())
        done = prune(store)
        assert freed(done.plan) == ["2.1.330"]
        assert [(one.litter.what, one.bytes) for one in done.plan.sweeps] == [("leftover", size)]
        assert os.listdir(store.home.releases) == []


class TestReceipts:
    def test_what_nobody_can_read_is_not_ccpins_to_remove(self, store: Store, both: tuple[Install, Install]) -> None:
        path = Path(both[0].folder, "receipt.json")
        path.chmod(0o644)
        path.write_text("{")
        done = prune(store)
        assert why(done.plan) == ["its receipt cannot be read; `ccpin verify` says what to do"]
        assert Path(both[0].executable).is_file()

    def test_a_copy_that_somebody_made_is_not_ccpins_to_remove(
        self, store: Store, both: tuple[Install, Install]
    ) -> None:
        """Nor does it count as one of those used last."""
        version = os.path.basename(both[0].entry).partition("-")[0]
        copies = [Path(store.home.releases, f"{version}-backup", "any"), Path(both[0].entry, "other")]
        for copy in copies:
            shutil.copytree(both[0].folder, copy, symlinks=True)
        found = planned(store, keep=2)
        assert freed(found) == []
        reasons = {one.folder: [reason.text for reason in one.reasons] for one in found.keeps}
        assert {reasons.pop(str(copy))[0] for copy in copies} == {"it is no store entry of this ccpin's"}
        assert set(map(tuple, reasons.values())) == {("one of the 2 used last",)}
        assert freed(prune(store).plan) == ["2.0.14", "2.1.330"]
        assert all(copy.is_dir() for copy in copies)


class TestLitter:
    def test_all_there_may_be(self, store: Store, both: tuple[Install, Install]) -> None:
        home = store.home
        now = time.time()
        goes = {
            "leftover": [Path(both[0].entry, f"{STAGING}abc"), Path(home.releases, f"1.0.0-{'0' * 32}", f"{STAGING}x")],
            "entry": [Path(home.releases, f"1.0.0-{'0' * 32}"), Path(home.releases, f"1.0.1-{'0' * 32}")],
            "lock": [Path(home.locks, f"1.0.2-{'0' * 32}.lock")],
            "settings": [Path(home.settings, f"{'a' * 64}.json")],
            "metadata": [Path(home.metadata, f"{'b' * 64}.json")],
            "draft": [
                Path(home.root, ".source.x.ccpin-draft"),
                Path(home.projects, ".y.ccpin-draft"),
                Path(home.previous, ".z.ccpin-draft"),
            ],
        }
        for path in goes["entry"] + goes["leftover"]:
            path.mkdir(parents=True, exist_ok=True)
        (goes["leftover"][0] / "half").write_bytes(b"x" * 1000)
        (goes["entry"][1] / "node").symlink_to("/usr/bin/node")
        for kind in ("lock", "settings", "metadata", "draft"):
            for path in goes[kind]:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(b"y" * 10)
        for kind, age in (("settings", SETTINGS_AGE), ("metadata", MOST_AGE), ("draft", DRAFT_AGE)):
            for path in goes[kind]:
                os.utime(path, (now - age - 60, now - age - 60))
                young = path.with_name(path.name.replace("a" * 64, "c" * 64).replace("b" * 64, "d" * 64))
                if young != path:
                    young.write_bytes(b"")
        stays = [Path(home.settings, f"{'c' * 64}.json"), Path(home.metadata, f"{'d' * 64}.json")]

        found = plan(home, NOBODY, now=now, keep=2)
        swept = [(one.litter.what, one.litter.path) for one in found.sweeps]
        assert sorted(swept) == sorted((kind, str(path)) for kind, paths in goes.items() for path in paths)
        done = carry_out(home, found, lambda home: NOBODY)
        assert done.errors == ()
        assert sum(one.bytes for one in done.plan.sweeps if one.litter.what != "lock") == 1000 + 5 * 10
        assert not [path for paths in goes.values() for path in paths if os.path.lexists(path)]
        assert all(path.exists() for path in stays)
        assert versions(store) == ["2.0.14", "2.1.330"]

    def test_what_ccpin_does_not_know_stays(self, store: Store, both: tuple[Install, Install]) -> None:
        paths = [
            Path(store.home.releases, "notes"),
            Path(store.home.releases, "2.0.14-short"),
            Path(store.home.locks, "mine.lock"),
            Path(store.home.settings, "mine.json"),
            Path(store.home.root, ".profile"),
        ]
        for path in paths:
            path.parent.mkdir(exist_ok=True)
            path.write_text("mine")
            os.utime(path, (5, 5))
        beside = Path(both[0].entry, "mine")
        beside.write_text("mine")
        done = prune(store)
        assert freed(done.plan) == ["2.0.14", "2.1.330"]
        assert done.plan.sweeps == ()
        assert all(path.read_text() == "mine" for path in (*paths, beside))

    def test_a_folder_in_which_somebody_is_at_work(self, store: Store) -> None:
        entry = Path(store.home.releases, f"1.0.0-{'0' * 32}")
        (entry / f"{STAGING}x").mkdir(parents=True)
        Path(store.home.locks).mkdir()
        with held(lock_of(store.home, entry.name), 0):
            assert planned(store).sweeps == ()
        found = planned(store)
        with held(lock_of(store.home, entry.name), 0):
            assert carry_out(store.home, found, lambda home: NOBODY).plan.sweeps == ()
        with running(["/bin/cat"], executable="/bin/cat", cwd=entry / f"{STAGING}x"):
            assert [one.litter.what for one in planned(store, look(store.home)).sweeps] == ["entry"]
            prune(store, look(store.home))
            assert (entry / f"{STAGING}x").is_dir()
        prune(store)
        assert not entry.exists()

    def test_settings_that_a_session_was_started_with(self, store: Store) -> None:
        path = Path(store.home.settings, f"{'a' * 64}.json")
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        os.utime(path, (5, 5))
        with running(["/bin/sh", "-c", "echo 1; read x", "--settings", path]):
            assert planned(store, look(store.home)).sweeps == ()
        hidden = Live(untold=(Process(12, "node", "may run it"),))
        assert planned(store, hidden).sweeps == ()
        assert [one.litter.what for one in planned(store).sweeps] == ["settings"]

    def test_what_was_touched_between_the_look_and_the_sweep(self, store: Store) -> None:
        paths = [
            Path(store.home.settings, f"{'a' * 64}.json"),
            Path(store.home.metadata, f"{'b' * 64}.json"),
            Path(store.home.root, ".source.x.ccpin-draft"),
        ]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
            os.utime(path, (5, 5))
        found = planned(store)
        assert len(found.sweeps) == 3
        for path in paths:
            path.touch()
        done = carry_out(store.home, found, lambda home: NOBODY)
        assert (done.plan.sweeps, done.errors) == ((), ())
        assert all(path.exists() for path in paths)

    def test_a_project_that_is_back_between_the_look_and_the_sweep(
        self, store: Store, both: tuple[Install, Install], project: Path
    ) -> None:
        """The disk that it is on was mounted."""
        project.parent.rename(store.home.root + "-unmounted")
        prune(store)
        found = planned(store, after=15 * DAY)
        assert [one.litter.what for one in found.sweeps] == ["record"]
        Path(store.home.root + "-unmounted").rename(project.parent)
        done = carry_out(store.home, found, lambda home: NOBODY)
        assert done.plan.sweeps == ()
        assert [one.path for one in known(store.home)] == [str(project)]
        assert versions(store) == ["2.0.14"]
        assert kinds(prune(store).plan) == {"2.0.14": ["lock"]}

    def test_what_only_looks_like_metadata(self, store: Store) -> None:
        path = Path(store.home.metadata, "mine.json")
        path.parent.mkdir(parents=True)
        path.write_text("mine")
        os.utime(path, (5, 5))
        assert planned(store).sweeps == ()

    @pytest.mark.parametrize("kind", ["untold", "hidden"])
    def test_what_a_killed_prune_left_while_somebody_may_run_it(
        self, store: Store, both: tuple[Install, Install], kind: str
    ) -> None:
        aside = Path(both[0].entry, f"{STAGING}removed-any")
        os.rename(both[0].folder, aside)
        somebody = Live(**{kind: (Process(12, "node", "may run it"),)})  # type: ignore[arg-type]
        assert "leftover" not in [one.litter.what for one in planned(store, somebody).sweeps]
        prune(store, somebody)
        assert aside.is_dir()

    def test_a_link_in_the_place_of_an_entry_is_not_followed(self, store: Store, tmp_path: Path) -> None:
        other = tmp_path / "other"
        (other / f"{STAGING}x").mkdir(parents=True)
        Path(store.home.releases).mkdir(parents=True)
        link = Path(store.home.releases, f"1.0.0-{'0' * 32}")
        link.symlink_to(other)
        prune(store)
        assert (other / f"{STAGING}x").is_dir()

    def test_nor_is_one_with_an_install_behind_it(
        self, store: Store, both: tuple[Install, Install], tmp_path: Path
    ) -> None:
        own = Home(str(tmp_path / "own"))
        Path(own.releases).mkdir(parents=True)
        Path(own.releases, os.path.basename(both[0].entry)).symlink_to(both[0].entry)
        found = plan(own, NOBODY, now=time.time(), keep=0)
        assert (found.frees, found.keeps) == ((), ())

    def test_what_cannot_be_swept_is_said(self, store: Store, both: tuple[Install, Install]) -> None:
        left = Path(both[0].entry, f"{STAGING}x")
        left.mkdir()
        found = plan(store.home, NOBODY, now=time.time(), keep=2)
        lock = Path(lock_of(store.home, os.path.basename(both[0].entry)))
        lock.unlink()
        lock.mkdir()
        done = carry_out(store.home, found, lambda home: NOBODY)
        assert [type(error) for error in done.errors] == [BadLockFile]
        assert (done.plan.sweeps, left.is_dir()) == ((), True)


class TestSharedStores:
    def test_they_are_nobodys_to_prune(self, store: Store, both: tuple[Install, Install], tmp_path: Path) -> None:
        own = Home(str(tmp_path / "own"), (store.home.root,))
        before = looking.tree(Path(store.home.root))
        found = plan(own, NOBODY, now=time.time(), keep=0)
        assert (found.frees, found.keeps, found.sweeps) == ((), (), ())
        carry_out(own, found, lambda home: NOBODY)
        assert looking.tree(Path(store.home.root)) == before

    def test_the_node_that_was_checked_for_one_of_theirs(
        self, store: Store, both: tuple[Install, Install], tmp_path: Path
    ) -> None:
        own = Home(str(tmp_path / "own"), (store.home.root,))
        link = Path(own.releases, os.path.basename(both[0].entry), "node")
        link.parent.mkdir(parents=True)
        link.symlink_to("/usr/bin/node")
        carry_out(own, plan(own, NOBODY, now=time.time(), keep=0), lambda home: NOBODY)
        assert link.is_symlink()
        alone = Home(own.root)
        carry_out(alone, plan(alone, NOBODY, now=time.time(), keep=0), lambda home: NOBODY)
        assert not link.parent.exists()


def test_what_is_read_only_is_removed(store: Store, both: tuple[Install, Install]) -> None:
    assert not stat.S_IMODE(os.stat(both[0].folder).st_mode) & 0o222
    prune(store)
    assert not os.path.exists(both[0].entry)
