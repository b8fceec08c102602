"""Who uses a store: what runs from it, has a file of it open, or stands in it; as far as a system tells."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from ccpin.errors import ProcessesUnseen
from ccpin.paths import Home
from ccpin.store.live import Live, look
from ccpin.store.receipt import Install
from tests.fakes.claude import fake_node
from tests.store.installing import Store, posix
from tests.store.running import running, untold

pytestmark = posix


def pids(live: Live, *places: str) -> list[int]:
    return [process.pid for process in live.users(*places)]


@pytest.fixture
def native(store: Store) -> Install:
    return store.install("2.1.330")


@pytest.fixture
def script(store: Store) -> Install:
    return store.install("2.0.14")


def test_nobody(store: Store, native: Install) -> None:
    assert look(store.home).users(native.folder) == []


def test_an_executable(store: Store, native: Install, script: Install) -> None:
    with running([native.executable, "-p", "hi"]) as process:
        live = look(store.home)
        assert pids(live, native.folder) == [process.pid]
        assert pids(live, script.folder) == []
        assert pids(live, native.folder, script.folder) == [process.pid]
        [one] = live.users(native.folder)
        assert str(one) == f"process {process.pid} ({one.name}) runs it"
    assert look(store.home).users(native.folder) == []


def test_a_real_executable_that_is_called_by_another_name(store: Store, native: Install) -> None:
    """What the kernel tells counts, whatever stands in argv."""
    program = Path(native.folder, "cat")
    Path(native.folder).chmod(0o755)
    program.write_bytes(Path("/bin/cat").read_bytes())
    program.chmod(0o755)
    with running(["something else"], executable=program) as process:
        assert pids(look(store.home), native.folder) == [process.pid]
        os.rename(program, program.with_name("moved"))
        assert pids(look(store.home), native.folder) == [process.pid]
        if sys.platform == "linux":
            os.unlink(program.with_name("moved"))
            assert pids(look(store.home), native.folder) == [process.pid]


@pytest.mark.skipif(sys.platform != "linux", reason="by /proc")
def test_a_process_that_sees_the_store_under_another_path(store: Store, native: Install, tmp_path: Path) -> None:
    """As in a container; a second name of the file looks the same to others."""
    command = Path(native.executable)
    command.parent.chmod(0o755)
    command.unlink()
    shutil.copy("/bin/cat", command)
    other = tmp_path / "elsewhere"
    os.link(command, other)
    with running(["x"], executable=other) as process:
        assert pids(look(store.home), native.folder) == [process.pid]
        aside = Path(native.entry, ".staging-removed-x")
        os.rename(native.folder, aside)
        assert pids(look(store.home), str(aside)) == [process.pid]


@pytest.mark.parametrize("how", ["link", "entry point", "relative", "sh", "option"])
def test_a_script_that_a_node_runs(store: Store, script: Install, tmp_path: Path, how: str) -> None:
    node = str(fake_node(tmp_path / "bin"))
    command = os.path.join(script.folder, "claude")
    cwd = None
    argv = [node, command, "-p", "a b"]
    if how == "entry point":
        argv[1] = script.executable
    elif how == "relative":
        cwd, argv[1] = store.home.root, os.path.relpath(command, store.home.root)
    elif how == "sh":
        argv = ["/bin/sh", "-c", f"echo 1; read x; exec '{command}' -p"]
    elif how == "option":
        argv = ["/bin/sh", "-c", "echo 1; read x", f"--script={command}"]
    with running(argv, cwd=cwd) as process:
        assert pids(look(store.home), script.folder) == [process.pid]


def test_under_another_name_of_the_home(store: Store, native: Install, tmp_path: Path) -> None:
    other = tmp_path / "a link"
    other.symlink_to(store.home.root)
    with running([native.executable.replace(store.home.root, str(other))]) as process:
        assert pids(look(store.home), native.folder) == [process.pid]
        through = Home(str(other))
        assert pids(look(through), native.folder.replace(store.home.root, str(other))) == [process.pid]


def test_a_file_that_is_open_and_a_folder_that_somebody_is_in(store: Store, native: Install, script: Install) -> None:
    with open(native.executable) as file, running(["/bin/cat"], executable="/bin/cat", stderr=file) as process:
        [one] = look(store.home).users(native.folder)
        assert (one.pid, one.does) == (process.pid, "has a file of it open")
    with running(["/bin/cat"], executable="/bin/cat", cwd=f"{script.folder}/package") as process:
        [one] = look(store.home).users(script.folder)
        assert (one.pid, one.does) == (process.pid, "is in its folder")


def test_this_process_does_not_count(store: Store, native: Install) -> None:
    with open(native.executable):
        assert look(store.home).users(native.folder) == []


def test_what_is_named_alike_elsewhere(store: Store, native: Install, tmp_path: Path) -> None:
    other = tmp_path / "other" / os.path.relpath(native.executable, store.home.root)
    other.parent.mkdir(parents=True)
    other.write_bytes(Path(native.executable).read_bytes())
    other.chmod(0o755)
    with running([other]):
        assert look(store.home).users(native.folder) == []


class TestTitles:
    """A release that has given its process a title tells nobody which one it is."""

    def test_may_be_any(self, store: Store, script: Install, tmp_path: Path) -> None:
        with untold(tmp_path) as process:
            live = look(store.home)
            assert live.users(script.folder) == []
            [one] = live.untold
            assert one.pid == process.pid
            assert "may run it" in str(one)
        assert look(store.home).untold == ()

    def test_who_stands_in_one_may_run_another(self, store: Store, native: Install, tmp_path: Path) -> None:
        with untold(tmp_path, cwd=native.folder) as process:
            live = look(store.home)
            assert pids(live, native.folder) == [process.pid]
            assert [one.pid for one in live.untold] == [process.pid]

    def test_a_program_that_is_no_node_runs_no_script(self, store: Store, tmp_path: Path) -> None:
        with untold(tmp_path, "2.1.330"):
            assert look(store.home).untold == ()

    def test_one_whose_node_is_in_the_store_is_told_apart(self, store: Store, script: Install) -> None:
        Path(script.folder).chmod(0o755)
        with untold(Path(script.folder)) as process:
            live = look(store.home)
            assert live.untold == ()
            assert pids(live, script.folder) == [process.pid]

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody may look")
    def test_a_real_node(self, store: Store, script: Install, tmp_path: Path) -> None:
        import shutil

        node = shutil.which("node")
        if node is None:
            pytest.skip("node is not installed")
        Path(script.executable).chmod(0o644)
        Path(script.executable).write_text("process.title='claude'; console.log(1); setTimeout(() => {}, 60000)")
        with running([node, os.path.join(script.folder, "claude")]) as process:
            live = look(store.home)
            assert process.pid in [one.pid for one in (*live.untold, *live.users(script.folder))]


class Silent(NamedTuple):
    """A process that answers some questions and refuses the others, as another user's does."""

    pid: int
    answers: dict[str, Any]

    def __getattr__(self, question: str) -> Any:
        def ask() -> Any:
            if question not in self.answers:
                raise psutil.AccessDenied(self.pid)
            return self.answers[question]

        return ask


