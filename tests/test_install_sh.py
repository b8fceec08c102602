"""install.sh, run for real. Everyday: a small checkout with a build backend of its own, so that pip needs no index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INSTALL = ROOT / "install.sh"
SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"], ["ksh"], ["mksh"]]

BACKEND = """\
import pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name, info = "ccpin-0.1.0-py3-none-any.whl", "ccpin-0.1.0.dist-info"
    files = {f"ccpin/{path.name}": path.read_text() for path in pathlib.Path("ccpin").glob("*.py")}
    files[f"{info}/METADATA"] = "Metadata-Version: 2.1\\nName: ccpin\\nVersion: 0.1.0\\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/entry_points.txt"] = "[console_scripts]\\nccpin = ccpin.__main__:main\\n"
    files[f"{info}/RECORD"] = "".join(f"{file},,\\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return name
"""
MAIN = """\
import os, sys

def main():
    if sys.argv[1:] == ["setup"]:
        print(os.environ.get("SETUP_SAYS", "unchanged    /a"))
        sys.exit(int(os.environ.get("SETUP_EXITS", "0")))
    print("ran", sys.argv[0], sys.argv[1:], os.getcwd())
    sys.exit(7)
"""
# Stand-ins that keep to what install.sh asks of the real ones; they note what they were asked to install.
UV = """\
#!/bin/sh
case $* in
    --version) ;;
    'tool dir --bin') echo "$HOME/.local/bin" ;;
    'tool dir') echo "$HOME/tools" ;;
    'tool install '*) echo "$*" >>"$HOME/asked"; test -z "${BROKEN-}" || { echo "uv: no luck" >&2; exit 2; }; fill ;;
    *) exit 64 ;;
esac
"""
PIPX = """\
#!/bin/sh
case $* in
    --version) ;;
    'environment --value PIPX_BIN_DIR') echo "$HOME/.local/bin" ;;
    'environment --value PIPX_LOCAL_VENVS') echo "$HOME/tools" ;;
    'install '*) echo "$*" >>"$HOME/asked"; fill ;;
    *) exit 64 ;;
