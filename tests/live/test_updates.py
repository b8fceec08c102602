"""Nothing that Claude Code has for updating itself changes a machine where it is pinned.

The releases talk to servers on loopback that really offer another release, under the names that they ask, and find an
npm that does too. Each is started in homes that are alike: by itself, and as `claude` in a project that pins it.
Every release takes what it is offered when it is by itself (`UNPINNED`): up to 2.1.200 they compare the digest that
the manifest gives, and 2.1.330 goes on without a signature unless a feature flag tells it to insist.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ccpin.pinning.lock import parse
from ccpin.store.entry import install_folder, ready
from ccpin.wire.capture import Capture
from tests.fakes import nobody
from tests.fakes.pythons import REPOSITORY
from tests.fakes.updates import BACKGROUND, OFFERED, Scene, asked_of_channel, footprint
from tests.live.machine import Environment, User, isolation, missing, require

pytestmark = pytest.mark.live

RELEASES = ("2.1.330", "2.1.200", "2.1.113", "2.0.14", "1.0.51")

NATIVE = {"native installed"}
CLEARED = {"native installed", "global removed", "local removed", "alias removed"}
UNPINNED = {
    ("2.1.330", "update"): NATIVE,
    ("2.1.330", "install"): CLEARED,
    ("2.1.330", BACKGROUND): NATIVE,
    ("2.1.200", "update"): NATIVE,
    ("2.1.200", "install"): CLEARED,
    ("2.1.200", BACKGROUND): NATIVE,
    ("2.1.113", "update"): NATIVE,
    ("2.1.113", "install"): CLEARED,
    ("2.1.113", BACKGROUND): NATIVE,
    ("2.0.14", "update"): {"local installed", "native removed"},
    ("2.0.14", "install"): CLEARED,
    ("2.0.14", BACKGROUND): {"global installed", "native removed", "alias removed"},
    ("1.0.51", "update"): {"local installed", "native removed"},
    ("1.0.51", "install"): CLEARED - {"global removed"},  # it asks npm to remove a package of another name
    ("1.0.51", BACKGROUND): {"global installed", "native removed", "alias removed"},
}
"""What becomes of the installations that a home had, when a release without a pin finds a newer one."""

KNOW_DISABLE_UPDATES = ("2.1.330", "2.1.200")
"""The others know only DISABLE_AUTOUPDATER, which is about the background check."""

MARKS = {
    b'"/local/node_modules/"': "local/node_modules",
    b'"/node_modules/@anthropic-ai/"': "node_modules/@anthropic-ai",
    b'"/Caskroom/"': "Caskroom",
    rb"/[/\\]mise[/\\]installs[/\\]/i": "mise/installs",
    rb"/[/\\]\.?asdf[/\\]installs[/\\]/i": "asdf/installs",
}
"""What the executables hold, and a path in which they find it. They look for WinGet's on Windows only."""

_DECISION = re.compile(rb'"/local/node_modules/";if\(.{1,400}?return"native"')

_PATIENCE = 60  # seconds for a session to find the update; 2.1.330 looks for one after ten
_LONGER = 3  # seconds that the pinned session gets on top of it

_WRITES = """
import os, sys
for folder, names, files in os.walk(sys.argv[1]):
    for attempt in [
        lambda: open(os.path.join(folder, "new"), "w"),
        *(lambda path=os.path.join(folder, name): open(path, "ab") for name in files),
        *(lambda path=os.path.join(folder, name): os.rename(path, path + ".old") for name in names + files),
        *(lambda path=os.path.join(folder, name): os.unlink(path) for name in files),
    ]:
        try:
            attempt()
        except PermissionError:
            print("refused")
        else:
            print("done")
"""


@dataclass(frozen=True)
class Pinned:
    """A project in a scene, pinned to a release that is in the store."""

    scene: Scene
    command: list[str]
    flags: dict[str, str]
    entry: str
    shims: str

    def elsewhere(self, scene: Scene) -> Pinned:
        """The same lock, in the project of another scene."""
        shutil.copy(self.scene.lock, scene.lock)
        return replace(self, scene=scene)

    def kept(self) -> dict[str, str]:
        """All that an update could change: store entry, lock and shims, and the launchers of the scene."""
        return self.own() | self.scene.launchers()

    def own(self) -> dict[str, str]:
        return footprint(self.entry, self.shims, self.scene.lock)


