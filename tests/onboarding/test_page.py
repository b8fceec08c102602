"""docs/team.md: its pieces of YAML and JSON are what their readers take, and do what the page says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.cli.arrange import empty_store, pin
from tests.docs.pages import ROOT, read
from tests.fakes.actions import ACTION
from tests.fakes.box import Box
from tests.onboarding.test_action import FEATURE, TEMPLATES, new_job

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the steps are scripts of bash")

PAGE = read("docs/team.md")


def accepted(tmp_path: Path, data: Any, *argv: str) -> None:
    """Fails the test where the program does not like it."""
    file = tmp_path / "data.yaml"
    file.write_text(yaml.safe_dump(data))
    env = {**os.environ, "HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", *argv, file], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_steps_with_the_action(box: Box, tmp_path: Path) -> None:
    action, later = steps = yaml.safe_load(PAGE.code("action"))
    job = {"runs-on": "ubuntu-latest", "steps": steps}
    accepted(
        tmp_path, {"on": "push", "jobs": {"x": job}}, "check_jsonschema", "--builtin-schema", "vendor.github-workflows"
    )
    assert set(action["with"]) <= set(yaml.safe_load(ACTION.read_text())["inputs"])
    assert ACTION == ROOT / "action.yml"  # where `OWNER/NAME@COMMIT` leads to
    assert action["uses"].partition("@")[0].count("/") == 1

    pin(box, "2.1.330")
    empty_store(box)
    shutil.rmtree(box.ccpin_home)
    runner = new_job(box)
    runner.use(**action["with"])
    done = box.run(["bash", "-c", later["run"]], env={"PATH": runner.env["PATH"]}).ok()
    assert done.out == "2.1.330 (Claude Code)\n"


def test_the_hook(tmp_path: Path) -> None:
    repositories = yaml.safe_load(PAGE.code("hook"))
    accepted(tmp_path, {"repos": repositories}, "pre_commit", "validate-config")
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in repositories[0]["hooks"]] == [hook["id"] for hook in offered]


def test_the_feature() -> None:
    """It is named by its folder beside devcontainer.json, and given options that it has."""
    ((folder, given),) = json.loads("{" + PAGE.code("feature") + "}")["features"].items()
    assert f"`.devcontainer/{folder.removeprefix('./')}`" in PAGE.prose()
    options = json.loads((FEATURE / "devcontainer-feature.json").read_text())["options"]
    jsonschema.validate(given, {"properties": {name: {"type": options[name]["type"]} for name in options}})
    assert given
    assert set(given) <= set(options)


def test_renovates_command() -> None:
    shown = json.loads("{" + PAGE.code("renovate") + "}")
    (rule,) = json.loads((TEMPLATES / "renovate.json").read_text())["packageRules"]
    written = rule["postUpgradeTasks"]
    assert shown == {"postUpgradeTasks": {name: written[name] for name in ("commands", "fileFilters")}}
