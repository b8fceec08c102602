from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccpin.errors import CcpinError, NoRoom, NotSetUp, ShellFileUnwritable, StoreUnwritable
from ccpin.launching import userpath
from ccpin.launching.changes import SetupResult
from ccpin.launching.setup import setup, undo
from ccpin.paths import Home

WHO = "printf '%s\\n' \"$0\"\n"  # ksh quotes what `command -v` finds, so it is run
SHIM = (
    "#!/bin/sh\nccpin_python=''\nccpin_home=''\nccpin_platform=''\n"
    f"ccpin_table=''\nccpin_names=''\nccpin_unset=''\nccpin_measured=''\n{WHO}"
)
TEMPLATES = {
    "claude": SHIM,
    "claude-editor": "#!/bin/sh\nccpin_shim=''\nexec \"$ccpin_shim\"\n",
    "claude.cmd": 'set "CCPIN_PYTHON="\nset "CCPIN_SHIM_HOME="\n',
    "claude.ps1": "$ccpinPython = ''\n$ccpinHome = ''\n",
}
ODD = ["plain", "two words", 'it\'s "$HOME" `id` \\ ! #', "new\nline", "*?[a]{b,c}~", "🦙", "by\udcfftes"]
READS = {  # how each shell is started, and the files that it reads then
    "bash-login": ["bash", "-lc"],
    "bash-interactive": ["bash", "-ic"],
    "sh-login": ["sh", "-lc"],
    "dash-login": ["dash", "-lc"],
    "zsh-login": ["zsh", "-lc"],
    "zsh-interactive": ["zsh", "-ic"],
    "fish": ["fish", "-c"],
    "busybox-login": ["busybox", "sh", "-lc"],
    "ksh-login": ["ksh", "-lc"],
    "mksh-login": ["mksh", "-lc"],
}
ALL_SHELLS = pytest.mark.parametrize("shell", READS)