Pin = Callable[[Scene, str], Pinned]
MakeScene = Callable[[str], Scene]


@pytest.fixture(autouse=True)
def _in_a_namespace(env: Environment) -> None:
    """An updater that gets out would find the real servers."""
    if not isolation():
        missing("no network namespace can be made here", env)


@pytest.fixture
def scene(tmp_path: Path, env: Environment, user: User) -> MakeScene:
    """A home and a project, with the shims first on PATH."""
    return lambda name: Scene(tmp_path / name, env["PATH"], user.layout.shims)


@pytest.fixture
def pin(user: User, env: Environment) -> Pin:
    def make(scene: Scene, version: str) -> Pinned:
        user.ccpin("use", version, cwd=scene.project).ok()
        lock = parse(scene.lock.read_bytes(), "lock")
        command = ready(user.layout, lock)
        assert command
        before = [require("node", env)] if lock.runtime == "node" else []
        entry = install_folder(user.layout, lock)
        flags = {name: str(value) for name, value in lock.env.items()}
        return Pinned(scene, [*before, command], flags, entry, user.layout.shims)

    return make


@pytest.mark.parametrize(("version", "way"), [pair for pair in UNPINNED if pair[1] != BACKGROUND])
def test_a_command_changes_something_only_without_the_pin(
    scene: MakeScene, pin: Pin, version: str, way: str, note: Callable[[str], None]
) -> None:
    """The third start is the release by its own path, with the pinned flags, as nobody should start it. Where it knows
    no DISABLE_UPDATES it changes the home then: the shim is what stands between."""
    bare, pinned = scene("bare"), pin(scene("pinned"), version)
    past = pinned.elsewhere(scene("past"))
    before, before_past = pinned.kept(), past.kept()
    with ThreadPoolExecutor() as together:
        running = [
            together.submit(bare.run, pinned.command, way),
            together.submit(pinned.scene.run, [f"{pinned.shims}/claude"], way),
            together.submit(past.scene.run, past.command, way, env=past.flags),
        ]
    unpinned, by_shim, by_path = (run.result() for run in running)
    assert bare.effects() == UNPINNED[version, way], unpinned.stdout
    note(_line(version, way, bare, unpinned))

    assert pinned.kept() == before
    assert (by_shim.exit_code, by_shim.requests, pinned.scene.npm_calls) == (126, (), [])
    assert f"`claude {way}` is refused" in by_shim.stderr

    if version in KNOW_DISABLE_UPDATES:
        assert past.kept() == before_past
        assert (asked_of_channel(by_path), past.scene.npm_calls) == ([], [])
        assert "Updates are disabled" in by_path.stdout
    else:
        assert past.own().items() <= before_past.items()
        assert past.scene.effects() == UNPINNED[version, way], by_path.stdout


@pytest.mark.parametrize("version", RELEASES)
def test_a_session_updates_only_without_the_pin(
    scene: MakeScene, pin: Pin, version: str, note: Callable[[str], None]
) -> None:
    bare, pinned = scene("bare"), pin(scene("pinned"), version)
    before = pinned.kept()
    with ThreadPoolExecutor() as together:
        unpinned = together.submit(bare.run, pinned.command, BACKGROUND)
        by_shim = together.submit(pinned.scene.run, [f"{pinned.shims}/claude"], BACKGROUND)
        _until_it_updates(unpinned, bare, UNPINNED[version, BACKGROUND])
        bare.end()
        pinned.scene.end()
    assert bare.effects() == UNPINNED[version, BACKGROUND], unpinned.result().stdout
    note(_line(version, BACKGROUND, bare, unpinned.result()))

    assert pinned.kept() == before
    assert asked_of_channel(by_shim.result()) == []
    assert not [call for call in pinned.scene.npm_calls if "install" in call]
    for capture in (unpinned.result(), by_shim.result()):
        _shows_a_prompt(capture)


@pytest.mark.parametrize(
    ("version", "word"),
    [("2.1.330", "--upgrade"), ("2.1.200", "--update"), ("2.1.113", "--update")],
)
def test_an_option_that_means_update(scene: MakeScene, pin: Pin, version: str, word: str) -> None:
    """Releases from 2.1.112 on, at the latest, take it for `update` where it stands alone."""
    bare, pinned = scene("bare"), pin(scene("pinned"), version)
    before = pinned.kept()
    bare.run(pinned.command, word)
    capture = pinned.scene.run([f"{pinned.shims}/claude"], word)
    assert bare.effects() == NATIVE
    assert pinned.kept() == before
    assert asked_of_channel(capture) == []


