"""The files of `shims/` as such."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from ccpin.launching.environment import EVIDENCE
from ccpin.launching.shims import render_cmd, render_ps1
from tests.shims.world import SHIMS, require


@pytest.mark.parametrize("name", ["claude", "claude-editor"])
def test_shellcheck_is_content(name: str) -> None:
    run = subprocess.run([require("shellcheck"), "-s", "sh", SHIMS / name], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")


def test_the_sh_shim_uses_no_variable_but_its_own() -> None:
    code = re.sub(r"(?m)(?:^|\s)#.*$", "", (SHIMS / "claude").read_text())
    assigned = set(re.findall(r"(?m)(?:^|[\s;{(])([A-Za-z_]\w*)=", code)) | set(re.findall(r"\bfor (\w+)", code))
    told = {"CCPIN_LOOP", "CCPIN_SET", *EVIDENCE}
    assert {name for name in assigned if not name.startswith("ccpin_")} == {"IFS", "PWD", "OLDPWD", *told}
    assert {name for name in re.findall(r"(?m)^(\w+)\(\)", code) if not name.startswith("ccpin_")} == set()


@pytest.mark.parametrize("name", ["claude", "claude-editor"])
def test_the_sh_shims_are_ascii_and_executable(name: str) -> None:
    assert (SHIMS / name).read_bytes().isascii()
    assert os.access(SHIMS / name, os.X_OK)


@pytest.mark.parametrize(
    ("name", "placeholders"),
    [
        ("claude", ["ccpin_python=''\n", "ccpin_home=''\n", "ccpin_platform=''\n"]),
        ("claude-editor", ["ccpin_shim=''\n"]),
        ("claude.cmd", ['set "CCPIN_PYTHON="\n', 'set "CCPIN_SHIM_HOME="\n']),
        ("claude.ps1", ["$ccpinPython = ''\n", "$ccpinHome = ''\n"]),
    ],
)
def test_what_setup_fills_in_stands_there_once(name: str, placeholders: list[str]) -> None:
    text = (SHIMS / name).read_bytes().decode("ascii").replace("\r\n", "\n")
    for placeholder in placeholders:
        assert text.count(placeholder) == 1, placeholder


def test_filled_in_the_windows_shims_hold_nothing_empty() -> None:
    python, home = "C:\\it's 100%\\python.exe", "C:\\it's 100%"
    cmd = render_cmd((SHIMS / "claude.cmd").read_text(encoding="ascii"), python=python, home=home)
    assert 'set "CCPIN_PYTHON=C:\\it\'s 100%%\\python.exe"\r\n' in cmd
    ps1 = render_ps1((SHIMS / "claude.ps1").read_text(encoding="ascii"), python=python, home=home)
    assert "$ccpinHome = 'C:\\it''s 100%'\n" in ps1


@pytest.mark.parametrize("name", ["claude.cmd", "claude.ps1"])
def test_the_windows_shims_hand_everything_over(name: str) -> None:
    text = (SHIMS / name).read_text(encoding="ascii")
    assert re.search(r"-I -m ccpin exec --home \S+ -- (?:%\*|@args)", text)
    assert "ccpin setup" in text
