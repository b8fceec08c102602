from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ccpin.errors import NotSetUp
from ccpin.launching import shims
from ccpin.launching.settings import MEASURED
from ccpin.paths import Home
from ccpin.pinning.flags import PROFILES, TABLE

POSIX = """\
#!/bin/sh
ccpin_python=''
ccpin_home=''
ccpin_platform=''
ccpin_table=''
ccpin_names=''
ccpin_unset=''
ccpin_measured=''
printf '%s|%s|%s' "$ccpin_python" "$ccpin_home" "$ccpin_platform"
"""
CMD = '@echo off\nset "CCPIN_PYTHON="\nset "CCPIN_SHIM_HOME="\n'
PS1 = "$ccpinPython = ''\n$ccpinHome = ''\n"

NASTY = ["plain", "two words", "it's", '"$HOME" `id` $(id) \\', "new\nline", "''", "*?[a]", "🦙", "\udcff", ""]


def read(name: str) -> str:
    return {"claude": POSIX, "claude-editor": "ccpin_shim=''\n", "claude.cmd": CMD, "claude.ps1": PS1}[name]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "ksh", "mksh"])
def test_a_shell_reads_back_the_values_that_were_filled_in(tmp_path: Path, shell: str, value: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    text = shims.render_posix(POSIX, python=f"/py/{value}", home=f"/home/{value}", platform="linux-x64")
    script = tmp_path / "claude"
    script.write_bytes(text.encode("utf-8", "surrogateescape"))
    out = subprocess.run([shell, script], capture_output=True, check=True).stdout
    assert out.decode("utf-8", "surrogateescape") == f"/py/{value}|/home/{value}|linux-x64"


def test_only_these_lines_change() -> None:
    text = shims.render_posix(POSIX, python="/p", home="/h", platform="darwin-arm64")
    changed = [new for old, new in zip(POSIX.split("\n"), text.split("\n"), strict=True) if old != new]
    assert changed[:3] == ["ccpin_python='/p'", "ccpin_home='/h'", "ccpin_platform='darwin-arm64'"]
    assert [line.partition("=")[0] for line in changed[3:]] == [
        "ccpin_table",
        "ccpin_names",
        "ccpin_unset",
        "ccpin_measured",
    ]


def test_the_table_in_the_shim_is_the_table() -> None:
    text = shims.render_posix(POSIX, python="/p", home="/h", platform="linux-x64")
    table, names, unset, measured = (line.partition("=")[2].strip("'") for line in text.split("\n")[4:8])
    assert names.split(" ") == sorted(TABLE)
    assert json.loads(f"{{{unset}}}") == dict.fromkeys(TABLE, "")
    assert set(measured.split()) == MEASURED
    assert table == f" {' '.join(table.split())} "  # a name is looked for between two spaces
    kinds = dict(pair.split("=") for pair in table.split())
    assert kinds.keys() == TABLE.keys()
    assert kinds["DISABLE_UPDATES"] == "1"
    assert kinds["CLAUDE_CODE_EFFORT_LEVEL"] == "low|medium|high|xhigh|max|auto"
    assert kinds["MAX_THINKING_TOKENS"] == "#0-200000"
    assert (kinds["ANTHROPIC_MODEL"], kinds["ANTHROPIC_BETAS"]) == ("@", "!")


@pytest.mark.parametrize("broken", [POSIX.replace("ccpin_home=''\n", ""), POSIX + "ccpin_home=''\n", ""])
def test_a_template_without_its_lines_is_a_bug(broken: str) -> None:
    with pytest.raises(RuntimeError, match=r"must hold the line ccpin_\w+='' once"):
        shims.render_posix(broken, python="/p", home="/h", platform="linux-x64")


def test_the_shipped_shim_takes_the_values() -> None:
    text = shims.render_posix(shims.template("claude"), python="/p'y", home="/h", platform="linux-x64")
    assert "\nccpin_python='/p'\\''y'\n" in text
    assert text.startswith("#!/bin/sh\n")


@pytest.mark.parametrize("name", ["claude.cmd", "claude.ps1"])
def test_the_shipped_windows_shims_take_the_values(name: str) -> None:
    render = shims.render_cmd if name == "claude.cmd" else shims.render_ps1
    assert "C:\\py.exe" in render(shims.template(name), python="C:\\py.exe", home="C:\\home")


def test_a_template_that_was_not_shipped_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match=r"without its shims/codex"):
        shims.template("codex")


def test_cmd_escapes_what_it_would_expand_and_has_crlf() -> None:
    text = shims.render_cmd(CMD, python=r"C:\100%PATH%\python.exe", home=r"C:\a & b")
    assert '\r\nset "CCPIN_PYTHON=C:\\100%%PATH%%\\python.exe"\r\nset "CCPIN_SHIM_HOME=C:\\a & b"\r\n' in text
    assert text.count("\n") == text.count("\r\n")


