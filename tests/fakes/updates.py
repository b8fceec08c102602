"""What Claude Code's updaters look for, all of it ours: servers and an npm that offer another release, and a home
with the launchers of three earlier installations, which an update changes.

scene = Scene(tmp_path / "bare", real_path)
capture = scene.run(["/path/of/claude"], "update")
assert scene.effects() == {"native installed"}
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ccpin import platforms
from ccpin.paths import LOCK_NAME
from ccpin.wire.answers import Answer
from ccpin.wire.capture import Capture
from ccpin.wire.loopback import Api
from ccpin.wire.run import DUMMY_KEY, run
from tests.fakes import terminal

OFFERED = "9.0.0"
BACKGROUND = "background check"
"""Not a command but what happens in a session: it sits in a terminal, and nobody types."""

HOSTS = ("downloads.claude.ai", "storage.googleapis.com")
_BASES = (
    "/claude-code-releases",  # 2.1.200 and later
    "/claude-code-dist-86c565f3-f756-42ad-8dfa-d59b1c096819/claude-code-releases",  # before
)
_EXECUTABLE = f'#!/bin/sh\necho "{OFFERED} (Claude Code)"\n'.encode()  # no release looks at more than the digest
_OLD, _NEW = "#!/bin/sh\necho old\n", f"#!/bin/sh\necho {OFFERED}\n"
_ALIAS = "alias claude={}\n"
_LIFE = 90  # seconds of a session that nobody ends
_DIGESTED = 1 << 20  # bytes

_NPM = """#!/bin/sh
echo "$*" >>{log}
case "$*" in
  view*) echo {version} ;;
  *"config get prefix") echo {prefix} ;;
  "root -g") echo {prefix}/lib/node_modules ;;
  "uninstall -g @anthropic-ai/claude-code") rm -f {prefix}/bin/claude ;;
  "install -g @anthropic-ai/claude-code"*) cp {new} {prefix}/bin/claude ;;
  "install @anthropic-ai/claude-code"*) cp {new} node_modules/.bin/claude ;;
  *) exit 1 ;;
