"""The Agent SDKs, as docs/editors.md tells to use them: which release they start then, and which flags it gets."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.wire.capture import Capture, Request
from ccpin.wire.run import run
from tests.docs.pages import read
from tests.fakes.pythons import with_ccpin
from tests.live.machine import NATIVE, Environment, User, reaching, require
from tests.live.machine import run as command
from tests.live.releases import pinned

pytestmark = pytest.mark.live

PYTHON_SDK, NODE_SDK = "0.2.187", "0.3.330"
BETAS = {"--shim": 3, "": 9}
"""How many 2.1.330 sends: with the flags of `strict`, and with none."""


snippet = read("docs/editors.md").code
"""The block below `<!-- test: name -->`."""


@pytest.fixture
def python_sdk(cache: Path, env: Environment) -> list[str]:
    """A Python with the SDK, kept between runs."""
    folder = cache / f"sdk-python-{PYTHON_SDK}-{sys.version_info.minor}"
    done = folder / "done"
    if not done.exists():
        around = reaching(env, PATH=env["PATH"], HOME=env["HOME"])
        command([sys.executable, "-m", "venv", "--clear", folder], cache, around).ok()
        pip: list[str | Path] = [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            f"claude-agent-sdk=={PYTHON_SDK}",
        ]
        command(pip, cache, around, timeout=600).ok()
        done.touch()
    return [str(folder / "bin" / "python")]


@pytest.fixture
def node_sdk(cache: Path, env: Environment) -> Path:
    """A folder with the SDK in its `node_modules`, kept between runs."""
    folder = cache / f"sdk-node-{NODE_SDK}"
    done = folder / "done"
    if not done.exists():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text("{}")
        npm: list[str | Path] = [
            require("npm", env),
            "install",
            "--omit=optional",
            f"@anthropic-ai/claude-agent-sdk@{NODE_SDK}",
        ]
        command(npm, folder, reaching(env, PATH=env["PATH"], HOME=env["HOME"]), timeout=600).ok()
        done.touch()
    return folder


def talk(user: User, project: Path, argv: list[str]) -> Capture:
    """Runs a script that talks to the loopback API through an SDK, with `ccpin` on its PATH."""
    script = user.tools / "ccpin"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(with_ccpin())} -m ccpin "$@"\n')
    script.chmod(0o755)
    env = {"CCPIN_HOME": str(user.ccpin_home), "PATH": f"{user.tools}:/usr/bin:/bin"}
    return run(argv, mode="gateway", env=env, cwd=str(project))


def asked(capture: Capture) -> Request:
    assert capture.exit_code == 0, capture.stderr
    assert capture.stdout == "ok\n"
    return capture.main("hi")


@pytest.mark.parametrize("option", BETAS)
def test_python(user: User, tmp_path: Path, python_sdk: list[str], option: str, note: Callable[[str], None]) -> None:
    project = pinned(user, NATIVE, "strict")
    script = tmp_path / "talk.py"
    script.write_text(snippet("sdk-python").replace(', "--shim"', f', "{option}"' if option else ""))
    found = asked(talk(user, project, [*python_sdk, str(script)]))
    assert f"claude-cli/{NATIVE} " in found.headers["user-agent"]
    assert len(found.betas) == BETAS[option]
    note(f"claude-agent-sdk {PYTHON_SDK} (Python) on `ccpin which {option}`: {len(found.betas)} betas")


@pytest.mark.parametrize("option", BETAS)
def test_typescript(user: User, tmp_path: Path, node_sdk: Path, option: str, note: Callable[[str], None]) -> None:
    project = pinned(user, NATIVE, "strict")
    (tmp_path / "node_modules").symlink_to(node_sdk / "node_modules")
    script = tmp_path / "talk.mjs"
    script.write_text(snippet("sdk-typescript").replace(', "--shim"', f', "{option}"' if option else ""))
    found = asked(talk(user, project, [str(user.tools / "node"), str(script)]))
    assert f"claude-cli/{NATIVE} " in found.headers["user-agent"]
    assert len(found.betas) == BETAS[option]
    note(f"claude-agent-sdk {NODE_SDK} (TypeScript) on `ccpin which {option}`: {len(found.betas)} betas")
