"""One at a time: who holds a lock, what those who wait are told, and locks that are none."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.errors import BadLockFile
from ccpin.store import holding
from ccpin.store.holding import Holder, StillHeldError, held, is_held, kernel_lock
from tests.fakes import nobody, pythons
from tests.store.running import open_to_all

posix = pytest.mark.skipif(os.name != "posix", reason="flock, links and fifos are POSIX's")

_HOLDS = """
import sys, time
from ccpin.store import holding
if sys.argv[2]:
    def take(descriptor):
        raise OSError(int(sys.argv[2]), "no locks here")
else:
    take = holding.kernel_lock
with holding.held(sys.argv[1], 0, take=take):
    print("held", flush=True)
    time.sleep(60)
"""


def no_locks(number: int) -> Callable[[int], bool]:
    """What network file systems say that have none."""

    def take(descriptor: int) -> bool:
        raise OSError(number, os.strerror(number))

    return take


def holder(path: Path, number: int | None = None) -> subprocess.Popen[str]:
    """Another process that holds it."""
    argv = [sys.executable, "-c", _HOLDS, str(path), str(number or "")]
    env = {"PYTHONPATH": str(pythons.REPOSITORY)}
    process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def no_links(one: str, other: str) -> None:
    """What disks say on which a file has one name only."""
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def gone() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(number)
    process.communicate()


KINDS = pytest.mark.parametrize("number", [None, errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP], ids=str)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.lock"


def taker(number: int | None) -> Callable[[int], bool]:
    return kernel_lock if number is None else no_locks(number)


@posix
@KINDS
class TestEveryKind:
    def test_who_waits_is_told_who_holds_it(self, path: Path, number: int | None) -> None:
        process = holder(path, number)
        told: list[Holder] = []
        began = time.monotonic()
        with pytest.raises(StillHeldError) as raised, held(str(path), 0.8, told.append, taker(number)):
            raise AssertionError("both hold it")
        end(process)
        assert 0.7 < time.monotonic() - began < 10
        found = raised.value.holder
        assert told == [found]
        assert (found.pid, found.host) == (process.pid, socket.gethostname())
        assert str(found) == f"process {process.pid} on {socket.gethostname()}"
        assert Path(found.path).exists()

    def test_a_dead_holder_is_nobody_s_concern(self, path: Path, number: int | None) -> None:
        end(holder(path, number), signal.SIGKILL)
        with held(str(path), 5, take=taker(number)):
            pass
        with held(str(path), 0, take=taker(number)):
            assert sorted(os.listdir(path.parent)) in (["x.lock"], ["x.lock", "x.lock.held"])

    def test_it_is_let_go(self, path: Path, number: int | None) -> None:
        for _ in range(3):
            with held(str(path), 0, take=taker(number)):
                assert str(os.getpid()) in (path.read_text() or Path(f"{path}.held").read_text())
        assert path.read_text() == ""
        assert os.listdir(path.parent) == ["x.lock"]

    def test_what_stands_in_it_is_never_believed(self, path: Path, number: int | None) -> None:
        path.write_text(f"1 {socket.gethostname()} 5\n")
        with held(str(path), 0, take=taker(number)):
            pass

    def test_who_comes_further_is_waited_for(
        self, path: Path, number: int | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As long as it takes; and then no longer than one is patient."""
        monkeypatch.setattr(holding, "_SIGN", 0)
        took: list[float] = []

        def wait() -> None:
            began = time.monotonic()
            with pytest.raises(StillHeldError), held(str(path), 0.6, take=taker(number)):
                raise AssertionError("both hold it")
            took.append(time.monotonic() - began)

        with held(str(path), 0, take=taker(number)) as come_further:
            waiting = threading.Thread(target=wait)
            waiting.start()
            for _ in range(20):
                time.sleep(0.1)
                come_further()
            assert took == []
            waiting.join(10)
        assert 2.4 < took[0] < 10

    def test_whether_it_is_held(self, path: Path, number: int | None) -> None:
        assert not is_held(str(path), taker(number))
        process = holder(path, number)
        assert is_held(str(path), taker(number))
        end(process, signal.SIGKILL)
        assert not is_held(str(path), taker(number))


