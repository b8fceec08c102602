"""scripts/claude-setup.sh in a fresh home: it ends with the pinned release answering, and run again changes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ccpin import __version__
from ccpin.paths import find_home
from tests.cli.arrange import ccpin, empty_store, pin
from tests.fakes import pythons, wheel
from tests.fakes.box import Box, Completed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it is a shell script")

SCRIPT = "scripts/claude-setup.sh"
SHELLS = ("dash", "bash", "busybox", "ksh", "mksh", "zsh", "yash")
STAND_IN = """\
#!/bin/sh
test "$1" != --version || exit 0
echo "$0 $*" >>"$HOME/asked"
mkdir -p "$HOME/.local/bin"
printf '#!/bin/sh\\nexec %s -m ccpin "$@"\\n' '{python}' >"$HOME/.local/bin/ccpin"
chmod +x "$HOME/.local/bin/ccpin"
"""
"""For `uv` and `pipx`: notes what it was asked, and puts ccpin where they do."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def clone(box: Box) -> Box:
    """A repository as `ccpin init` leaves it, on a machine that has neither ccpin nor anything of its."""
    pin(box, "2.0.14")
    ccpin(box, "init", "--yes").ok()
    empty_store(box)
    shutil.rmtree(box.ccpin_home)
    pythons.stand_in(box.bin / "python3")
    del box.env["CCPIN_HOME"]
    return box