esac
"""
FILL = """\
#!/bin/sh
mkdir -p "$HOME/tools/ccpin/bin" "$HOME/.local/bin"
printf '#!/bin/sh\\necho record %s\\n' "$(wc -l <"$HOME/asked")" >"$HOME/tools/ccpin/bin/python"
printf '#!/bin/sh\\necho "tool $*"\\n' >"$HOME/.local/bin/ccpin"
chmod +x "$HOME/tools/ccpin/bin/python" "$HOME/.local/bin/ccpin"
"""


class Machine:
    """A user's home, a checkout, and a PATH that holds nothing but what is put there."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home of it's user"
        self.tools = root / "tools"
        self.checkout = root / "check [out] ü"
        self.folder = root / "project"
        for folder in (self.home, self.tools, self.folder):
            folder.mkdir()
        for name in ("cat", "chmod", "ln", "mkdir", "printf", "rm", "sed", "sh", "tail", "touch", "wc"):
            (self.tools / name).symlink_to(str(shutil.which(name)))
        self.tool("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        self.tool("fill", FILL)
        self.env = {"HOME": str(self.home), "PATH": str(self.tools), "PIP_NO_INDEX": "1"}
        self.fill_checkout()

    def fill_checkout(self) -> None:
        package = self.checkout / "ccpin"
        package.mkdir(parents=True)
        (self.checkout / "shims").mkdir()
        shutil.copy(INSTALL, self.checkout)
        for module in ("paths.py", "errors.py"):
            shutil.copy(ROOT / "ccpin" / module, package)
        (package / "__init__.py").write_text('__version__ = "0.1.0"\n')
        (package / "__main__.py").write_text(MAIN)
        (self.checkout / "backend.py").write_text(BACKEND)
        (self.checkout / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )

    def tool(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def install(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.install_in(["sh"], *args, **env)

    def install_in(self, shell: list[str], *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(shutil.which(shell[0])), *shell[1:], self.checkout / "install.sh", *args],
            env={**self.env, **env},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )

    def asked(self) -> list[str]:
        """What uv or pipx was asked to install."""
        file = self.home / "asked"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def data(self) -> Path:
        return self.home / ".local" / "share" / "ccpin"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_shellcheck() -> None:
    if not shutil.which("shellcheck"):
        if os.environ.get("CI"):
            pytest.fail("CI must have shellcheck")
        pytest.skip("no shellcheck here")
    done = subprocess.run(["shellcheck", INSTALL], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_every_shell_understands_it(machine: Machine, shell: list[str]) -> None:
    if not shutil.which(shell[0]):
        pytest.skip(f"no {shell[0]} here")
    machine.tool("uv", UV)
    first = machine.install_in(shell, "use", "2.0.14")
    assert (first.returncode, first.stdout) == (0, "tool use 2.0.14\n")
    assert first.stderr == "ccpin: installing 0.1.0 with uv\ntool setup\n"
    again = machine.install_in(shell, "a b", "", "*")
    assert (again.stdout, len(machine.asked())) == ("tool a b  *\n", 1)


def test_help(machine: Machine) -> None:
    for flag in ("-h", "--help"):
        done = machine.install(flag, PATH="/nowhere")
        assert done.returncode == 0
        assert "sh install.sh use 2.0.14" in done.stdout
        assert "CCPIN_INSTALLER" in done.stdout


@pytest.mark.live  # no network, but a real venv and a real pip take their time
def test_a_private_environment_from_pip_to_exec(machine: Machine) -> None:
    """The longest way, with the real venv and pip: about three seconds, so one test walks it all."""
    hostile = {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere", "PIP_USER": "1", "PIP_TARGET": str(machine.folder)}
    machine.env["PYTHONDONTWRITEBYTECODE"] = "1"  # hatchling imports nothing from the checkout; this backend is in it
    before = snapshot(machine.checkout)
    done = machine.install("use", "it's", "", **hostile, SETUP_SAYS="written      /a\nunchanged    /b")
    ccpin = machine.data / "bin" / "ccpin"
    assert done.stdout == f"ran {ccpin} {['use', 'it' + chr(39) + 's', '']} {machine.folder}\n"
    assert done.stderr == "ccpin: installing 0.1.0 with venv\nwritten      /a\n"
    assert done.returncode == 7
    assert snapshot(machine.checkout) == before, "litter in the checkout"
    assert os.listdir(machine.folder) == []

    def age() -> int:
        return (machine.data / "venv" / ".installed-from").stat().st_mtime_ns

    installed = age()
    again = machine.install()
    assert (again.returncode, again.stdout, age()) == (0, "", installed)
    assert re.fullmatch(r"ccpin: 0\.1\.0 is installed, as .*/ccpin/bin/ccpin\n", again.stderr)
    assert machine.install(PATH=f"{ccpin.parent}:{machine.tools}").stderr == again.stderr

    failing = machine.install(SETUP_SAYS="left alone   /a", SETUP_EXITS="1")
    assert (failing.returncode, age()) == (1, installed)
    assert "left alone   /a" in failing.stderr
    assert "left alone" not in machine.install(SETUP_SAYS="left alone   /a", CCPIN_NO_SETUP="1").stderr

    (machine.checkout / "ccpin" / "__main__.py").write_text(MAIN.replace('"ran"', '"newer"'))
    machine.tool("uv", UV)  # which came later: there is an environment, and it is kept up to date
    assert machine.install("x").stdout.startswith("newer ")
    assert age() != installed

    shutil.rmtree(machine.data / "venv" / "bin")  # as when the Python under it was removed
    assert machine.install("x").stdout.startswith("newer ")

    assert machine.install("x", CCPIN_INSTALLER="uv").stdout == "tool x\n"
    assert not (machine.data / "venv").exists()  # else its ccpin would go first on PATH
    assert not ccpin.exists()


def test_pipx_is_next_to_uv(machine: Machine) -> None:
    machine.tool("pipx", PIPX)
    assert machine.install("x").stdout == "tool x\n"
    (asked,) = machine.asked()
    assert asked.startswith("install --force --python ")
    assert asked.endswith(f"ccpin @ file://{machine.checkout.parent}/check%20%5Bout%5D%20%C3%BC")


def test_the_choice_of_the_installer(machine: Machine) -> None:
    machine.tool("uv", UV)
    machine.tool("pipx", PIPX)
    machine.install(CCPIN_INSTALLER="pipx")
    assert machine.asked()[-1].startswith("install --force")
    done = machine.install(CCPIN_INSTALLER="conda")
    assert (done.returncode, done.stderr) == (1, "ccpin: CCPIN_INSTALLER is one of uv, pipx, venv\n")


def test_a_changed_checkout_or_installation_is_installed_again(machine: Machine) -> None:
    machine.tool("uv", UV)
    machine.install()
    machine.install()
    assert len(machine.asked()) == 1
    (machine.checkout / "shims" / "claude").write_text("changed")
    machine.install()
    assert len(machine.asked()) == 2
    (machine.home / "tools" / "ccpin" / "bin" / "python").write_text("#!/bin/sh\necho another record\n")
    machine.install()
    assert len(machine.asked()) == 3
    (machine.home / ".local" / "bin" / "ccpin").unlink()
    machine.install()
    assert len(machine.asked()) == 4
    (machine.checkout / "ccpin" / "__pycache__").mkdir()
    (machine.checkout / "ccpin" / "__pycache__" / "x.pyc").touch()
    machine.install()
    assert len(machine.asked()) == 4


@pytest.mark.parametrize("env", [{"BROKEN": "1"}, {"CCPIN_INSTALLER": "pipx"}], ids=["fails", "missing"])
def test_a_tool_that_fails_is_named_and_an_environment_made(machine: Machine, env: dict[str, str]) -> None:
    machine.tool("uv", UV)
    (machine.data / "venv" / "mine").mkdir(parents=True)  # so that this test need not wait for pip
    done = machine.install(**env)
    lines = done.stderr.splitlines()
    assert lines[1] == f"ccpin: {env.get('CCPIN_INSTALLER', 'uv')} could not install it:"
    assert "uv: no luck" in lines[2] or "does not say where" in lines[2]
    assert lines[3] == "ccpin: so it gets an environment of its own"
    assert lines[4].startswith(f"ccpin: {machine.data}/venv is in the way: this script did not make it")
    assert done.returncode == 1
    assert (machine.data / "venv" / "mine").is_dir()


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({"CCPIN_HOME": "relative"}, "../project/relative"),
        ({"CCPIN_HOME": "~/tilde"}, "tilde"),
        ({"XDG_DATA_HOME": "/tmp/../tmp/none"}, "/tmp/../tmp/none/ccpin"),
        ({}, ".local/share/ccpin"),
    ],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the rule of another system")
def test_the_home_is_where_paths_py_says(machine: Machine, env: dict[str, str], folder: str) -> None:
    home = os.path.join(machine.home, folder)
    if "none" not in folder:
        home = os.path.normpath(home)
        (machine.folder / "relative").mkdir()
        os.makedirs(os.path.join(home, "venv", "mine"))
        assert f"ccpin: {home}/venv is in the way" in machine.install(**env).stderr
    else:
        machine.tool("uv", UV)
        machine.install(**env)
        assert machine.asked()


def test_python_is_missing_old_or_wrong(machine: Machine) -> None:
    (machine.tools / "python3").unlink()
    done = machine.install("use")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no python3 that runs, and ccpin needs 3.10 or newer" in done.stderr
    machine.tool("python3", "#!/bin/sh\necho '3.8 False'\n")
    done = machine.install("use")
    assert "python3 is Python 3.8, and ccpin needs 3.10 or newer" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    machine.tool("python3.12", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    machine.tool("uv", UV)
    assert machine.install("x").stdout == "tool x\n"  # pyenv's stand-in for python3 may refuse where another one runs
    done = machine.install("x", CCPIN_PYTHON="/nowhere/python")
    assert "there is no /nowhere/python that runs" in done.stderr
    assert "CCPIN_PYTHON must be the path" in done.stderr


def test_a_python_that_was_named_is_handed_on(machine: Machine) -> None:
    machine.tool("uv", UV)
    machine.install()
    machine.install(CCPIN_PYTHON=sys.executable)
    assert "--python" not in machine.asked()[0]
    assert f"--python {sys.executable} ccpin @ " in machine.asked()[1]


def test_debians_python_without_venv(machine: Machine) -> None:
    # Debian keeps ensurepip in a package of its own: its Python fails to import it.
    fake = machine.folder / "python"
    fake.write_text(
        f'#!/bin/sh\ncase $3 in *ensurepip*) exit 1 ;; esac\n"{sys.executable}" "$@" | '
        f"sed \"s|^python=.*|python='{machine.folder}/python'|; s/^python_version=.*/python_version=3.11/\"\n"
    )
    fake.chmod(0o755)
    done = machine.install(CCPIN_PYTHON=str(fake))
    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr


def test_alone_it_says_where_ccpin_comes_from(machine: Machine, tmp_path: Path) -> None:
    shutil.rmtree(machine.checkout / "ccpin")
    done = machine.install("use", "2.0.14")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is none around it" in done.stderr
    shutil.rmtree(machine.checkout)
    piped = subprocess.run(
        ["sh"], input=INSTALL.read_text(), env=machine.env, cwd=tmp_path, capture_output=True, text=True
    )
    assert (piped.returncode, piped.stdout) == (1, "")
    assert "git clone" in piped.stderr


def test_it_is_found_by_relative_paths_and_links(machine: Machine) -> None:
    machine.tool("uv", UV)
    (machine.folder / "link").symlink_to(machine.checkout / "install.sh")
    for path in ("link", "../check [out] ü/install.sh", "./../check [out] ü/./install.sh"):
        done = subprocess.run(["sh", path, "x"], env=machine.env, cwd=machine.folder, capture_output=True, text=True)
        assert done.stdout == "tool x\n", done.stderr
    inside = subprocess.run(
        ["sh", "install.sh", "x"], env=machine.env, cwd=machine.checkout, capture_output=True, text=True
    )
    assert inside.stdout == "tool x\n"


@pytest.mark.live
@pytest.mark.parametrize("installer", ["venv", "uv", "pipx"])
def test_this_checkout_with_the_real_tools(tmp_path: Path, installer: str) -> None:
    if installer != "venv" and not shutil.which(installer):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {installer} here")
    checkout, home = tmp_path / "check out", tmp_path / "home"
    home.mkdir()
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests")
    shutil.copytree(ROOT, checkout, ignore=ignored)
    before = snapshot(checkout)
    certificates = {
        name: value
        for name, value in os.environ.items()
        if re.search("_CERT|_CA_BUNDLE|_PROXY$|_proxy$|^(PIP|UV)_", name)
    }
    env = {**certificates, "HOME": str(home), "PATH": os.environ["PATH"], "CCPIN_INSTALLER": installer}

    def install(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", checkout / "install.sh", *args], env=env, cwd=home, capture_output=True, text=True)

    first = install("--version")
    assert first.returncode == 0, first.stderr
    assert re.fullmatch(r"ccpin \d+\.\d+\.\d+\S*\n", first.stdout)
    assert "could not" not in first.stderr
    assert snapshot(checkout) == before, "litter in the checkout"
    again = install("--version")
    assert (again.stdout, again.stderr) == (first.stdout, "")
    found = subprocess.run(["sh", "-lc", "command -v claude"], env=env, capture_output=True, text=True).stdout
    assert found.endswith("/ccpin/shims/claude\n")


def test_on_stdin_it_runs_nothing_of_the_current_folder(machine: Machine) -> None:
    """`curl … | sh` inside of a clone: what stands there is for anybody to choose."""
    package = machine.checkout / "ccpin" / "__init__.py"
    package.write_text(package.read_text() + "raise SystemExit('the folder was imported')\n")
    with (machine.checkout / "install.sh").open() as script:
        done = subprocess.run(
            ["sh"], stdin=script, env=machine.env, cwd=machine.checkout, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert "none around it" in done.stderr
    assert "imported" not in done.stderr