esac
"""


def channel() -> dict[str, Answer]:
    """A release by path, as the native channel has them: pointers, a manifest whose digests are right, executables.

    There are no signatures: nobody but the makers of Claude Code can make them.
    """
    artifact = {"checksum": hashlib.sha256(_EXECUTABLE).hexdigest(), "size": len(_EXECUTABLE)}
    offered = {name: {"binary": "claude", **artifact} for name in platforms.ALL}
    manifest = json.dumps({"version": OFFERED, "platforms": offered}).encode()
    found: dict[str, Answer] = {}
    for base in _BASES:
        found |= dict.fromkeys((f"{base}/latest", f"{base}/stable"), Answer(200, OFFERED.encode(), "text/plain"))
        found[f"{base}/{OFFERED}/manifest.json"] = Answer(200, manifest)
        for name in platforms.ALL:
            found[f"{base}/{OFFERED}/{name}/claude"] = Answer(200, _EXECUTABLE, "application/octet-stream")
    return found


def asked_of_channel(capture: Capture) -> list[str]:
    """The paths below the folder of releases, without those of plugins, which lie there too."""
    paths = [request.path for request in capture.requests if request.host in HOSTS and request.path.startswith(_BASES)]
    below = [path.rpartition("/claude-code-releases/")[2] for path in paths]
    return [path for path in below if not path.startswith("plugins/")]


def footprint(*roots: str | Path) -> dict[str, str]:
    """What is there, in a form that two moments can be compared by: large files by inode and time, not by bytes."""
    paths = (path for root in map(Path, roots) for path in (root, *root.rglob("*")))
    return {str(path): _what(path) for path in sorted(paths)}


def _what(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if not path.exists():
        return "nothing"
    status = path.stat()
    if path.is_dir():
        return f"{status.st_mode:o} folder"
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if status.st_size < _DIGESTED else status.st_ino
    return f"{status.st_mode:o} {status.st_size} {status.st_mtime_ns} {digest}"


class Scene:
    """A home, a project, and a PATH with a recording npm first on it. `shims` is a folder to put before all."""

    def __init__(self, root: Path, real_path: str, shims: str = "") -> None:
        self.root = root.resolve()
        self.home, self.project, self.prefix = (self.root / name for name in ("home", "project", "prefix"))
        self.lock = self.project / LOCK_NAME
        self.bin, self.tools, self._log = self.root / "bin", self.root / "tools", self.root / "npm.log"
        self._enough = self.root / "enough"
        for folder in (self.home, self.project, self.bin, self.tools):
            folder.mkdir(parents=True)
        for name in ("node", "sh", "cp", "rm", "which", "git"):
            if found := shutil.which(name, path=real_path):
                (self.tools / name).symlink_to(found)
        self._npm()
        self._earlier_installations()
        self._state()
        folders = (shims, self.bin, self.prefix / "bin", self.home / ".local/bin", self.tools)
        self.path = os.pathsep.join(str(folder) for folder in folders if folder)

    def run(
        self,
        command: Sequence[str],
        way: str,
        *,
        env: Mapping[str, str] = MappingProxyType({}),
        flags: Mapping[str, Any] | None = None,
    ) -> Capture:
        """Starts `command` in the project to update itself in some way; `flags` as for `Api`.

        In the background way, until `end` is called.
        """
        argv = [*command, way]
        if way == BACKGROUND:
            argv = [sys.executable, "-I", terminal.__file__, str(self._enough), str(_LIFE), *command]
        return run(
            argv,
            mode="first-party",
            api=Api(flags=flags, others=channel()),
            env={"PATH": self.path, **env},
            home=str(self.home),
            cwd=str(self.project),
            timeout=_LIFE + 30,
            hosts=HOSTS,
        )

    def end(self) -> None:
        """Ends the session."""
        self._enough.touch()

    # --- looking

    @property
    def npm_calls(self) -> list[str]:
        """The arguments of each call, in order."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def launchers(self) -> dict[str, str]:
        """All that can make `claude` mean something else: the folders on PATH, the installations, the aliases."""
        below_home = (".local", ".claude/local", ".bashrc", ".zshrc", ".profile")
        return footprint(self.bin, self.tools, self.prefix, *(self.home / name for name in below_home))

    def effects(self) -> set[str]:
        """What has become of the three installations and the alias, in words; empty when all is as it was."""
        places = {"native": self._native, "local": self._local, "global": self._global}
        words = {f"{name} removed" for name, path in places.items() if not path.exists()}
        words |= {f"{name} installed" for name, path in places.items() if path.exists() and OFFERED in path.read_text()}
        return words | (set() if "alias" in (self.home / ".bashrc").read_text() else {"alias removed"})

    # --- making

    def _npm(self) -> None:
        new = self.root / "new"
        _program(new, _NEW)
        names = {"log": self._log, "prefix": self.prefix, "new": new, "version": OFFERED}
        _program(self.bin / "npm", _NPM.format(**{name: shlex.quote(str(value)) for name, value in names.items()}))

    def _earlier_installations(self) -> None:
        local, version = self.home / ".claude/local", self.home / ".local/share/claude/versions/1.0.30"
        self._native, self._global = self.home / ".local/bin/claude", self.prefix / "bin/claude"
        self._local = local / "node_modules/.bin/claude"
        for path in (version, self._global, self._local, local / "claude"):
            _program(path, _OLD)
        (local / "package.json").write_text("{}")
        self._native.parent.mkdir()
        self._native.symlink_to(version)
        (self.home / ".bashrc").write_text(_ALIAS.format(local / "claude"))

    def _state(self) -> None:
        """The state of somebody who has answered all questions of a first session."""
        lists = ("allowedTools", "history", "mcpContextUris", "enabledMcpjsonServers", "disabledMcpjsonServers")
        project = {
            "hasTrustDialogAccepted": True,
            "hasCompletedProjectOnboarding": True,
            "mcpServers": {},
            **{name: [] for name in lists},  # 1.0.51 ends where one is missing
        }
        state = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "numStartups": 5,
            "customApiKeyResponses": {"approved": [DUMMY_KEY[-20:]], "rejected": []},
            "projects": {str(self.project): project},
        }
        (self.home / ".claude.json").write_text(json.dumps(state))


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