@posix
class TestMarkers:
    """The files that stand for locks where there are none."""

    @pytest.mark.parametrize(
        "text",
        ["4711 another-machine 5\n", "rubbish", f"{os.getpid()} {socket.gethostname()}\n"],
        ids=["of another machine", "rubbish", "this process"],
    )
    def test_of_a_holder_that_may_live(self, path: Path, text: str) -> None:
        Path(f"{path}.held").write_text(text)
        with pytest.raises(StillHeldError) as raised, held(str(path), 0.3, take=no_locks(errno.ENOLCK)):
            raise AssertionError("both hold it")
        assert raised.value.holder.path == f"{path}.held"
        assert raised.value.holder.pid == (0 if text == "rubbish" else int(text.split()[0]))

    def test_of_a_process_whose_number_another_one_has(self, path: Path) -> None:
        Path(f"{path}.held").write_text(f"{os.getpid()} {socket.gethostname()} 1\n")
        with held(str(path), 2, take=no_locks(errno.ENOLCK)):
            pass

    def test_of_another_container_of_this_name(self, path: Path) -> None:
        """It has numbers of its own, so none of them tells anything here."""
        Path(f"{path}.held").write_text(f"{gone()} {socket.gethostname()} 5 pid:[1]\n")
        assert is_held(str(path), no_locks(errno.ENOLCK))
        with pytest.raises(StillHeldError), held(str(path), 0.3, take=no_locks(errno.ENOLCK)):
            raise AssertionError("both hold it")

    def test_is_never_seen_empty(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Or those who find it old, by another clock, would take it away."""
        seen: list[str] = []
        say = holding._say

        def saying(descriptor: int, text: str) -> None:
            seen.extend(name for name in os.listdir(path.parent) if name.endswith(".held"))
            say(descriptor, text)

        monkeypatch.setattr(holding, "_say", saying)
        with held(str(path), 0, take=no_locks(errno.ENOLCK)):
            assert seen == []
            assert sorted(os.listdir(path.parent)) == ["x.lock", "x.lock.held"]

    @pytest.mark.parametrize("links", [True, False])
    @pytest.mark.parametrize("text", ["", f"{os.getpid()} {socket.gethostname()} 1\n"], ids=["empty", "dead"])
    def test_that_was_made_anew_while_it_was_looked_at(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, text: str, links: bool
    ) -> None:
        """Another one took the dead one away, and holds the lock: he has it still, whatever his marker says yet."""
        marker = Path(f"{path}.held")
        marker.write_text(text)
        os.utime(marker, (1, 1))
        made: list[int] = []
        abandoned = holding._is_abandoned

        def looking(name: str, said: str) -> bool:
            found = abandoned(name, said)
            if not made:
                os.rename(marker, f"{path}.gone")
                marker.write_text(text)
                made.append(marker.stat().st_ino)
            return found

        monkeypatch.setattr(holding, "_is_abandoned", looking)
        if not links:
            monkeypatch.setattr(os, "link", no_links)
        lock = holding._Lock(str(path), no_locks(errno.ENOLCK))
        assert not lock.take()
        assert made == [marker.stat().st_ino]
        assert sorted(os.listdir(path.parent)) == ["x.lock", "x.lock.gone", "x.lock.held"]

    def test_that_a_third_one_made_meanwhile(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Then there is nothing to give back, and nothing is left beside it."""
        marker = Path(f"{path}.held")
        marker.write_text("")
        os.utime(marker, (1, 1))
        rename = os.rename

        def renaming(one: str, other: str) -> None:
            rename(one, f"{path}.gone")
            marker.write_text("2")
            rename(one, other)
            marker.write_text("3")

        monkeypatch.setattr(os, "rename", renaming)
        assert not holding._Lock(str(path), no_locks(errno.ENOLCK)).take()
        assert marker.read_text() == "3"
        assert sorted(os.listdir(path.parent)) == ["x.lock", "x.lock.gone", "x.lock.held"]

    def test_where_a_file_has_one_name_only(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "link", no_links)
        with held(str(path), 0, take=no_locks(errno.ENOLCK)):
            assert Path(f"{path}.held").read_text().startswith(f"{os.getpid()} ")
            with pytest.raises(StillHeldError), held(str(path), 0, take=no_locks(errno.ENOLCK)):
                raise AssertionError("both hold it")
            assert sorted(os.listdir(path.parent)) == ["x.lock", "x.lock.held"]
        assert os.listdir(path.parent) == ["x.lock"]

    def test_whose_server_was_asked_twice(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first answer was lost, and the second says that it is there."""
        link = os.link

        def twice(one: str, other: str) -> None:
            link(one, other)
            link(one, other)

        monkeypatch.setattr(os, "link", twice)
        with held(str(path), 0, take=no_locks(errno.ENOLCK)):
            pass
        assert os.listdir(path.parent) == ["x.lock"]

    def test_of_somebody_else_stays_when_one_lets_go(self, path: Path) -> None:
        marker = Path(f"{path}.held")
        with held(str(path), 0, take=no_locks(errno.ENOLCK)):
            marker.rename(f"{path}.gone")
            marker.write_text("4711 another-machine 5\n")
        assert marker.exists()

    @pytest.mark.parametrize(("age", "free"), [(60, True), (0, False)])
    def test_without_a_name(self, path: Path, age: int, free: bool) -> None:
        """Its maker was killed before it wrote, or is about to."""
        marker = Path(f"{path}.held")
        marker.write_text("")
        os.utime(marker, (time.time() - age,) * 2)
        try:
            with held(str(path), 0.3, take=no_locks(errno.ENOSYS)):
                assert free
        except StillHeldError:
            assert not free


@posix
class TestStrange:
    @pytest.mark.parametrize("kind", ["folder", "link", "dangling link", "fifo"])
    def test_no_file(self, path: Path, kind: str) -> None:
        target = path.parent / "target"
        if kind == "folder":
            path.mkdir()
        elif kind == "fifo":
            os.mkfifo(path)
        else:
            path.symlink_to(target)
        if kind == "link":
            target.write_text("mine")
        with pytest.raises(BadLockFile) as raised, held(str(path), 5):
            raise AssertionError("it was taken")
        assert str(path) in raised.value.message
        assert str(path) in raised.value.hint
        assert not target.exists() or target.read_text() == "mine"

    def test_somebody_else_s(self, path: Path) -> None:
        if not nobody.is_root():
            pytest.skip("only root makes files of others")
        path.write_text("")
        path.chmod(0o600)
        open_to_all(path.parent)
        python, where = nobody.interpreter(pythons.REPOSITORY)
        program = (
            "import sys\nfrom ccpin.errors import BadLockFile\nfrom ccpin.store.holding import held\n"
            "try:\n    with held(sys.argv[1], 5): pass\nexcept BadLockFile as error: print(error)"
        )
        done = subprocess.run(
            [python, "-c", program, str(path)],
            env={"PYTHONPATH": where, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **nobody.credentials(),
        )
        assert "permission denied, and it belongs to uid 0" in done.stdout, done

    def test_removed_while_it_was_waited_for(self, path: Path) -> None:
        """Then another one may hold a new file of that name."""
        taken: list[int] = []

        def take(descriptor: int) -> bool:
            if not taken:
                path.unlink()
            taken.append(descriptor)
            return kernel_lock(descriptor)

        with held(str(path), 5, take=take):
            assert str(os.getpid()) in path.read_text()
        assert len(taken) == 2

    def test_another_error_is_no_reason_to_wait(self, path: Path) -> None:
        with pytest.raises(OSError, match="Input/output"), held(str(path), 60, take=no_locks(errno.EIO)):
            raise AssertionError("it was taken")


def test_signs_are_not_given_all_the_time(path: Path) -> None:
    with held(str(path), 0) as come_further:
        come_further()
        os.utime(path, (1, 1))
        come_further()
        assert path.stat().st_mtime == 1


def test_a_name_from_a_file_is_fit_to_be_shown() -> None:
    assert str(Holder(0, "", "/x")) == "another process"