def arrive(box: Box, *args: str, shell: tuple[str, ...] = ("sh",), source: str | Path = "", **env: str) -> Completed:
    said = {"CCPIN_INSTALL_SOURCE": str(source), "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **env}
    return box.run([*shell, box.project / SCRIPT, *args], cwd="/", env=said)


def tree(box: Box) -> dict[str, tuple[int, int]]:
    """Size and time of every file of the home, but for what Python keeps for itself."""
    found = (path for path in box.home.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in found if "metadata" not in path.parts
    }


def test_a_fresh_home_ends_with_the_pinned_release_answering(clone: Box, built: Path) -> None:
    source = f"{built.as_uri()}#sha256={hashlib.sha256(built.read_bytes()).hexdigest()}"
    lock = clone.lock.read_bytes()
    done = arrive(clone, source=source).ok()
    assert done.out.endswith("2.0.14 (Claude Code)\n")
    assert "Claude Code 2.0.14: as locked" in done.out
    home = Path(find_home({"HOME": str(clone.home)}).root)
    assert (home / "bin" / "ccpin").is_symlink()

    before = tree(clone)
    again = arrive(clone).ok()  # nothing says where ccpin comes from, for it is there
    assert tree(clone) == before
    assert "installing" not in again.err
    assert clone.lock.read_bytes() == lock
    new_shell = clone.run(["sh", "-l", "-c", "claude --version && ccpin --version"]).ok().out
    assert new_shell == f"2.0.14 (Claude Code)\nccpin {__version__}\n"


def test_another_version_than_the_script_names_is_not_used(clone: Box, built: Path) -> None:
    script = clone.project / SCRIPT
    script.write_text(script.read_text().replace(f"version='{__version__}'", "version='9.9.9'"))
    (clone.bin / "uv").write_text(STAND_IN.format(python=clone.ccpin_argv()[0]))
    (clone.bin / "uv").chmod(0o755)
    done = arrive(clone, source=built).failed()
    assert f"that was ccpin {__version__}, and not ccpin 9.9.9" in done.err
    assert not (clone.home / ".local" / "share").exists()


def test_nothing_is_taken_from_an_index_by_its_mere_name(clone: Box) -> None:
    done = arrive(clone).failed()
    assert "nothing here says where it comes from" in done.err
    assert "CCPIN_INSTALL_SOURCE" in done.err
    assert not list(clone.home.iterdir())


@pytest.mark.parametrize("tool", ["uv", "pipx"])
def test_the_tool_that_is_there_installs_it(clone: Box, tool: str) -> None:
    for name in {"uv": ["uv", "pipx"], "pipx": ["pipx"]}[tool]:  # uv is asked first
        (clone.bin / name).write_text(STAND_IN.format(python=clone.ccpin_argv()[0]))
        (clone.bin / name).chmod(0o755)
    arrive(clone, source="git+https://h.example/ccpin@00").ok()
    (asked,) = (clone.home / "asked").read_text().splitlines()
    words = "tool install" if tool == "uv" else "install"
    assert asked == f"{clone.bin}/{tool} {words} --quiet ccpin @ git+https://h.example/ccpin@00"


def test_a_hash_is_left_to_pip(clone: Box) -> None:
    """uv does not look at it (tests/live/test_arriving.py)."""
    (clone.bin / "uv").write_text(STAND_IN.format(python=clone.ccpin_argv()[0]))
    (clone.bin / "uv").chmod(0o755)
    (clone.bin / "python3").write_text('#!/bin/sh\necho "python3 $*" >>"$HOME/asked"; exit 1\n')
    arrive(clone, source="https://h.example/ccpin.whl#sha256=00").failed()
    assert (clone.home / "asked").read_text().startswith("python3 -I -m venv ")


def with_ccpin(box: Box) -> Box:
    """A machine that has ccpin already, in a folder that no shell's file names."""
    folder = box.home / ".local" / "bin"
    folder.mkdir(parents=True)
    (folder / "ccpin").write_text(f'#!/bin/sh\nexec {box.ccpin_argv()[0]} -m ccpin "$@"\n')
    (folder / "ccpin").chmod(0o755)
    return box


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_understands_it(clone: Box, shell: str) -> None:
    if not shutil.which(shell, path=clone.env["PATH"]):
        pytest.skip(f"no {shell} here")
    argv = ("busybox", "sh") if shell == "busybox" else (shell,)
    assert arrive(with_ccpin(clone), shell=argv).ok().out.endswith("2.0.14 (Claude Code)\n")


def test_its_arguments_are_setups(clone: Box) -> None:
    with_ccpin(clone)
    arrive(clone, "--shims-only", CCPIN_HOME=str(clone.ccpin_home)).ok()
    assert [path.name for path in clone.home.iterdir()] == [".local"]


def test_on_github_later_steps_find_it(clone: Box) -> None:
    path = clone.root / "github-path"
    arrive(with_ccpin(clone), "--shims-only", GITHUB_PATH=str(path)).ok()
    first, last = path.read_text().splitlines()
    assert (first, last) == (str(clone.home / ".local/bin"), str(clone.home / ".local/share/ccpin/shims"))


def test_a_lock_that_is_not_right_stops_it(clone: Box) -> None:
    clone.lock.write_text(clone.lock.read_text().replace('request = "2.0.14"', 'request = "2.1"'))
    done = arrive(with_ccpin(clone)).failed()
    assert "which `--locked` asks for" in done.err
    assert "Claude Code)" not in done.out


@pytest.mark.parametrize("data", ["", "/elsewhere", "relative"])
def test_it_looks_where_ccpin_keeps_its_things(clone: Box, data: str) -> None:
    text = (clone.project / SCRIPT).read_text()
    function = text[text.index("find_home()") : text.index("find_ccpin()")]
    env = {"HOME": "/home/ann", "PATH": clone.env["PATH"], **({"XDG_DATA_HOME": data} if data else {})}
    told = subprocess.run(
        ["sh", "-euc", f'{function}\nfind_home; echo "$home"'], env=env, capture_output=True, text=True
    )
    assert told.stdout == find_home(env).root + "\n"


def test_shellcheck(clone: Box) -> None:
    program = shutil.which("shellcheck")
    if not program:
        assert not os.environ.get("CI")
        pytest.skip("no shellcheck here")
    done = subprocess.run([program, "-s", "sh", clone.project / SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "place", ["http://a.example/x.whl", "git+http://a.example/x", "ccpin @ http://a.example/x.whl"]
)
def test_nothing_comes_over_a_line_that_anybody_can_change(clone: Box, place: str) -> None:
    done = arrive(clone, source=place).failed(1)
    assert "anybody on it can change" in done.err
    assert not clone.ccpin_home.exists()


def test_the_clones_own_ccpin_is_not_run(clone: Box) -> None:
    """Where PATH names the current folder, that is the project's."""
    (clone.project / "ccpin").write_text("#!/bin/sh\ntouch ran\n")
    (clone.project / "ccpin").chmod(0o755)
    for path in (f".:{clone.env['PATH']}", f":{clone.env['PATH']}"):
        done = arrive(clone, PATH=path).failed(1)
        assert "nothing here says where it comes from" in done.err
    assert not (clone.project / "ran").exists()