def test_powershell_takes_typographic_quotes_for_quotes() -> None:
    text = shims.render_ps1(PS1, python="C:\\O'Neil\\python.exe", home="C:\\l’été $x")
    assert text == "$ccpinPython = 'C:\\O''Neil\\python.exe'\n$ccpinHome = 'C:\\l’’été $x'\n"


def test_windows_gets_the_launcher_of_the_console_script_and_two_scripts(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "home"))
    scripts = tmp_path / "env" / "Scripts"
    scripts.mkdir(parents=True)
    (scripts / "ccpin-claude.exe").write_bytes(b"MZ launcher")
    for python in (scripts / "python.exe", scripts.parent / "python.exe"):  # a virtual environment, a plain install
        found = shims.files(home, python=str(python), platform="win32-x64", system="win32", read=read)
        assert [os.path.basename(file.path) for file in found] == ["claude.exe", "claude.cmd", "claude.ps1"]
        assert found[0].data == b"MZ launcher"
        assert str(python).encode() in found[1].data
        assert found[2].data.startswith(b"\xef\xbb\xbf$ccpinPython = '")


def test_windows_without_the_launcher_is_not_set_up(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp, match=r"no ccpin-claude\.exe beside"):
        shims.files(Home("h"), python=str(tmp_path / "python.exe"), platform="win32-x64", system="win32", read=read)


def test_a_python_that_does_not_find_ccpin_is_refused(tmp_path: Path) -> None:
    # What a user-site install or a checkout on PYTHONPATH looks like to `-I`.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python = str(tmp_path / "env" / "bin" / "python")
    with pytest.raises(NotSetUp, match=r"-I` does not find ccpin.*install\.sh, uv or pipx"):
        shims.require_python(python)
    site = next((tmp_path / "env" / "lib").glob("python*")) / "site-packages"
    (site / "ccpin.py").touch()
    assert shims.require_python(python) == python


def test_a_python_that_does_not_start_or_has_no_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp, match="does not start"):
        shims.require_python(str(tmp_path / "python"))
    with pytest.raises(NotSetUp, match="its own path"):
        shims.require_python("")


def status(home: Home, path: str, python: str = "/py") -> shims.ShimStatus:
    return shims.shim_status(home, {"PATH": path}, python=python, platform="linux-x64", system="linux", read=read)


def write(file: shims.ShimFile) -> None:
    Path(file.path).write_bytes(file.data)
    Path(file.path).chmod(file.mode)


def test_status_says_what_claude_is_and_whether_the_shim_is_ours(tmp_path: Path) -> None:
    home, other = Home(str(tmp_path / "home")), tmp_path / "other"
    other.mkdir()
    (other / "claude").write_text("#!/bin/sh\n")
    (other / "claude").chmod(0o755)
    assert status(home, "/nowhere") == shims.ShimStatus(home.shim(), None, False, False, False)

    file, editor = shims.files(home, python="/py", platform="linux-x64", system="linux", read=read)
    os.makedirs(home.shims)
    write(editor)
    Path(file.path).write_bytes(file.data)
    assert not status(home, home.shims).current  # not executable
    Path(file.path).chmod(file.mode)
    assert stat.S_IMODE(os.stat(home.shim()).st_mode) == 0o755
    assert status(home, f"{home.shims}:{other}") == shims.ShimStatus(home.shim(), home.shim(), True, True, True)

    elsewhere = status(home, f"{other}:{home.shims}")
    assert (elsewhere.resolves, elsewhere.ours) == (str(other / "claude"), False)
    (tmp_path / "link").symlink_to(home.shims)
    assert status(home, f"{tmp_path}/link").ours


def test_status_knows_a_shim_of_another_ccpin(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    os.makedirs(home.shims)
    for file in shims.files(home, python="/py", platform="linux-x64", system="linux", read=read):
        write(file)
    assert status(home, home.shims).current
    assert not status(home, home.shims, python="/another").current


def test_what_most_locks_set_is_found_first() -> None:
    """The shim looks for each flag from the table's beginning."""
    text = shims.render_posix(shims.template("claude"), python="/python", home="/home", platform="linux-x64")
    (line,) = (line for line in text.splitlines() if line.startswith("ccpin_table="))
    names = [word.partition("=")[0] for word in line.partition("'")[2].strip("' ").split()]
    assert sorted(names) == sorted(TABLE)
    for profile in ("default", "strict"):
        env = PROFILES[profile].env
        assert set(names[: len(env)]) == set(env)
