"""Where ccpin keeps things: the whole layout on disk in one place.

    <home>/                              CCPIN_HOME, else the platform's data folder
    ├── shims/claude                     what goes on PATH, and nothing else but
    │         claude-editor              what an editor's extension starts: drops the path it is given, becomes `claude`
    ├── bin/ccpin                        only when install.sh made a private environment
    ├── venv/                            that environment
    ├── env.sh  env.fish                 what shells read: they put shims/ (and bin/) first on PATH
    ├── setup.json                       which files `ccpin setup` wrote, for `--undo`
    ├── editors.json                     what `ccpin setup --vscode` put into which editor's settings
    ├── minimum-version                  one line, `N.N.N`: older releases are refused
    ├── allow-flags  keep-flags          one name a line: what locks may set beyond the table; what stays as it is set
    ├── source  channel  min-age         one line each: what `ccpin config` sets (pinning/settings.py)
    ├── keys/<id>.pem  <id>.asc          keys to check manifests with, beyond upstream's; an empty one takes a key away
    ├── metadata/<sha256>.json           what registries said, with ETag and time; 0600, in a folder 0700
    ├── settings/<digest>.json           a user's own `--settings` with a lock's flags in it; 0600
    ├── default/.ccpin.lock              the lock outside of any project (`ccpin use --global`)
    ├── projects/<hash>                  a lock that was used here, and what it named last (store/projects.py)
    ├── previous/<hash>.json             what that lock said before, for `ccpin rollback`; 0600
    ├── captures/<version>-<digest32>/   what a release was seen to send (wire/kept.py), one file for each set of flags;
    │                                    it holds the vendor's prompts: 0600, in folders 0700
    ├── bisects/<hash>/                  a bisection: what was asked, what was seen (store/bisects.py); 0700
    ├── locks/<entry>.lock               held while an entry is being written
    └── releases/<version>-<digest32>/   one store entry: a release as one lock names it
        ├── <platform>/                  exists only when whole: put there by one rename
        │   ├── claude                   the executable, or a link to the JavaScript entry point
        │   ├── package/…                a JavaScript release's files
        │   ├── node                     the Node.js of the lock's own, if it has one
        │   ├── claude-on-node-<version> with it: a script that runs the release on it (store/entry.py)
        │   ├── takes-settings           empty; there where the release knows the option `--settings`
        │   └── receipt.json             what was verified, written last
        └── node                         a link to the Node.js on PATH that was checked for this release

CCPIN_STORE_PATH names other homes, as PATH names folders. Their `releases/` are looked up before the own ones, and
nothing in there is ever written: whoever sets it trusts those who fill them. What is not absolute is passed over, and
the own home is none of them.

On the launch path, so only `os` and the errors are imported at the top.
"""

from __future__ import annotations

import os
import sys

from ccpin.errors import FolderGone

LOCK_NAME = ".ccpin.lock"

SETTINGS_AGE = 30 * 24 * 3600
"""Seconds after which a user's merged settings go away, which every launch touches that names them."""


class Home:
    """The folder that holds everything of ccpin's. `root` is absolute; `shared` are the roots of homes that are only
    looked into, absolute too."""

    def __init__(self, root: str, shared: tuple[str, ...] = ()) -> None:
        self.root = root
        self.shared = shared
        self.shims = os.path.join(root, "shims")
        self.bin = os.path.join(root, "bin")
        self.releases = os.path.join(root, "releases")
        self.locks = os.path.join(root, "locks")
        self.projects = os.path.join(root, "projects")
        self.previous = os.path.join(root, "previous")
        self.minimum_version = os.path.join(root, "minimum-version")
        self.allow_flags = os.path.join(root, "allow-flags")
        self.keep_flags = os.path.join(root, "keep-flags")
        self.source = os.path.join(root, "source")
        self.channel = os.path.join(root, "channel")
        self.min_age = os.path.join(root, "min-age")
        self.keys = os.path.join(root, "keys")
        self.metadata = os.path.join(root, "metadata")
        self.settings = os.path.join(root, "settings")
        self.captures = os.path.join(root, "captures")
        self.bisects = os.path.join(root, "bisects")
        self.default_lock = os.path.join(root, "default", LOCK_NAME)
        self.setup_record = os.path.join(root, "setup.json")
        self.editor_shim = os.path.join(self.shims, "claude-editor")
        self.editor_record = os.path.join(root, "editors.json")

    def shim(self) -> str:
        """The file that answers to `claude`."""
        return os.path.join(self.shims, "claude.exe" if sys.platform == "win32" else "claude")

    def entry(self, version: str, digest: str) -> str:
        """The store entry of a release as a lock names it; `digest` is 64 hex digits."""
        return os.path.join(self.releases, f"{version}-{digest[:32]}")


def find_home(env: dict[str, str]) -> Home:
    """CCPIN_HOME, made absolute, else `ccpin` in platformdirs' data folder; with the homes of CCPIN_STORE_PATH. Raises
    FolderGone."""
    chosen = env.get("CCPIN_HOME")
    try:
        root = os.path.abspath(os.path.expanduser(chosen)) if chosen else data_folder(env)
    except FileNotFoundError:  # relative to a folder that was deleted
        raise FolderGone() from None
    return Home(root, tuple(shared for shared in shared_roots(env) if not _is_same(shared, root)))


def _is_same(shared: str, root: str) -> bool:
    """Whether both are one folder: as `-ef` tells it to the shim."""
    try:
        return shared.rstrip(os.sep) == root or os.path.samefile(shared, root)
    except (OSError, ValueError):
        return False


def shared_roots(env: dict[str, str]) -> tuple[str, ...]:
    """The absolute folders that CCPIN_STORE_PATH names, in its order; as they stand there, for the shim does not tidy
    them either."""
    said = env.get("CCPIN_STORE_PATH")
    return tuple(folder for folder in said.split(os.pathsep) if os.path.isabs(folder)) if said else ()


def data_folder(env: dict[str, str]) -> str:
    """Where the home is when nobody says otherwise."""
    # platformdirs takes 17 ms to import, more than a bare Python start. Where its rule is two lines, they stand
    # here, and a test holds them to what platformdirs says.
    home = env.get("HOME")
    if sys.platform.startswith("linux") and home:
        base = env.get("XDG_DATA_HOME", "").strip()
        if not os.path.isabs(base):  # the standard says so; besides, what lies below the current folder is a clone's
            base = os.path.join(home, ".local", "share")
        return os.path.abspath(os.path.join(base, "ccpin"))
    if sys.platform == "darwin" and home and not env.get("XDG_DATA_HOME"):
        return os.path.join(home, "Library", "Application Support", "ccpin")
    import platformdirs

    return os.path.abspath(platformdirs.user_data_dir("ccpin", appauthor=False))