class TestOtherUsers:
    def look(self, home: Home, **answers: Any) -> Live:
        def processes() -> Iterator[Any]:
            yield Silent(1, {})
            yield Silent(12, answers)

        return look(home, processes)

    def test_what_says_not_even_its_name_is_counted(self, store: Store, native: Install) -> None:
        assert self.look(store.home) == Live(nameless=2)
        assert self.look(store.home, name="init", cmdline=["/sbin/init"]) == Live(nameless=1)

    @pytest.mark.parametrize("name", ["claude", "Claude", "claude.exe", "node", "bun", "nodejs"])
    def test_what_may_be_any_release(self, store: Store, native: Install, name: str) -> None:
        """Only its name is known, and that is one which they have."""
        live = self.look(store.home, name=name)
        assert (live.uses, live.untold) == ((), ())
        assert [str(one) for one in live.hidden] == [
            f"process 12 ({name}) may run it: it may not be asked what it runs"
        ]
        assert self.look(store.home, name=name, cmdline=[]).hidden == live.hidden

    @pytest.mark.parametrize("name", ["kthreadd", "systemd", "python3", "not-claude"])
    def test_what_is_none(self, store: Store, native: Install, name: str) -> None:
        assert self.look(store.home, name=name) == Live(nameless=1)

    def test_what_says_that_it_runs_something_else(self, store: Store, native: Install) -> None:
        assert self.look(store.home, name="claude", exe="/usr/bin/claude") == Live(nameless=1)
        assert self.look(store.home, name="node", cmdline=["node", "/srv/app.js"]) == Live(nameless=1)
        assert self.look(store.home, name="node", exe="/usr/bin/node", cmdline=["node"]) == Live(nameless=1)

    def test_a_node_whose_command_line_may_not_be_read(self, store: Store, script: Install) -> None:
        """As of another user's on macOS."""
        live = self.look(store.home, name="node", exe="/opt/homebrew/bin/node")
        assert [one.pid for one in live.untold] == [12]
        assert live.hidden == ()

    def test_a_command_line_is_enough(self, store: Store, native: Install) -> None:
        live = self.look(store.home, name="claude", cmdline=[native.executable, "-p"])
        assert [str(one) for one in live.users(native.folder)] == ["process 12 (claude) runs it"]

    def test_an_executable_is_enough(self, store: Store, native: Install) -> None:
        live = self.look(store.home, exe=native.executable)
        assert [str(one) for one in live.users(native.folder)] == ["process 12 (?) runs it"]

    def test_a_title_without_an_executable(self, store: Store, script: Install) -> None:
        """Started as `claude`, it has that for a command line, whatever it is."""
        live = self.look(store.home, name="claude", cmdline=["claude", "", ""])
        assert [one.pid for one in live.hidden] == [12]

    @pytest.mark.parametrize("kind", [psutil.NoSuchProcess, psutil.ZombieProcess])
    def test_one_that_ends_meanwhile(self, store: Store, native: Install, kind: type[psutil.Error]) -> None:
        class Gone(NamedTuple):
            pid: int

            def __getattr__(self, question: str) -> Any:
                def ask() -> Any:
                    raise kind(self.pid)

                return ask

        assert look(store.home, lambda: [Gone(12)]) == Live()

    @pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file", "/proc"), psutil.AccessDenied(0)])
    def test_where_nobody_may_look_at_all(self, store: Store, error: Exception) -> None:
        def processes() -> Iterator[Any]:
            raise error
            yield

        with pytest.raises(ProcessesUnseen, match="cannot be listed"):
            look(store.home, processes)
