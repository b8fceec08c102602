"""A machine that can be put back to where a scene begins, any number of times, and looked over for what is amiss."""

from __future__ import annotations

import collections
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ccpin.store.receipt import changes, read_install
from tests.crash.forks import Forks
from tests.fakes.box import Box, Completed

_PARTS = ("home", "project", "ccpin home", "tmp")
_LEFT = re.compile(r"\.ccpin-draft$|\.draft$|/\.staging-|\.ccpin-|-old$|\.held")
_SHORT = 2000  # bytes that are shown
_CHANGING = re.compile(r"/metadata/|/locks/|receipt\.json$")


@dataclass
class Scene:
    """One command, from one beginning. `arrange` makes that beginning; `least` is how often each of its points is
    killed at."""

    name: str
    args: tuple[str, ...]
    arrange: Callable[[Box], None]
    least: int = 1
    env: Mapping[str, str] = field(default_factory=dict)


class Machine:
    """`box` at the beginning of a scene. To be closed, as a context."""

    def __init__(self, box: Box, scene: Scene) -> None:
        self.box, self.scene = box, scene
        scene.arrange(box)
        self._saved = box.root / "saved"
        self._saved.mkdir()
        for part in _PARTS:
            if (box.root / part).exists():
                shutil.copytree(box.root / part, self._saved / part, symlinks=True)
        self._forks = Forks(box)
        self.passes = self._recorded()
        self.after = self.looks()
        self.lock_after = self.lock()
        self.reset()
        self.before = self.looks()
        self.lock_before = self.lock()

    def reset(self) -> None:
        for part in _PARTS:
            _remove(self.box.root / part)
            if (self._saved / part).exists():
                shutil.copytree(self._saved / part, self.box.root / part, symlinks=True)

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *exception: object) -> None:
        self._forks.close()

    def run(self, at: str = "", number: int = 1, act: str = "") -> Completed:
        """The scene's command; with `at` it kills itself there, or sends itself the signal `act` (`SIGTERM`)."""
        return self._forks.run(self.scene.args, self.scene.env, at=at, number=number, act=act)

    def run_other(self, args: tuple[str, ...]) -> Completed:
        """Another command here."""
        return self._forks.run(args, self.scene.env)

    def steps(self, number: int = 0, error: str = "ENOSPC") -> tuple[Completed, list[str]]:
        """The scene's command, whose nth change of a disk fails; and its changes up to there (`rename claude`)."""
        path = self.box.root / "steps"
        path.write_text("")
        done = self._forks.run(self.scene.args, self.scene.env, number=number, act=error, steps=path)
        return done, path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()

    def run_alone(self, at: str, number: int = 1) -> Completed:
        """The same as everybody runs it, and kills it: by the variable."""
        return self.box.ccpin(*self.scene.args, env={**self.scene.env, "CCPIN_CRASH_AT": f"{at} #{number}"})

    def _recorded(self) -> Mapping[str, int]:
        """Point -> how often the command passes it, when all goes well."""
        log = self.box.root / "passed"
        self._forks.run(self.scene.args, self.scene.env, log=log).ok()
        return collections.Counter(log.read_text().splitlines())

    def lock(self) -> bytes | None:
        return self.box.lock.read_bytes() if self.box.lock.exists() else None

    # --- looking

    def looks(self) -> dict[str, str]:
        """Everything on this machine, by path; what every run writes anew by its name alone."""
        found = {}
        for part in _PARTS:
            for path in sorted((self.box.root / part).rglob("*")):
                name = path.relative_to(self.box.root).as_posix()
                found[name] = "" if _CHANGING.search(name) else _what(path)
        return found

    def faults(self) -> list[str]:
        """What must never be there, not even after a kill: half an entry, a lock that is neither old nor new."""
        faults = []
        if self.lock() not in (self.lock_before, self.lock_after):
            faults.append(f"the lock is neither the old one nor the new one: {self.lock()!r}")
        for folder in Path(self.box.layout.releases).glob("*/*"):
            if folder.name.startswith(".") or folder.is_symlink():
                continue
            found = read_install(str(folder))
            said = changes(found, deep=True) if found else ["it has no receipt"]
            faults += [f"{folder.name}: {fault}" for fault in said]
        for name in ("setup.json",):
            path = self.box.ccpin_home / name
            if path.exists():
                json.loads(path.read_text())
        return faults

    def leftovers(self) -> list[str]:
        """What a killed process left."""
        return [name for name in self.looks() if _LEFT.search(name)]

    def differences(self) -> list[str]:
        """What is not as after an undisturbed run."""
        found = self.looks()
        names = sorted({*found, *self.after})
        return [
            f"{name}: {found.get(name)} instead of {self.after.get(name)}"
            for name in names
            if found.get(name) != self.after.get(name)
        ]


def _what(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    mode = f"{path.stat().st_mode & 0o7777:o}"
    if path.is_dir():
        return f"{mode} folder"
    data = path.read_bytes()
    return f"{mode} {data!r}" if len(data) < _SHORT else f"{mode} {hashlib.sha256(data).hexdigest()}"


def _remove(path: Path) -> None:
    for folder, _, _ in os.walk(path):
        os.chmod(folder, 0o700)
    shutil.rmtree(path, ignore_errors=True)
