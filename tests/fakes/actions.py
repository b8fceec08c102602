"""What runs the steps of a composite action, as GitHub's runner does: expressions, outputs, PATH, and a cache."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.fakes.pythons import REPOSITORY

ACTION = REPOSITORY / "action.yml"


class Job:
    """One job on one machine. `ran` holds the names of the steps; `cache` outlives the job."""

    def __init__(self, root: Path, env: Mapping[str, str], workspace: Path, action: Path, cache: Path) -> None:
        self.workspace, self.cache, self.ran = workspace, cache, list[str]()
        self.env = {**env, "GITHUB_ACTION_PATH": str(action)}
        self.files = {name: root / name.lower() for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_ENV")}
        self._saved: list[tuple[Path, Path]] = []
        self._outputs: dict[str, dict[str, str]] = {}
        self._inputs: dict[str, str] = {}

    def use(self, **inputs: str) -> dict[str, str]:
        """Runs the action's steps in order; its outputs. Fails the test where a step fails."""
        action: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
        self._inputs = {name: inputs.get(name, said.get("default", "")) for name, said in action["inputs"].items()}
        for step in action["runs"]["steps"]:
            self._run(step)
        return {name: self._filled(said["value"]) for name, said in action["outputs"].items()}

    def end(self) -> None:
        """What `actions/cache` does behind the last step: keeps what was not there, in the order of its own `tar`."""
        for archive, path in self._saved:
            subprocess.run(["tar", "--posix", "-cf", archive, "-P", "-C", self.workspace, path], check=True)

    def _run(self, step: dict[str, Any]) -> None:
        if not self._is_wanted(step.get("if")):
            self._outputs[step["id"]] = {}
            return
        self.ran.append(step["name"])
        if uses := step.get("uses"):
            assert uses.partition("@")[0] == "actions/cache"
            given = {name: self._filled(value) for name, value in step["with"].items()}
            self._outputs[step["id"]] = {"cache-hit": self._restore(given["key"], Path(given["path"]))}
            return
        for file in self.files.values():
            file.write_text("")
        assert step["shell"] == "bash"
        env = {name: self._filled(value) for name, value in step.get("env", {}).items()}
        said = {name: str(path) for name, path in self.files.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env={**self.env, **env, **said},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{step['name']}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        self._outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        for folder in self.files["GITHUB_PATH"].read_text().splitlines():
            self.env["PATH"] = folder + os.pathsep + self.env["PATH"]

    def _is_wanted(self, condition: str | None) -> bool:
        if condition is None:
            return True
        found = re.fullmatch(r"(\S+) == '(\w+)'", condition)
        assert found, condition
        return self._value(found[1].split(".")) == found[2]

    def _restore(self, key: str, path: Path) -> str:
        archive = self.cache / f"{key}.tar"
        if archive.exists():
            subprocess.run(["tar", "-xf", archive, "-P", "-C", self.workspace], check=True)
            return "true"
        self._saved.append((archive, path))
        return "false"

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: self._value(found[1].split(".")), text)

    def _value(self, words: list[str]) -> str:
        match words:
            case ["inputs", name]:
                return self._inputs[name]
            case ["steps", step, "outputs", name]:
                return self._outputs[step].get(name, "")
            case ["runner", name]:
                return {"os": "Linux", "arch": "X64"}[name]
        raise AssertionError(f"no such expression: {'.'.join(words)}")