class User:
    """A user with a home folder, another `claude` on PATH, and a Python that finds ccpin."""

    def __init__(self, root: Path, name: str = "user") -> None:
        self.folder = root / name
        self.folder.mkdir(parents=True)
        self.other = root / "other"
        self.python = str(root / "python")
        executable(self.other / "claude", f"#!/bin/sh\n{WHO}")
        executable(Path(self.python))
        self.env = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        self.home = Home(str(self.folder / ".local" / "share" / "ccpin"))

    def setup(self, *, dry_run: bool = False, shells: bool = True) -> SetupResult:
        return setup(
            self.home,
            self.env,
            python=self.python,
            platform="linux-x64",
            system="linux",
            read=TEMPLATES.__getitem__,
            dry_run=dry_run,
            shells=shells,
        )

    def undo(self, *, dry_run: bool = False) -> SetupResult:
        return undo(self.home, self.env, system="linux", dry_run=dry_run)

    def run(self, shell: str, command: str) -> str:
        argv = READS[shell]
        if not shutil.which(argv[0]):
            pytest.skip(f"no {argv[0]} here")
        done = subprocess.run([*argv, command], env=self.env, cwd="/", stdin=subprocess.DEVNULL, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def actions(self, result: SetupResult) -> dict[str, str]:
        return {os.path.relpath(change.path, self.folder): change.action for change in result.changes}


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def executable(path: Path, text: str = "#!/bin/sh\nexit 0\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def tree(folder: Path) -> dict[str, object]:
    """Every file below `folder`: its type, mode and bytes."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content: object = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (stat.filemode(mode), content)
    return found


# --- what real shells find --------------------------------------------------------------------------


@ALL_SHELLS
def test_every_shell_finds_the_shim_first_whatever_its_own_lines_say(user: User, shell: str) -> None:
    line = f"PATH={shlex.quote(str(user.other))}:$PATH; export PATH\n"
    for name in (".profile", ".bashrc", ".zprofile", ".zshrc"):
        (user.folder / name).write_text(line)
    config = user.folder / ".config" / "fish" / "config.fish"
    config.parent.mkdir(parents=True)
    config.write_text(f"set -gx PATH {shlex.quote(str(user.other))} $PATH\n")
    assert user.run(shell, "claude") == str(user.other / "claude")
    user.setup()
    assert user.run(shell, "claude") == user.home.shim()
    assert str(user.other) in user.run(shell, 'printf "%s " $PATH')


@pytest.mark.parametrize("login", [".bash_profile", ".bash_login"])
def test_a_bash_login_file_of_the_users_own_is_served(user: User, login: str) -> None:
    (user.folder / login).write_text(f"PATH={user.other}:$PATH\n")
    user.setup()
    assert user.run("bash-login", "claude") == user.home.shim()


@ALL_SHELLS
def test_a_user_without_any_file_is_served(user: User, shell: str) -> None:
    user.env["SHELL"] = "/bin/bash"
    user.setup()
    assert not (user.folder / ".bash_profile").exists()
    assert user.run(shell, "claude") == user.home.shim()


@ALL_SHELLS
@pytest.mark.parametrize("name", ODD)
def test_folders_may_have_any_name(tmp_path: Path, shell: str, name: str) -> None:
    user = User(tmp_path, name)
    user.setup()
    assert user.run(shell, "claude") == user.home.shim()
    user.home = Home(f"{tmp_path}/ccpin {name}")  # not below HOME, so not written as "$HOME/…"
    user.setup()
    assert user.run(shell, "claude") == user.home.shim()


@ALL_SHELLS
def test_sourcing_again_changes_nothing_and_moves_the_shims_to_the_front(user: User, shell: str) -> None:
    executable(Path(user.home.bin) / "ccpin")
    user.setup()
    show = "string join : $PATH" if shell == "fish" else 'printf "%s\\n" "$PATH"'
    env = shlex.quote(os.path.join(user.home.root, "env.fish" if shell == "fish" else "env.sh"))
    once = user.run(shell, show)
    assert once.startswith(f"{user.home.shims}:{user.home.bin}:")
    assert user.run(shell, f". {env}; . {env}; {show}") == once
    swapped = f"/a:{user.home.bin}:/b:{user.home.shims}:{user.home.shims}:/usr/bin:/bin"
    change = f"set -gx PATH (string split : '{swapped}')" if shell == "fish" else f"PATH='{swapped}'"
    assert user.run(shell, f"{change}; . {env}; {show}") == f"{user.home.shims}:{user.home.bin}:/a:/b:/usr/bin:/bin"


@pytest.mark.parametrize("shell", [shell for shell in READS if shell != "fish"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("unset PATH", "S:/usr/bin:/bin"),
        ("PATH=", "S:/usr/bin:/bin"),
        ("PATH=S", "S"),
        ("PATH=S:S", "S"),
        ("PATH=:/a:", "S::/a:"),
        ("PATH=/a::/b", "S:/a::/b"),
        ("PATH=/a:S/deeper:S-not", "S:/a:S/deeper:S-not"),
    ],
)
def test_path_is_edited_exactly_even_in_strict_shells(user: User, shell: str, before: str, after: str) -> None:
    user.setup()
    shims = user.home.shims
    script = f"set -eu; IFS=/; {before.replace('S', shims)}; . '{user.home.root}/env.sh'; echo \"$PATH\"; "
    script += 'echo "${_ccpin_path-unset}${_ccpin_folder-unset}"'
    assert user.run(shell, script).split("\n") == [after.replace("S", shims), "unsetunset"]


def test_nocasematch_does_not_loop_for_ever(user: User) -> None:
    user.setup()
    script = f"shopt -s nocasematch; PATH={user.home.shims.upper()}:/bin; . '{user.home.root}/env.sh'; echo $PATH"
    assert user.run("bash-login", script) == f"{user.home.shims}:{user.home.shims.upper()}:/bin"


@ALL_SHELLS
def test_shells_start_although_ccpins_home_is_gone(user: User, shell: str) -> None:
    user.setup()
    shutil.rmtree(user.home.root)
    assert user.run(shell, "echo fine") == "fine"
    if shell != "fish":
        assert user.run(shell, f"set -eu; . '{user.folder}/.profile'; echo fine") == "fine"


@pytest.mark.parametrize("shell", ["bash-login", "dash-login", "zsh-interactive"])
def test_crlf_files_work_in_shells_that_keep_the_cr(user: User, shell: str) -> None:
    for name in (".profile", ".zshrc"):
        (user.folder / name).write_bytes(b"# one\r\n# two\r\n")
    user.setup()
    assert (user.folder / ".profile").read_bytes().count(b"\r\n") == 7
    assert user.run(shell, "claude") == user.home.shim()


# --- what is written --------------------------------------------------------------------------------


def test_the_shim_is_executable_filled_in_and_alone(user: User) -> None:
    result = user.setup()
    assert sorted(os.listdir(user.home.shims)) == ["claude", "claude-editor"]
    assert stat.S_IMODE(os.stat(user.home.shim()).st_mode) == 0o755
    assert f"ccpin_python='{user.python}'\nccpin_home='{user.home.root}'\n" in Path(user.home.shim()).read_text()
    assert user.actions(result)[".local/share/ccpin/shims/claude"] == "written"


def test_a_second_run_changes_nothing(user: User) -> None:
    first = user.setup()
    before = {path: os.lstat(path) for path in user.folder.rglob("*")}
    second = user.setup()
    assert {change.action for change in second.changes} == {"unchanged"}
    assert [change.path for change in second.changes] == [change.path for change in first.changes]
    assert {path: os.lstat(path) for path in user.folder.rglob("*")} == before


def test_another_home_replaces_only_the_inside_of_the_blocks(user: User) -> None:
    (user.folder / ".bashrc").write_text("first\n")
    user.setup()
    with (user.folder / ".bashrc").open("a") as file:
        file.write("# last\n")
    old = (user.folder / ".bashrc").read_text()
    user.home = Home(str(user.folder / "elsewhere"))
    user.setup()
    assert (user.folder / ".bashrc").read_text() == old.replace(".local/share/ccpin", "elsewhere")


def test_an_older_shim_is_replaced_as_a_whole(user: User) -> None:
    executable(Path(user.home.shim()), "an older shim")
    inode = os.stat(user.home.shim()).st_ino
    user.setup()
    assert os.stat(user.home.shim()).st_ino != inode
    assert sorted(os.listdir(user.home.shims)) == ["claude", "claude-editor"]


def test_dry_run_writes_nothing_and_names_what_would_be_written(user: User) -> None:
    (user.folder / ".bashrc").write_text("mine\n")
    before = tree(user.folder)
    planned = user.setup(dry_run=True)
    assert tree(user.folder) == before
    assert {change.action for change in planned.changes} == {"would write"}
    assert [change.path for change in planned.changes] == [change.path for change in user.setup().changes]

    after = tree(user.folder)
    removal = user.undo(dry_run=True)
    assert tree(user.folder) == after
    assert {change.action for change in removal.changes} == {"would write", "would remove"}
    assert [change.path for change in removal.changes] == [change.path for change in user.undo().changes]


def test_links_and_modes_of_the_users_files_stay(user: User) -> None:
    dotfiles = user.folder / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "bashrc").write_text("mine")
    (dotfiles / "bashrc").chmod(0o600)
    (user.folder / ".bashrc").symlink_to("dotfiles/bashrc")
    (user.folder / ".profile").symlink_to("dotfiles/profile")  # leads nowhere yet
    before = tree(user.folder)
    user.setup()
    assert os.readlink(user.folder / ".bashrc") == "dotfiles/bashrc"
    assert os.readlink(user.folder / ".profile") == "dotfiles/profile"
    assert b"ccpin setup" in (dotfiles / "bashrc").read_bytes()
    assert b"ccpin setup" in (dotfiles / "profile").read_bytes()
    assert stat.S_IMODE((dotfiles / "bashrc").stat().st_mode) == 0o600
    user.undo()
    assert {path: what for path, what in tree(user.folder).items() if path in before} == before
    assert not (dotfiles / "profile").exists()


def test_two_names_of_one_file_get_one_block(user: User) -> None:
    (user.folder / ".bashrc").symlink_to(".profile")
    user.setup()
    user.setup()
    assert (user.folder / ".profile").read_text().count(">>> ccpin >>>") == 1


# --- undo -------------------------------------------------------------------------------------------


def test_undo_restores_every_byte(user: User) -> None:
    (user.folder / ".bashrc").write_bytes(b"no final newline")
    (user.folder / ".profile").write_bytes(b"")
    (user.folder / ".zshrc").write_bytes(b"crlf\r\nlatin-1 \xe9\r\n")
    (user.folder / ".bash_profile").write_bytes(b"blank lines\n\n\n")
    before = tree(user.folder)
    user.setup()
    assert tree(user.folder) != before
    result = user.undo()
    left = {path: what for path, what in tree(user.folder).items() if path not in (".local", ".local/share")}
    assert left == before
    assert not result.problems
    assert user.undo().changes == ()


def test_undo_keeps_the_store_and_what_the_user_added(user: User) -> None:
    user.setup()
    entry = Path(user.home.releases) / "2.0.14-0123456789abcdef"
    entry.mkdir(parents=True)
    with (user.folder / ".profile").open("a") as file:
        file.write("mine=1\n")
    user.undo()
    assert (user.folder / ".profile").read_text() == "mine=1\n"
    assert sorted(os.listdir(user.home.root)) == ["releases"]
    assert entry.is_dir()


def test_undo_finds_files_of_an_earlier_environment(user: User) -> None:
    user.env |= {"ZDOTDIR": str(user.folder / "z" / "sh"), "SHELL": "/bin/zsh"}
    user.setup()
    assert (user.folder / "z" / "sh" / ".zshrc").exists()
    del user.env["ZDOTDIR"]
    user.undo()
    assert not (user.folder / "z").exists()


def test_undo_works_without_a_record(user: User) -> None:
    (user.folder / ".bashrc").write_text("mine\n")
    user.setup()
    for broken in ("", "[]", '{"files": 1}', '{"files": null, "created": [], "folders": []}'):
        Path(user.home.setup_record).write_text(broken)
    user.undo()
    assert (user.folder / ".bashrc").read_text() == "mine\n"
    assert (user.folder / ".profile").read_text() == ""  # it may have been there


def test_undo_before_any_setup_does_nothing(user: User) -> None:
    assert user.undo() == SetupResult(())


def test_the_record_tells_made_files_from_changed_ones(user: User) -> None:
    (user.folder / ".bashrc").touch()
    user.setup()
    record = json.loads(Path(user.home.setup_record).read_text())
    assert str(user.folder / ".bashrc") in record["files"]
    assert str(user.folder / ".profile") in record["created"]
    assert str(user.folder / ".bashrc") not in record["created"]


# --- what is said -----------------------------------------------------------------------------------


def test_the_line_for_the_current_shell_works_in_it(tmp_path: Path) -> None:
    user = User(tmp_path, "it's me")
    line = user.setup().activate
    assert line == f". {shlex.quote(user.home.root + '/env.sh')}"
    assert user.run("sh-login", f"PATH=/usr/bin:/bin; {line}; claude") == user.home.shim()
    user.env["SHELL"] = "/usr/bin/fish"
    assert str(user.setup().activate).startswith("source '")
    user.env["PATH"] = f"{user.home.shims}:{user.env['PATH']}"
    assert user.setup().activate is None


def test_ccpin_itself_is_put_behind_what_there_is(user: User) -> None:
    tools = user.folder / ".local" / "bin"
    executable(Path(user.python).parent / "ccpin")
    tools.mkdir(parents=True)
    (tools / "ccpin").symlink_to(Path(user.python).parent / "ccpin")  # as uv and pipx do
    user.env["PATH"] = "/usr/bin:/bin"
    user.setup()
    assert user.run("dash-login", "command -v ccpin") == str(tools / "ccpin")
    assert user.run("dash-login", 'echo "$PATH"').endswith(f":{tools}")
    # A shell that has it on PATH now must not make the next setup take it away.
    user.env["PATH"] = f"/usr/bin:/bin:{tools}"
    assert {change.action for change in user.setup().changes} == {"unchanged"}


def test_another_ccpin_on_path_stays_the_one(user: User, tmp_path: Path) -> None:
    executable(Path(user.python).parent / "ccpin")
    executable(tmp_path / "first" / "ccpin")
    user.env["PATH"] = f"{tmp_path}/first:/usr/bin:/bin"
    user.setup()
    assert not user.run("dash-login", 'echo "$PATH"').endswith(f":{tmp_path}")


def test_a_virtual_environments_folder_does_not_go_on_path(user: User, tmp_path: Path) -> None:
    user.python = str(tmp_path / "env" / "bin" / "python")
    executable(Path(user.python))
    executable(tmp_path / "env" / "bin" / "ccpin")
    (tmp_path / "env" / "pyvenv.cfg").touch()
    user.env["PATH"] = "/usr/bin:/bin"
    result = user.setup()
    assert result.notes == (f"`ccpin` itself is not on PATH: it is {tmp_path}/env/bin/ccpin",)
    assert "env/bin" not in Path(user.home.root, "env.sh").read_text()


def test_a_service_account_gets_the_shim_alone(user: User, tmp_path: Path) -> None:
    user.env["HOME"] = str(tmp_path / "nonexistent")
    result = user.setup()
    assert [os.path.basename(change.path) for change in result.changes] == [
        "claude",
        "claude-editor",
        "env.sh",
        "env.fish",
    ]
    assert result.notes == (f"there is no home folder {tmp_path}/nonexistent, so no shell's file was changed",)


def test_shims_only_leaves_the_home_folder_alone(user: User) -> None:
    result = user.setup(shells=False)
    assert [os.path.basename(change.path) for change in result.changes] == [
        "claude",
        "claude-editor",
        "env.sh",
        "env.fish",
    ]
    assert [path.name for path in user.folder.iterdir()] == [".local"]
    user.undo()
    assert not os.path.exists(user.home.root)


# --- failures ---------------------------------------------------------------------------------------


def test_markers_that_were_edited_are_left_alone_and_reported(user: User) -> None:
    text = "a=1\n# >>> ccpin >>>\n. /old/env.sh\n"
    (user.folder / ".bashrc").write_text(text)
    result = user.setup()
    assert (user.folder / ".bashrc").read_text() == text
    assert user.actions(result)[".bashrc"] == "left alone"
    (problem,) = result.problems
    assert isinstance(problem, ShellFileUnwritable)
    assert 'write this line into it yourself: `[ ! -f "$HOME/.local/share/ccpin/env.sh" ]' in problem.hint
    assert user.actions(result)[".profile"] == "written"
    (problem,) = user.undo().problems
    assert "out of it yourself" in problem.hint
    assert Path(user.home.setup_record).exists()


def test_something_else_in_a_files_place_is_reported(user: User) -> None:
    (user.folder / ".bashrc").mkdir()
    (user.folder / ".zshrc").symlink_to("/dev/null")
    os.mkfifo(user.folder / ".profile")
    result = user.setup()
    assert [problem.code for problem in result.problems] == ["shell-file-unwritable"] * 3
    assert user.actions(result)[".zprofile"] == "written"


def test_a_python_without_ccpin_is_refused_before_anything_is_written(user: User) -> None:
    executable(Path(user.python), "#!/bin/sh\nexit 1\n")
    with pytest.raises(NotSetUp):
        user.setup()
    assert tree(user.folder) == {}


def test_a_home_that_cannot_stand_on_path_is_refused(user: User) -> None:
    user.home = Home("/data:1/ccpin")
    with pytest.raises(StoreUnwritable, match="separates the folders of PATH"):
        user.setup()


def test_a_home_that_is_a_file_is_refused(user: User) -> None:
    (user.folder / "file").touch()
    user.home = Home(str(user.folder / "file"))
    with pytest.raises(StoreUnwritable):
        user.setup()
    assert set(tree(user.folder)) == {"file"}


def test_a_folder_in_the_shims_place_is_a_failure_that_leaves_nothing_behind(user: User) -> None:
    os.makedirs(user.home.shim())
    with pytest.raises(StoreUnwritable, match="is a directory"):
        user.setup()
    assert os.listdir(user.home.shims) == ["claude"]
    assert not (user.folder / ".profile").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_no_room() -> None:
    from ccpin.launching.setup import _home_error

    with pytest.raises(OSError, match="No space left") as caught, open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")
    assert isinstance(_home_error("/home/x", caught.value), NoRoom)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own is closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=True)
    shutil.rmtree(folder)


def as_nobody(act: Callable[[], str]) -> str:
    """What `act` answers when it is not root, whom no mode keeps out."""
    if os.getuid() != 0:
        return act()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(writer, act().encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as answer:
        return answer.read()


def own(folder: Path) -> None:
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "65534", folder], check=True)


def test_a_file_that_is_read_only_does_not_keep_the_others_from_it(open_folder: Path) -> None:
    user = User(open_folder)
    (user.folder / ".bashrc").write_text("mine\n")
    (user.folder / ".profile").write_text("mine\n")
    (user.folder / ".zshrc").write_text("secret\n")
    (user.folder / ".bashrc").chmod(0o444)
    (user.folder / ".zshrc").chmod(0o000)
    own(open_folder)

    def act() -> str:
        result = user.setup()
        return json.dumps([[str(problem), problem.hint] for problem in result.problems])

    problems = json.loads(as_nobody(act))
    assert [sentence for sentence, _ in problems] == [
        f"{user.folder}/.bashrc cannot be changed: permission denied",
        f"{user.folder}/.zshrc cannot be changed: permission denied",
    ]
    assert (user.folder / ".bashrc").read_text() == "mine\n"
    assert ">>> ccpin >>>" in (user.folder / ".profile").read_text()


def test_a_home_folder_that_is_read_only_is_reported_file_by_file(open_folder: Path) -> None:
    user = User(open_folder)
    user.home = Home(str(open_folder / "ccpin"))
    own(open_folder)
    user.folder.chmod(0o555)
    codes = as_nobody(lambda: " ".join(sorted({problem.code for problem in user.setup().problems})))
    assert codes == "shell-file-unwritable"
    assert os.path.exists(user.home.shim())
    assert os.listdir(user.folder) == []


def test_a_store_that_is_read_only_stops_before_the_shells_files(open_folder: Path) -> None:
    user = User(open_folder)
    user.home = Home(str(open_folder / "store"))
    os.mkdir(user.home.root)
    own(open_folder)
    os.chmod(user.home.root, 0o555)

    def act() -> str:
        try:
            user.setup()
        except CcpinError as error:
            return error.code
        return "done"

    assert as_nobody(act) == "store-unwritable"
    assert os.listdir(user.folder) == []


def test_undo_says_which_file_it_may_not_remove(open_folder: Path) -> None:
    user = User(open_folder)
    user.setup()
    own(open_folder)
    os.chmod(user.home.shims, 0o555)

    def act() -> str:
        try:
            user.undo()
        except CcpinError as error:
            return str(error)
        return "done"

    assert as_nobody(act) == f"the store cannot be written: {user.home.shim()}: permission denied"


# --- Windows ----------------------------------------------------------------------------------------


class FakeRegistry:
    def __init__(self, value: tuple[str, int] | None) -> None:
        self.value = value
        self.writes = 0

    def read(self) -> tuple[str, int] | None:
        return self.value

    def write(self, text: str, kind: int) -> None:
        self.value = (text, kind)
        self.writes += 1


def windows(tmp_path: Path, registry: userpath.UserPath, *, dry_run: bool = False) -> SetupResult:
    executable(tmp_path / "env" / "python.exe")
    executable(tmp_path / "env" / "ccpin-claude.exe", "launcher")
    return setup(
        Home(str(tmp_path / "home")),
        {},
        python=str(tmp_path / "env" / "python.exe"),
        platform="win32-x64",
        system="win32",
        read=TEMPLATES.__getitem__,
        user_path=registry,
        dry_run=dry_run,
    )


def test_windows_gets_its_three_files_and_the_users_path(tmp_path: Path) -> None:
    home, registry = Home(str(tmp_path / "home")), FakeRegistry((r"%USERPROFILE%\bin;C:\x", userpath.REG_EXPAND_SZ))
    result = windows(tmp_path, registry)
    assert sorted(os.listdir(home.shims)) == ["claude.cmd", "claude.exe", "claude.ps1"]
    assert registry.value == (rf"{home.shims};%USERPROFILE%\bin;C:\x", userpath.REG_EXPAND_SZ)
    assert [change.action for change in result.changes] == ["written"] * 4
    assert [change.action for change in windows(tmp_path, registry).changes] == ["unchanged"] * 4
    assert registry.writes == 1

    undo(home, {}, system="win32", user_path=registry)
    assert registry.value == (r"%USERPROFILE%\bin;C:\x", userpath.REG_EXPAND_SZ)
    assert not os.path.exists(home.root)


def test_windows_keeps_the_registry_type_and_makes_a_missing_value(tmp_path: Path) -> None:
    plain, missing = FakeRegistry((r"C:\x", userpath.REG_SZ)), FakeRegistry(None)
    assert windows(tmp_path, plain, dry_run=True).changes[-1].action == "would write"
    assert plain.value == (r"C:\x", userpath.REG_SZ)
    windows(tmp_path, plain)
    windows(tmp_path, missing)
    assert plain.value == (f"{tmp_path}/home/shims;C:\\x", userpath.REG_SZ)
    assert missing.value == (f"{tmp_path}/home/shims", userpath.REG_EXPAND_SZ)


def test_a_folder_is_found_on_path_however_it_is_spelt() -> None:
    text = r'C:\A;"c:\ccpin\SHIMS\";C:/ccpin/shims;;C:\B'
    assert userpath.without_folder(text, r"C:\ccpin\shims") == r"C:\A;;C:\B"
    assert userpath.with_folder(text, r"C:\ccpin\shims") == r"C:\ccpin\shims;C:\A;;C:\B"
    assert userpath.with_folder("", r"C:\s") == r"C:\s"


@pytest.mark.skipif(os.name == "nt", reason="there is one on Windows")
def test_a_registry_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(StoreUnwritable, match="there is no registry here"):
        windows(tmp_path, userpath.Registry())


@pytest.mark.parametrize("shell", ["bash-login", "dash-login", "zsh-login", "fish"])
def test_a_home_that_only_a_variable_names_is_named_to_shells_too(user: User, shell: str) -> None:
    """Else the shim of that home would run beside a `ccpin` that looks into another."""
    user.home = Home(str(user.folder / "else where's"))
    user.env["CCPIN_HOME"] = user.home.root
    user.setup()
    del user.env["CCPIN_HOME"]
    argv = READS[shell]
    if not shutil.which(argv[0]):
        pytest.skip(f"no {argv[0]}")
    said = subprocess.run(
        [*argv, 'echo "$CCPIN_HOME"'], env=user.env, cwd=user.folder, capture_output=True, text=True, check=True
    )
    assert said.stdout == f"{user.home.root}\n"


def test_the_usual_home_is_not(user: User) -> None:
    user.setup()
    assert b"CCPIN_HOME" not in Path(user.home.root, "env.sh").read_bytes()