def test_a_release_that_is_told_to_insist_on_signatures(scene: MakeScene, pin: Pin) -> None:
    """With that flag on, no server but the real one has anything for 2.1.330: it asks for the signature, and stops."""
    bare, command = scene("bare"), pin(scene("pinned"), "2.1.330").command
    capture = bare.run(command, "update", flags={"tengu_elegant_pancake": True})
    assert f"{OFFERED}/manifest.json.raw-sig.json" in asked_of_channel(capture)
    assert not [path for path in asked_of_channel(capture) if path.endswith("/claude")]
    assert capture.exit_code == 1, capture.stdout
    assert bare.effects() == set()


@pytest.mark.parametrize("version", ["2.1.330", "2.1.200", "2.1.113"])
def test_by_what_the_updater_knows_its_installations(scene: MakeScene, pin: Pin, version: str) -> None:
    """In the executable's own text: from the path of an installation to its kind."""
    text = Path(pin(scene("pinned"), version).command[0]).read_bytes()
    decisions = [found[0] for found in _DECISION.finditer(text)]
    assert decisions
    for decision in decisions:
        assert set(re.findall(rb'"(/[^"]*)"', decision)) == {b"/local/node_modules/", b"/node_modules/@anthropic-ai/"}
        assert decision.count(b"()||") == 7  # eight package managers: four by the path, four by asking who owns it
    for mark in MARKS:
        assert mark in text


def test_the_store_lies_where_the_updater_knows_no_installation(user: User, tmp_path: Path) -> None:
    project = user.project()
    for part in (*MARKS.values(), ".asdf/installs", "Mise/Installs"):
        user.env["CCPIN_HOME"] = str(tmp_path / part / "ccpin")
        refused = user.ccpin("use", "1.0.51", "--json", cwd=project).failed(1).json
        assert [error["code"] for error in refused["errors"]] == ["store-misplaced"]


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder that another user can reach; pytest closes its own."""
    folder = Path(os.path.realpath(os.environ.get("TMPDIR", "/tmp")), f"ccpin-test-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield folder
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize("version", ["2.1.113", "1.0.51"])
def test_who_owns_a_store_entry_cannot_write_to_it(scene: MakeScene, pin: Pin, anybodys: Path, version: str) -> None:
    """What a release could do to itself, running as the user whose store it lies in."""
    entry = anybodys / "entry"
    shutil.copytree(pin(scene("pinned"), version).entry, entry, symlinks=True)
    places = [entry, *entry.rglob("*")]
    assert not [place for place in places if not place.is_symlink() and place.stat().st_mode & 0o222]
    python, credentials = sys.executable, {}
    if nobody.is_root():
        python, _ = nobody.interpreter(REPOSITORY)
        credentials = nobody.credentials()
        for place in places:
            os.chown(place, nobody.UID, nobody.UID, follow_symlinks=False)
    before = footprint(entry)
    argv = [python, "-I", "-c", _WRITES, str(entry)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd="/", env={}, **credentials)
    assert set(done.stdout.split()) == {"refused"}, done
    assert footprint(entry) == before


def _until_it_updates(run: Future[Capture], bare: Scene, expected: set[str]) -> None:
    end = time.monotonic() + _PATIENCE
    while bare.effects() != expected and not run.done() and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(_LONGER)


def _shows_a_prompt(capture: Capture) -> None:
    """It ran until it was ended, and read the keyboard: it switches the terminal to tell pasted text apart."""
    assert capture.exit_code == 0
    assert "\x1b[?2004h" in capture.stdout, capture.stdout[-2000:]


def _line(version: str, way: str, bare: Scene, capture: Capture) -> str:
    hosts = {request.host for request in capture.requests if request.path.endswith(f"{OFFERED}/manifest.json")}
    asked = [*sorted(hosts), *(f"`npm {call}`" for call in bare.npm_calls if "install" in call)]
    return f"{version:<7} {way:<16} without a pin: {', '.join(sorted(bare.effects()))} (by {', '.join(asked)})"
