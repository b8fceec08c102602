"""action.yml, .pre-commit-hooks.yaml and the dev container's feature: their forms, and the steps of the action run."""

from __future__ import annotations

import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from ccpin import __version__
from tests.cli.arrange import ccpin, empty_store, pin
from tests.fakes import pythons, wheel
from tests.fakes.actions import ACTION, Job
from tests.fakes.box import Box
from tests.fakes.pythons import REPOSITORY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the steps are scripts of bash")

TEMPLATES = REPOSITORY / "ccpin" / "onboarding" / "templates"
FEATURE = REPOSITORY / "devcontainer-feature"
STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
FEATURE_SCHEMA = {
    "type": "object",
    "required": ["id", "version"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "id": {"pattern": "^[a-z][a-z0-9-]*$"},
        "version": {"pattern": r"^\d+\.\d+\.\d+$"},
        "containerEnv": STRINGS,
        "customizations": {"type": "object"},
        "installsAfter": {"type": "array", "items": {"type": "string"}},
        "options": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["type", "default"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": "string"},
                    "default": {"type": "string"},
                    "description": {"type": "string"},
                    "proposals": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "postCreateCommand": {"type": ["string", "array", "object"]},
    },
}
"""What of the Dev Container specification's properties of a feature may be used here."""


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", ACTION),
        ("vendor.github-workflows", TEMPLATES / "workflow.yml"),
        ("custom.github-workflows-require-timeout", TEMPLATES / "workflow.yml"),
        ("vendor.renovate", TEMPLATES / "renovate.json"),
    ],
    ids=["action", "workflow", "timeout", "renovate"],
)
def test_the_forms_are_those_of_who_reads_them(schema: str, file: Path) -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("verb", "file"),
    [
        ("validate-manifest", REPOSITORY / ".pre-commit-hooks.yaml"),
        ("validate-config", TEMPLATES / "pre-commit-config.yaml"),
    ],
)
def test_pre_commit_reads_both(verb: str, file: Path, tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "pre_commit", verb, file], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_feature_is_one() -> None:
    feature = json.loads((FEATURE / "devcontainer-feature.json").read_text())
    jsonschema.validate(feature, FEATURE_SCHEMA)
    assert feature["version"] == __version__
    home = feature["containerEnv"]["CCPIN_HOME"]
    assert feature["containerEnv"]["PATH"] == f"{home}/shims:{home}/bin:${{PATH}}"
    assert feature["customizations"]["vscode"]["settings"] == {
        "claudeCode.claudeProcessWrapper": f"{home}/shims/claude-editor"
    }
    assert f"home=${{CCPIN_HOME:-{home}}}" in (FEATURE / "install.sh").read_text()


@pytest.mark.parametrize("entry", ["hooks", "template"])
def test_the_hooks_entry_tells_a_good_lock_from_a_bad_one(box: Box, entry: str) -> None:
    pin(box)
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    config = yaml.safe_load((TEMPLATES / "pre-commit-config.yaml").read_text())
    (hook,) = hooks if entry == "hooks" else config["repos"][0]["hooks"]
    assert re.search(hook["files"], ".ccpin.lock")
    program, *words = shlex.split(hook["entry"])
    assert program == "ccpin"
    ccpin(box, *words).ok()
    box.lock.write_text(box.lock.read_text().replace('version = "2.0.14"', 'version = "2.0.15"'))
    ccpin(box, *words).failed()


@pytest.fixture
def job(box: Box) -> Job:
    """A runner that has nothing of ccpin's yet, and a repository with a lock in a folder of it."""
    pin(box, "2.1.330", folder=box.folder("sub"))
    empty_store(box)
    shutil.rmtree(box.ccpin_home)
    return new_job(box)


def new_job(box: Box) -> Job:
    """The action's checkout holds an install.sh that does what the real one does for the venv, without an index."""
    action, cache = box.root / "action", box.root / "cache"
    for folder in (action, cache):
        folder.mkdir(exist_ok=True)
    program = f'#!/bin/sh\nexec {shlex.join(box.ccpin_argv())} "$@"\n'
    (action / "install.sh").write_text(
        'test "$CCPIN_INSTALLER$CCPIN_NO_SETUP" = venv1 || exit 9\n'
        f'mkdir -p "$CCPIN_HOME/bin"\nprintf %s {shlex.quote(program)} >"$CCPIN_HOME/bin/ccpin"\n'
        'chmod +x "$CCPIN_HOME/bin/ccpin"\nexec "$CCPIN_HOME/bin/ccpin" "$@"\n'
    )
    return Job(box.root, box.env, box.project, action, cache)


def test_the_action_pins_claude_for_later_steps(box: Box, job: Job) -> None:
    found = job.use(folder="sub")
    assert found["version"] == "2.1.330"
    assert found["claude"] == box.layout.shim()
    assert found["cache-hit"] == "false"
    assert f'digest = "sha256:{found["digest"]}"' in (box.project / "sub" / ".ccpin.lock").read_text()
    later = box.run(["sh", "-c", "command -v claude; command -v ccpin"], env={"PATH": job.env["PATH"]}).ok()
    assert later.out.splitlines() == [box.layout.shim(), str(box.ccpin_home / "bin" / "ccpin")]
    assert not list(box.home.iterdir())


def test_the_next_job_takes_it_out_of_the_cache(box: Box, job: Job) -> None:
    job.use(folder="sub")
    job.end()
    empty_store(box)
    shutil.rmtree(box.ccpin_home)
    box.env["CCPIN_NPM_REGISTRY"] = "http://127.0.0.1:9/"  # nothing is fetched
    found = new_job(box).use(folder="sub")
    assert (found["version"], found["cache-hit"]) == ("2.1.330", "true")
    assert len(box.entries()) == 1


def test_a_cache_that_was_tampered_with_is_not_run(box: Box, job: Job) -> None:
    job.use(folder="sub")
    executable = Path(box.layout.releases, box.entries()[0], "claude")
    before = os.stat(executable)
    executable.parent.chmod(0o755)
    executable.chmod(0o755)
    data = executable.read_bytes()
    executable.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(executable, ns=(before.st_atime_ns, before.st_mtime_ns))
    executable.chmod(before.st_mode & 0o777)
    job.end()
    empty_store(box)
    with pytest.raises(AssertionError, match=r"Install the release: 1\n"):
        new_job(box).use(folder="sub")


def test_what_the_lock_cannot_tell_from_other_bytes_is_not_cached(box: Box) -> None:
    """A JavaScript release's lock holds the digest of the tarball: of what was unpacked, a cache could say anything."""
    pin(box, "2.0.14", folder=box.folder("sub"))
    empty_store(box)
    shutil.rmtree(box.ccpin_home)
    job = new_job(box)
    found = job.use(folder="sub")
    assert (found["version"], found["cache-hit"]) == ("2.0.14", "")
    assert "Restore the release" not in job.ran
    job.end()
    assert not list((box.root / "cache").iterdir())


def test_without_a_lock_the_action_says_so(box: Box, job: Job) -> None:
    with pytest.raises(AssertionError, match=r"Install ccpin: \d"):
        job.use()


def test_a_folder_is_no_option(box: Box, job: Job) -> None:
    """`sed -e…` would be a program of sed's, which may start others."""
    (box.project / "sub").rename(box.project / "-e1e touch ran;#")
    assert job.use(folder="-e1e touch ran;#")["version"] == "2.1.330"
    assert not list(box.root.rglob("ran"))


@pytest.fixture
def image(tmp_path: Path) -> dict[str, str]:
    """What a build of an image gives the feature: a folder with it and a wheel, root's environment, no network."""
    folder = tmp_path / "it's feature"
    shutil.copytree(FEATURE, folder)
    wheel.build(folder)
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    pythons.stand_in(python)
    user = pwd.getpwuid(os.getuid()).pw_name
    home = {"HOME": str(tmp_path), "CCPIN_HOME": str(tmp_path / "usr local" / "ccpin"), "_REMOTE_USER": user}
    return {**home, "PATH": f"{python.parent}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "FOLDER": str(folder)}


def build(image: dict[str, str], **env: str) -> subprocess.CompletedProcess[str]:
    argv = ["sh", f"{image['FOLDER']}/install.sh"]
    return subprocess.run(argv, env={**image, **env}, cwd="/", capture_output=True, text=True, check=False)


def test_the_feature_installs_ccpin_and_the_shims(box: Box, image: dict[str, str]) -> None:
    done = build(image)
    assert done.returncode == 0, done.stderr
    home = image["CCPIN_HOME"]
    assert sorted(os.listdir(f"{home}/shims")) == ["claude", "claude-editor"]
    assert not list(Path(image["HOME"]).glob(".*rc"))  # no shell's file
    pin(box, "2.1.330")
    path = f"{home}/shims:{home}/bin:{box.env['PATH']}"
    there = {"CCPIN_HOME": home, "PATH": path}
    feature = json.loads((FEATURE / "devcontainer-feature.json").read_text())
    box.run(["sh", "-c", feature["postCreateCommand"]], env=there).ok()
    assert box.run(["claude", "--version"], env=there).ok().out == "2.1.330 (Claude Code)\n"
    bundled = box.bin / "node"  # any program
    assert box.run([f"{home}/shims/claude-editor", bundled, "-p"], env=there).ok().json["version"] == "2.1.330"


def test_the_feature_is_content_without_a_lock(box: Box) -> None:
    feature = json.loads((FEATURE / "devcontainer-feature.json").read_text())
    box.run(["sh", "-c", feature["postCreateCommand"]]).ok()


def test_the_feature_says_what_it_lacks(image: dict[str, str]) -> None:
    (wheel_file,) = Path(image["FOLDER"]).glob("*.whl")
    wheel_file.unlink()
    done = build(image)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing says where ccpin comes from" in done.stderr
    assert not os.path.exists(image["CCPIN_HOME"])


@pytest.mark.parametrize("script", ["devcontainer-feature/install.sh"])
def test_shellcheck(script: str) -> None:
    program = shutil.which("shellcheck")
    if not program:
        assert not os.environ.get("CI")
        pytest.skip("no shellcheck here")
    done = subprocess.run([program, REPOSITORY / script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
