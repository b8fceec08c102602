"""What can be wrong, and what is said: one table. Every row leaves the project and the store as they were.

A row begins in a project that is pinned to 2.0.14, installed, with the shim first on PATH.
"""

from __future__ import annotations

import dataclasses
import gzip
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.arrange import HERE, OTHERS, ccpin, edit, pin, read_lock, relock, sentence, set_up
from tests.fakes import faults
from tests.fakes.box import Box, Completed
from tests.fakes.claude import fake_node, python_script
from tests.fakes.packages import entry, tarball
from tests.fakes.registry import Registry

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

Arrange = Callable[[Box, Registry], object]


@dataclasses.dataclass(frozen=True)
class Row:
    """`command` is `ccpin …` or `claude …`, with one of WAYS before it. `says` is a part of the message."""

    what: str
    command: str
    exit: int
    code: str
    says: str
    arrange: Arrange = lambda box, registry: None


# --- what goes wrong ----------------------------------------------------------------------------------


def env(**values: str | None) -> Arrange:
    def arrange(box: Box, _: Registry) -> None:
        box.env |= {name: value for name, value in values.items() if value is not None}
        for name in (name for name, value in values.items() if value is None):
            box.env.pop(name, None)

    return arrange


def both(*parts: Arrange) -> Arrange:
    def arrange(box: Box, registry: Registry) -> None:
        for part in parts:
            part(box, registry)

    return arrange


def answers(pattern: str, *what: faults.Fault) -> Arrange:
    return lambda _, registry: registry.fault(pattern, *what)


def unpinned(box: Box, _: Registry) -> None:
    box.lock.unlink()


def other_digest(box: Box, _: Registry) -> None:
    edit(box, read_lock(box.lock).digest, "0" * 64)


def other_artifact(box: Box, registry: Registry) -> None:
    edit(box, str(read_lock(box.lock).artifacts["any"].npm), registry.upstream.get("2.0.15").integrity)


def offline(_: Box, registry: Registry) -> None:
    registry.stop()


def nothing_configured(box: Box, _: Registry) -> None:
    del box.env["CCPIN_NPM_REGISTRY"]


def floor(text: str) -> Arrange:
    return lambda box, _: Path(box.layout.minimum_version).write_text(text)


def no_node(box: Box, _: Registry) -> None:
    (box.bin / "node").unlink()


def odd_node(box: Box, _: Registry) -> None:
    (box.bin / "node").write_bytes(python_script("print('hello')"))


def old_node(box: Box, _: Registry) -> None:
    fake_node(box.folder("old/bin"), "16.20.2")
    box.env["PATH"] = f"{box.project}/old/bin:{box.env['PATH']}"


def leads_back(box: Box, _: Registry) -> None:
    """Nothing is pinned, and the other `claude` is somebody's script that calls ccpin."""
    box.lock.unlink()
    wrapper = box.bin / "claude"
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(box.ccpin_argv("exec"))} -- "$@"\n')
    wrapper.chmod(0o755)


def says(old: str, new: str) -> Arrange:
    """The lock, edited by hand."""
    return lambda box, _: edit(box, old, new)


def holds(data: bytes) -> Arrange:
    return lambda box, _: box.lock.write_bytes(data)


def shared(spec: str) -> Arrange:
    """A shared store that somebody else has filled."""

    def arrange(box: Box, _: Registry) -> None:
        ccpin(box, "install", spec, env={"CCPIN_HOME": str(box.root / "shared")}).ok()
        box.env["CCPIN_STORE_PATH"] = str(box.root / "shared")

    return arrange


def shared_and_touched(box: Box, registry: Registry) -> None:
    shared("2.0.14")(box, registry)
    [script] = (box.root / "shared/releases").glob("*/any/package/cli.js")
    os.utime(script, (1, 1))


def touched(box: Box, _: Registry) -> None:
    [script] = Path(box.layout.releases).glob("*/any/package/cli.js")
    os.utime(script, (1, 1))


def receipt(box: Box) -> Path:
    [path] = Path(box.layout.releases).glob("*/any/receipt.json")
    path.parent.chmod(0o755)
    path.chmod(0o644)
    return path


def forgotten(box: Box, _: Registry) -> None:
    """No project is known here."""
    for record in Path(box.layout.projects).iterdir():
        record.unlink()


def half(box: Box, _: Registry) -> None:
    box.lock.write_text(box.lock.read_text().partition("[artifacts]")[0])


def conflict(box: Box, _: Registry) -> None:
    edit(box, 'version = "2.0.14"', '<<<<<<< ours\nversion = "2.0.14"\n=======\nversion = "2.0.15"\n>>>>>>> theirs')


def folder(box: Box, _: Registry) -> None:
    box.lock.unlink()
    box.lock.mkdir()


def fifo(box: Box, _: Registry) -> None:
    box.lock.unlink()
    os.mkfifo(box.lock)


def link(target: str) -> Arrange:
    def arrange(box: Box, _: Registry) -> None:
        box.lock.unlink()
        box.lock.symlink_to(target)

    return arrange


def huge(box: Box, _: Registry) -> None:
    box.lock.write_text("nonsense\n" + "x" * (50 << 20))


def native(box: Box, _: Registry) -> None:
    pin(box, "2.1.330")


def cloned(version: str) -> Arrange:
    """A project pinned to a release that is not installed, as on another machine."""

    def arrange(box: Box, _: Registry) -> None:
        pin(box, version)
        for place in Path(box.layout.releases).glob(f"{version}-*"):
            place.rename(box.root / "another store")

    return arrange


not_installed = cloned("2.0.15")


def locked_elsewhere(box: Box, registry: Registry) -> None:
    """Locked by somebody whose registry had no package for this machine, nor a manifest."""
    pin(box, "2.1.166")
    lock = pin(box, "2.1.166")
    relock(box, artifacts={name: lock.artifacts[name] for name in OTHERS})


def withdrawn(box: Box, registry: Registry) -> None:
    registry.upstream.withdraw("2.1.206", f"claude-code-{HERE}")


def no_stable(_: Box, registry: Registry) -> None:
    del registry.upstream.tags["stable"]


def manifest(**lies: object) -> Arrange:
    return lambda _, registry: registry.upstream.add_native("2.1.331", **lies)  # type: ignore[arg-type]


def inside(*extra: object, **options: object) -> Arrange:
    """2.0.16 is published with this in its archive."""
    return lambda _, registry: registry.upstream.add_js("2.0.16", extra=extra, **options)  # type: ignore[arg-type]


def published(change: Callable[[bytes], bytes]) -> Arrange:
    """2.0.16 is published with other bytes, and the registry vouches for them."""

    def arrange(_: Box, registry: Registry) -> None:
        package = registry.upstream.add_js("2.0.16")
        registry.upstream.change(package, raw=change(package.tarball))

    return arrange


def without_entries(_: Box, registry: Registry) -> None:
    registry.upstream.change(registry.upstream.add_js("2.0.16"), entries=())


def broken_package_json(_: Box, registry: Registry) -> None:
    package = registry.upstream.add_js("2.0.16")
    registry.upstream.change(package, raw=tarball([entry("package/package.json", b"{"), *package.entries]))


def closed(*names: str) -> Arrange:
    """Nobody may write there."""

    def arrange(box: Box, _: Registry) -> None:
        box.give_away()
        for name in names:
            (box.root / name).chmod(0o555)

    return arrange


def unreadable(box: Box, _: Registry) -> None:
    box.give_away()
    box.lock.chmod(0)


# --- the ways to run a command ------------------------------------------------------------------------


def plainly(box: Box, argv: list[str]) -> Completed:
    return box.run(argv)


def as_nobody(box: Box, argv: list[str]) -> Completed:
    return box.unprivileged(*argv[3:])


def with_little_room(box: Box, argv: list[str]) -> Completed:
    return box.run(["sh", "-c", 'ulimit -f 2048; exec "$@"', "sh", *argv])


def in_a_deleted_folder(box: Box, argv: list[str]) -> Completed:
    return box.run(["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh", *argv])


WAYS = {"as nobody: ": as_nobody, "little room: ": with_little_room, "deleted folder: ": in_a_deleted_folder}

# --- the table ----------------------------------------------------------------------------------------

# fmt: off
REQUESTS = (
    Row("unknown version", "ccpin use 9.9.9", 1, "unknown-release", "no Claude Code 9.9.9 in the registry http://127"),
    Row("its nearest one", "ccpin use 9.9.9", 1, "unknown-release", "the nearest: 2.1.330"),
    Row("a number that was skipped", "ccpin use 2.1.150", 1, "unknown-release", "the nearest: 2.1.113 and 2.1.166"),
    Row("unknown, for the store", "ccpin install 2.0.13", 1, "unknown-release", "the nearest: 1.0.20 and 2.0.14"),
    Row("a word", "ccpin use newest", 2, "bad-request", "none of the forms"),
    Row("nothing between the quotes", "ccpin use ''", 2, "bad-request", "it is empty"),
    Row("four numbers", "ccpin use 2.0.14.1", 2, "bad-request", "more than three numbers"),
    Row("a leading zero", "ccpin use 2.0.014", 2, "bad-request", "none of the forms"),
    Row("a prerelease", "ccpin use 2.0.14-beta.1", 2, "bad-request", "no prereleases"),
    Row("npm's caret", "ccpin use ^2.0", 2, "bad-request", "say `'>=2.0,<3'`"),
    Row("a broken range", "ccpin use '>=2.0,<<3'", 2, "bad-request", "`<<3` is not a comparison"),
    Row("a path", "ccpin use ../../etc/passwd", 2, "bad-request", "none of the forms"),
    Row("digits of another script", "ccpin use ٢.٠.١٤", 2, "bad-request", "none of the forms"),
    Row("far too long", f"ccpin use {'1.' * 60}", 2, "bad-request", "more than 100 characters"),
    Row("control characters", "ccpin use '2.0\x1b[31m'", 2, "bad-request", "`2.0?[31m`"),
    Row("a range that nothing satisfies", "ccpin use '>=3'", 1, "nothing-satisfies", "the newest is 2.1.330"),
    Row("a range that nothing can", "ccpin use '>2.0.14,<2.0.15'", 1, "nothing-satisfies", "`>2.0.14,<2.0.15`"),
    Row("a prefix of nothing", "ccpin use 7", 1, "nothing-satisfies", "satisfies `7`"),
    Row("no stable here", "ccpin use stable", 1, "no-such-channel", "no tag `stable`; it has `latest`", no_stable),
    Row("no request to repeat", "ccpin use", 2, "nothing-asked", "no lock here", unpinned),
    Row("an unknown runtime", "ccpin use 2.0.14 --runtime bun", 2, "bad-runtime", "`bun` is not a runtime"),
    Row("no such executable", "ccpin use 2.0.14 --runtime native", 1, "runtime-missing", "as runtime `native`"),
    Row("no such script", "ccpin use 2.1.330 --runtime node", 1, "runtime-missing", "as runtime `node`"),
    Row("a compiled module", "ccpin use 0.2.90", 1, "needs-native-module", "needs better-sqlite3"),
    Row("not for this machine", "ccpin use 2.1.206", 1, "platform-missing", f"not published for {HERE}", withdrawn),
)

COMMAND_LINES = (
    Row("unknown verb", "ccpin pin 2.0.14", 2, "bad-option", "No such command 'pin'"),
    Row("unknown option", "ccpin use --please 2.0.14", 2, "bad-option", "No such option: --please"),
    Row("one word too many", "ccpin use 2.0.14 2.0.15", 2, "bad-option", "unexpected extra argument"),
    Row("a missing word", "ccpin install", 2, "bad-option", "Missing argument 'SPEC'"),
    Row("exec without a version", "ccpin exec --version", 2, "bad-option", "`--version` needs a value"),
    Row("exec of an unknown version", "ccpin exec --version 9.9.9", 126, "unknown-release", "nearest: 2.1.330"),
    Row("exec of garbage", "ccpin exec --version abc -- -p hi", 2, "bad-request", "none of the forms"),
    Row("unknown setting", "ccpin config colour red", 2, "bad-option", "not a setting; there are minimum-version"),
    Row("a floor that is none", "ccpin config minimum-version 2", 2, "bad-setting", "it is not N.N.N"),
    Row("a floor that is a folder", "ccpin config minimum-version 2.0.1", 1, "store-unwritable", "is a directory",
        lambda box, registry: os.mkdir(box.layout.minimum_version)),
    Row("take away nothing named", "ccpin config --unset", 2, "bad-option", "`--unset` takes the name of a setting"),
    Row("take away a value of one", "ccpin config minimum-version 2.0.1 --unset", 2, "bad-option", "`--unset` takes"),
    Row("allow what redirects", "ccpin config allow-flag ANTHROPIC_BASE_URL", 2, "bad-setting", "may redirect traffic"),
    Row("allow what is not Claude Code's", "ccpin config allow-flag PATH", 2, "bad-setting", "not the name of a"),
    Row("allow what needs no allowing", "ccpin config allow-flag DISABLE_UPDATES", 2, "bad-setting", "hold it anyway"),
    Row("allow two lines", "ccpin config allow-flag 'CLAUDE_CODE_X\nPATH'", 2, "bad-setting", "is not the name"),
    Row("keep what no slate clears", "ccpin config keep-flag MY_FLAG", 2, "bad-setting", "it is not in the table"),
    Row("a list that is a folder", "ccpin config keep-flag ANTHROPIC_MODEL", 1, "store-unwritable", "is a directory",
        lambda box, registry: os.mkdir(box.layout.keep_flags)),
    Row("unknown shell", "ccpin completion tcsh", 2, "bad-option", "`tcsh` is not one of bash"),
    Row("uninstall what is needed", "ccpin uninstall 2.0.14", 1, "in-use", ".ccpin.lock names it"),
    Row("uninstall what somebody else keeps", "ccpin uninstall 2.0.15", 1, "only-shared", "which ccpin only reads",
        shared("2.0.15")),
    Row("a shared store that was written to", "ccpin sync", 1, "shared-changed", "written to since",
        shared_and_touched),
    Row("the same for check", "ccpin check", 1, "shared-changed", "written to since",
        both(shared_and_touched, lambda box, _: set_up(box))),
    Row("verify what is not there", "ccpin verify 2.0.15", 1, "nothing-installed", "2.0.15 is not installed"),
    Row("verify what was written to", "ccpin verify", 1, "damaged", "it was written to since it was installed",
        touched),
    Row("verify what nothing tells about", "ccpin verify 2.0.14", 1, "cannot-mend", "nothing tells what was verified",
        both(lambda box, registry: receipt(box).write_text("{"), forgotten)),
    Row("a file in the store", "ccpin verify", 1, "strange-file", "it is no store entry",
        lambda box, registry: Path(box.layout.releases, "notes").touch()),
    Row("prune with a span that is none", "ccpin prune --older-than 3w", 2, "bad-option", "`3w` is not an age"),
    Row("prune less than nothing", "ccpin prune --keep -1", 2, "bad-option", "'--keep'"),
    Row("uninstall what is not there", "ccpin uninstall 2.0.15", 1, "nothing-installed", "2.0.15 is not installed"),
    Row("deleted folder", "deleted folder: ccpin use 2.0.15", 2, "folder-gone", "does not exist any more"),
    Row("a store in a deleted folder", "deleted folder: ccpin sync", 2, "folder-gone", "not exist any more",
        env(CCPIN_HOME="store")),
    Row("the same for claude", "deleted folder: claude", 126, "folder-gone", "not exist any more",
        env(CCPIN_HOME="store")),
    Row("claude in a deleted folder", "deleted folder: claude", 127, "nothing-to-run", "nothing is pinned here",
        unpinned),
)

FLAGS = (
    Row("a profile that there is not", "ccpin use 2.0.15 --profile loose", 2, "unknown-profile",
        "there are default, strict, none"),
    Row("the same for a lock that is there", "ccpin env profile Strict", 2, "unknown-profile", "`Strict` is not"),
    Row("nearly a flag", "ccpin env set disable_update", 2, "unknown-flag", "the nearest is `DISABLE_UPDATES`"),
    Row("a flag that could be allowed", "ccpin env set CLAUDE_CODE_SCROLL_SPEED=3", 2, "unknown-flag",
        "`ccpin config allow-flag CLAUDE_CODE_SCROLL_SPEED` lets"),
    Row("a flag that could not", "ccpin env set ANTHROPIC_BASE_URL=http://127.0.0.1/", 2, "unknown-flag",
        "none can be made of it: it may redirect traffic"),
    Row("a flag without a value", "ccpin env set ANTHROPIC_MODEL", 2, "bad-flag-value", "there is no value with it"),
    Row("a value without a flag", "ccpin env set =1", 2, "bad-option", "`=1` names no flag"),
    Row("an allowed flag without a value", "ccpin env set CLAUDE_CODE_SCROLL_SPEED", 2, "bad-flag-value", "one plain",
        lambda box, registry: Path(box.layout.allow_flags).write_text("CLAUDE_CODE_SCROLL_SPEED\n")),
    Row("a switch that is off", "ccpin env set DISABLE_UPDATES=0", 2, "bad-flag-value", 'its only value is "1"'),
    Row("a number too large", "ccpin env set MAX_THINKING_TOKENS=200001", 2, "bad-flag-value", "from 0 to 200000"),
    Row("a number left out", "ccpin env set MAX_THINKING_TOKENS", 2, "bad-flag-value", "a number from 0 to 200000"),
    Row("a word left out", "ccpin env set CLAUDE_CODE_MODEL_CATALOG", 2, "bad-flag-value", 'its only value is "off"'),
    Row("a model that is a command", "ccpin env set 'ANTHROPIC_MODEL=$(id)'", 2, "bad-flag-value", "the id of a model"),
    Row("what only a clean slate clears", "ccpin env set FORCE_AUTOUPDATE_PLUGINS", 2, "bad-flag-value", "no lock may"),
    Row("one good and one bad", "ccpin env set DISABLE_COMPACT DISABLE_UPDATES=2", 2, "bad-flag-value", "only value"),
    Row("one flag twice", "ccpin env set DISABLE_COMPACT DISABLE_COMPACT=1", 2, "bad-option", "named twice"),
    Row("no flag at all", "ccpin env set", 2, "bad-option", "Missing argument"),
    Row("unset what nobody set", "ccpin env unset COLOUR", 2, "unknown-flag", "`COLOUR` is not one of ccpin's"),
    Row("explain what there is not", "ccpin env explain PATH", 2, "unknown-flag", "`PATH` is not one of ccpin's"),
    Row("a mechanism that there is not", "ccpin env list --mechanism 8", 2, "bad-option", "'--mechanism'"),
    Row("an unknown verb of the family", "ccpin env colour", 2, "bad-option", "No such command 'colour'"),
    Row("options before the verb", "ccpin env --all list", 2, "bad-option", "stand behind `ccpin env list`"),
    Row("no lock to change", "ccpin env set DISABLE_COMPACT", 2, "nothing-to-change", "/project/.ccpin.lock does not",
        unpinned),
    Row("no default to change", "ccpin env profile strict --global", 2, "nothing-to-change", "/default/.ccpin.lock"),
    Row("no lock to show", "ccpin env", 1, "no-lock", "no `.ccpin.lock` in this folder or above", unpinned),
    Row("no default to show", "ccpin env --global", 1, "no-default", "this user has no default lock: "),
    Row("a lock that was merged", "ccpin env set DISABLE_COMPACT", 1, "lock-conflict", ".ccpin.lock:6: ", conflict),
    Row("a lock that leads out", "ccpin env profile strict", 1, "lock-not-writable", "a link that leads out",
        link("../home/notes")),
    Row("a project of somebody else's", "as nobody: ccpin env profile strict", 1, "lock-not-writable", "denied",
        closed("project")),
    Row("a flag that this user does not allow", "ccpin sync", 1, "flag-refused", ":12: `CLAUDE_CODE_SCROLL_SPEED`",
        says("[env]\n", '[env]\nCLAUDE_CODE_SCROLL_SPEED = "3"\n')),
    Row("the same for claude", "claude", 126, "flag-refused", ":12: `CLAUDE_CODE_SCROLL_SPEED` may not stand in a lock",
        says("[env]\n", '[env]\nCLAUDE_CODE_SCROLL_SPEED = "3"\n')),
    Row("the same to change", "ccpin env set DISABLE_COMPACT", 1, "flag-refused", ":12: `CLAUDE_CODE_SCROLL_SPEED`",
        says("[env]\n", '[env]\nCLAUDE_CODE_SCROLL_SPEED = "3"\n')),
    Row("a list that names what nobody may", "ccpin env set DISABLE_COMPACT", 1, "broken-setting", "allow-flags:2: ",
        lambda box, registry: Path(box.layout.allow_flags).write_text("CLAUDE_CODE_SCROLL_SPEED\nPATH\n")),
    Row("such a list, for claude", "claude", 126, "broken-setting", "`PATH`: it is not the name of a variable",
        both(says("[env]\n", '[env]\nCLAUDE_CODE_SCROLL_SPEED = "3"\n'),
             lambda box, registry: Path(box.layout.allow_flags).write_text("PATH\n"))),
)

REGISTRIES = (
    Row("no network", "ccpin use 2.0.15", 1, "registry-unreachable", "cannot be reached: Connection refused", offline),
    Row("no network for sync", "ccpin sync", 1, "registry-unreachable", "onnection refused",
        both(not_installed, offline)),
    Row("no network for claude", "claude", 126, "registry-unreachable", "onnection refused",
        both(not_installed, offline)),
    Row("a proxy that is not there", "ccpin use 2.0.15", 1, "registry-unreachable", "onnection refused",
        env(http_proxy="http://127.0.0.1:1/")),
    Row("a login page", "ccpin use 2.0.15", 1, "not-a-registry", "(text/html)", answers("*", faults.html())),
    Row("half a document", "ccpin use 2.0.15", 1, "not-a-registry", "(application/json)",
        answers("*", faults.not_json())),
    Row("an empty answer", "ccpin use latest", 1, "not-a-registry", "not npm metadata", answers("*", faults.empty())),
    Row("a list", "ccpin use 2.0.15", 1, "not-a-registry", "a JSON list", answers("*", faults.json_body([1]))),
    Row("an empty object", "ccpin use 2.0.15", 1, "bad-metadata", "of another version",
        answers("*", faults.json_body({}))),
    Row("no versions", "ccpin use latest", 1, "bad-metadata", "it lists no versions",
        answers("*", faults.json_body({}))),
    Row("no tarball named", "ccpin use 2.0.15", 1, "bad-metadata", "it names no tarball",
        answers("*", faults.json_body({"version": "2.0.15", "bin": "cli.js"}))),
    Row("a sha1 at most", "ccpin use 2.0.15", 1, "bad-metadata", "no sha512 integrity",
        answers("*", faults.json_body({"version": "2.0.15", "bin": "cli.js", "dist": {"tarball": "http://127.0.0.1/"}}))),
    Row("401", "ccpin use 2.0.15", 1, "registry-denied", "answered 401", answers("*", faults.requires_token("abc"))),
    Row("403", "ccpin use 2.0.15", 1, "registry-denied", "answered 403", answers("*", faults.status(403))),
    Row("404 for all", "ccpin use latest", 1, "not-found", "answered 404", answers("*", faults.status(404))),
    Row("404 for the tarball", "ccpin use 2.0.15", 1, "not-found", "2.0.15.tgz", answers("*.tgz", faults.status(404))),
    Row("401 for the tarball", "ccpin use 2.0.15", 1, "registry-denied", ".tgz", answers("*.tgz", faults.status(401))),
    Row("500", "ccpin use 2.0.15", 1, "registry-failed", "answered 500", answers("*", faults.status(500))),
    Row("503 for the tarball", "ccpin use 2.0.15", 1, "registry-failed", "503", answers("*.tgz", faults.status(503))),
    Row("418", "ccpin list --remote", 1, "registry-failed", "answered 418", answers("*", faults.status(418))),
    Row("a circle", "ccpin use 2.0.15", 1, "not-a-registry", "redirects in a circle",
        answers("*", faults.redirect("/again"))),
    Row("a redirect to a file", "ccpin use 2.0.15", 1, "bad-registry-address", "or where it redirects to",
        answers("*", faults.redirect("file:///etc/passwd"))),
    Row("no registry configured", "ccpin use 2.0.15", 1, "no-registry", "npm is not on PATH", nothing_configured),
    Row("an address without a scheme", "ccpin use 2.0.15", 1, "bad-registry-address", "https://host/path/",
        env(CCPIN_NPM_REGISTRY="127.0.0.1:80")),
    Row("another scheme", "ccpin use 2.0.15 --registry file:///tmp", 1, "bad-registry-address", "https://host/path/"),
    Row("another scheme for sync", "ccpin sync --registry ftp://127.0.0.1/", 1, "bad-registry-address",
        "https://host/path/",
        not_installed),
)

BYTES = (
    Row("a flipped bit", "ccpin use 2.0.15", 1, "bad-archive", "not gzip", answers("*.tgz", faults.wrong_bytes())),
    Row("another archive", "ccpin use 2.0.15", 1, "integrity-mismatch", "sha512 expected sha512-",
        lambda box, registry: registry.fault("*5.tgz", faults.other_bytes(registry.upstream.get("2.0.14").tarball))),
    Row("another than locked", "ccpin sync", 1, "integrity-mismatch", "sha512 expected sha512-",
        both(not_installed, lambda box, registry: registry.upstream.add_js("2.0.15", pad=9))),
    Row("the same under claude", "claude", 126, "integrity-mismatch", "nothing was kept",
        both(not_installed, lambda box, registry: registry.upstream.add_js("2.0.15", pad=9))),
    Row("cut off", "ccpin use 2.0.15", 1, "truncated", "700 bytes came", answers("*.tgz", faults.cut(700))),
    Row("cut off and said so", "ccpin use 2.0.15", 1, "truncated", "the archive goes on",
        answers("*.tgz", faults.lies_about_length(-10))),
    Row("longer than said", "ccpin use 2.0.15", 1, "truncated", "ended early",
        answers("*.tgz", faults.lies_about_length(10))),
    Row("a manifest of other bytes", "ccpin use 2.1.331", 1, "integrity-mismatch", "sha256 expected " + "0" * 64,
        manifest(checksums={HERE: "0" * 64})),
    Row("a manifest of other sizes", "ccpin use 2.1.331", 1, "integrity-mismatch", "size expected 99 bytes",
        manifest(sizes={HERE: 99})),
    Row("a manifest without sizes", "ccpin use 2.1.331", 1, "bad-metadata", "has no size", manifest(sizes={HERE: 0})),
    Row("a manifest without sums", "ccpin use 2.1.331", 1, "bad-metadata", "has no sha256",
        manifest(checksums={HERE: "x"})),
    Row("other bytes around the manifest", "ccpin use 2.1.330", 1, "integrity-mismatch", "claude-agent-sdk-0.3.330.tgz",
        answers("*-sdk-*.tgz", faults.other_bytes(tarball([entry("package/x", b"y")])))),
    Row("another version inside", "ccpin use 2.0.16", 1, "wrong-version-inside", "says that it is 2.0.15, not 2.0.16",
        inside(inside="2.0.15")),
    Row("a way out", "ccpin use 2.0.16", 1, "bad-archive", "not a path below package/",
        inside(entry("package/../../x", b"x"))),
    Row("from the root", "ccpin use 2.0.16", 1, "bad-archive", "not a path below package/",
        inside(entry("/tmp/x", b"x"))),
    Row("a link", "ccpin use 2.0.16", 1, "bad-archive", "neither a file nor a folder",
        inside(entry("package/x", kind=b"2", link="/etc/passwd"))),
    Row("a hard link", "ccpin use 2.0.16", 1, "bad-archive", "neither a file nor a folder",
        inside(entry("package/x", kind=b"1", link="package/cli.js"))),
    Row("a device", "ccpin use 2.0.16", 1, "bad-archive", "neither a file nor a folder",
        inside(entry("package/x", kind=b"3"))),
    Row("one file twice", "ccpin use 2.0.16", 1, "bad-archive", "two members would be one",
        inside(entry("package/CLI.js", b"x"))),
    Row("nothing to start", "ccpin use 2.0.16", 1, "bad-archive", "holds no executable", without_entries),
    Row("package.json is none", "ccpin use 2.0.16", 1, "bad-archive", "package.json is not JSON", broken_package_json),
    Row("something behind the end", "ccpin use 2.0.16", 1, "bad-archive", "behind its end",
        published(lambda tgz: tgz + b"more")),
    Row("not gzip", "ccpin use 2.0.16", 1, "bad-archive", "it is not gzip", published(lambda tgz: b"PK\3\4" + tgz)),
    Row("gzip of something else", "ccpin use 2.0.16", 1, "bad-archive", "not a tar archive",
        published(lambda tgz: gzip.compress(b"x" * 2000))),
)

DISKS = (
    Row("no room", "little room: ccpin use 2.0.16", 1, "no-room", "file too large", inside(pad=4 << 20)),
    Row("no room for claude", "little room: claude", 126, "no-room", "file too large",
        both(inside(pad=4 << 20), cloned("2.0.16"))),
    Row("a store of somebody else's", "as nobody: ccpin use 2.0.15", 1, "store-unwritable", "permission denied",
        closed("ccpin home", "ccpin home/releases", "ccpin home/locks")),
    Row("a project of somebody else's", "as nobody: ccpin use 2.0.15", 1, "lock-not-writable", "ermission denied",
        closed("project")),
    Row("a floor that cannot be kept", "as nobody: ccpin config minimum-version 2.0.1", 1, "store-unwritable", "denied",
        closed("ccpin home")),
    Row("a store that is a file", "ccpin use 2.0.15", 1, "store-unwritable", "not a directory",
        env(CCPIN_HOME="/dev/null/ccpin")),
    Row("a store where the updater looks", "ccpin use 2.0.15", 1, "store-misplaced", "`/claude/versions/`",
        lambda box, registry: box.env.update(CCPIN_HOME=str(box.root / "claude/versions/x"))),
)

LOCKS = (
    Row("a lock of somebody else's", "as nobody: ccpin sync", 1, "lock-unreadable", "permission denied", unreadable),
    Row("a folder", "ccpin sync", 1, "lock-unreadable", "it is a folder", folder),
    Row("a folder, to use", "ccpin use 2.0.15", 1, "lock-unreadable", "it is a folder", folder),
    Row("a folder, for claude", "claude", 126, "lock-unreadable", "it is a folder", folder),
    Row("50 MB", "ccpin check", 1, "lock-unreadable", "it has 52,428,809 bytes", huge),
    Row("50 MB, for claude", "claude", 126, "lock-unreadable", "it has 52,428,809 bytes", huge),
    Row("a fifo", "ccpin which", 1, "lock-unreadable", "not a plain file", fifo),
    Row("a fifo, for claude", "claude", 126, "lock-unreadable", "not a plain file", fifo),
    Row("a circle of links", "ccpin current", 1, "lock-unreadable", "too many levels", link(".ccpin.lock")),
    Row("a circle, for claude", "claude", 126, "lock-unreadable", "too many levels", link(".ccpin.lock")),
    Row("a link to nothing", "ccpin sync", 1, "lock-unreadable", "no such file", link("gone")),
    Row("a link to nothing, for claude", "claude", 126, "lock-unreadable", "no such file", link("gone")),
    Row("from the future", "ccpin sync", 1, "lock-version", "format 2; this ccpin", says("version = 1", "version = 2")),
    Row("from the future, to use", "ccpin use 2.0.15", 1, "lock-version", "format 2",
        says("version = 1", "version = 2")),
    Row("from the future, for claude", "claude", 126, "lock-version", "format 2", says("version = 1", "version = 2")),
    Row("conflict markers", "ccpin sync", 1, "lock-conflict", ".ccpin.lock:6: ", conflict),
    Row("conflict markers, to use again", "ccpin use", 1, "lock-conflict", ".ccpin.lock:6: ", conflict),
    Row("conflict markers, for claude", "claude", 126, "lock-conflict", ".ccpin.lock:6: ", conflict),
    Row("a flag off the list", "ccpin sync", 1, "flag-refused", ":12: `ANTHROPIC_BASE_URL`",
        says("[env]\n", '[env]\nANTHROPIC_BASE_URL = "http://127.0.0.1/"\n')),
    Row("a flag off the list, to use", "ccpin use 2.0.15", 1, "flag-refused", "`NODE_OPTIONS` may not stand in a lock",
        says("[env]\n", '[env]\nNODE_OPTIONS = "--require ./x.js"\n')),
    Row("a flag off the list, for claude", "claude", 126, "flag-refused", "`PATH` may not stand in a lock",
        says("[env]\n", '[env]\nPATH = "."\n')),
    Row("another value", "ccpin sync", 1, "flag-refused", 'its only value is "1"',
        says('UPDATES = "1"', 'UPDATES = "0"')),
    Row("another value, for claude", "claude", 126, "flag-refused", "only value",
        says('UPDATES = "1"', 'UPDATES = "0"')),
    Row("a version that is a path", "ccpin sync", 1, "lock-invalid", ":6: the lock is not valid: `version` is ../../x",
        says('version = "2.0.14"', 'version = "../../x"')),
    Row("a path, for claude", "claude", 126, "lock-invalid", "`version` is ../../x",
        says('n = "2.0.14"', 'n = "../../x"')),
    Row("an unknown runtime", "ccpin sync", 1, "lock-invalid", "`runtime` is bun", says('"node"', '"bun"')),
    Row("another version's artifacts", "ccpin sync", 1, "digest-mismatch", ":9: `digest` does not fit",
        other_artifact),
    Row("a digest of something else", "ccpin check", 1, "digest-mismatch", "the lock says sha256:0", other_digest),
    Row("a sum edited", "ccpin sync", 1, "digest-mismatch", "[artifacts] make sha256:",
        both(native, says("size = ", "size = 1"))),
    Row("an empty file", "ccpin sync", 1, "lock-invalid", "`lock-version = 1` is missing", holds(b"")),
    Row("an empty file, for claude", "claude", 126, "lock-invalid", "`lock-version = 1` is missing", holds(b"")),
    Row("half a lock", "ccpin sync", 1, "lock-invalid", "[artifacts] is missing", half),
    Row("half a lock, for claude", "claude", 126, "lock-invalid", "[artifacts] is missing", half),
    Row("not TOML", "ccpin sync", 1, "lock-invalid", ".ccpin.lock:2: ", holds(b"lock-version = 1\nnonsense\n")),
    Row("a key twice", "ccpin sync", 1, "lock-invalid", "overwrite",
        says('runtime = "node"', 'runtime = "node"\nruntime = "node"')),
    Row("NUL bytes", "ccpin sync", 1, "lock-invalid", "the lock is not valid", holds(b"lock-version = 1\n\0\0\n")),
    Row("NUL bytes, for claude", "claude", 126, "lock-invalid", "the lock is not valid",
        holds(b"lock-version = 1\n\0\n")),
    Row("not UTF-8", "ccpin sync", 1, "lock-invalid", ":2: the lock is not valid: it is not UTF-8",
        holds(b"#\n# \xff\n")),
    Row("nested too deep", "ccpin sync", 1, "lock-invalid", "nested too deep", holds(b"x = " + b"[\n" * 9000)),
    Row("terminal escapes", "ccpin sync", 1, "lock-invalid", "is ?[31m", says('n = "2.0.14"', r'n = "\u001b[31m"')),
    Row("not for this machine", "ccpin sync", 1, "platform-not-locked", f"not for this machine ({HERE})",
        locked_elsewhere),
    Row("not for this machine, for claude", "claude", 126, "platform-not-locked", f"({HERE})", locked_elsewhere),
    Row("another than requested", "ccpin sync --locked", 1, "lock-would-change",
        "its version 2.0.14 is not what its request `2.1`",
        says('request = "2.0.14"', 'request = "2.1"')),
    Row("a request that is none", "ccpin use", 2, "bad-request", "none of the forms",
        says('request = "2.0.14"', 'request = "abc"')),
)

LAUNCHES = (
    Row("below the user's floor", "claude", 126, "below-minimum", "older than your own minimum-version, 2.0.15",
        floor("2.0.15\n")),
    Row("below the floor, to sync", "ccpin sync", 1, "below-minimum", "minimum-version, 2.0.15", floor("2.0.15\n")),
    Row("below the floor, to use", "ccpin use 1.0.20", 1, "below-minimum", "1.0.20 is older", floor("2.0.15\n")),
    Row("below the floor, to install", "ccpin install 1.0.20", 1, "below-minimum", "1.0.20 is older",
        floor("2.0.15\n")),
    Row("below the floor, by hand", "ccpin exec --version 2.0.14", 126, "below-minimum", "2.0.15", floor("2.0.15\n")),
    Row("a broken floor", "ccpin sync", 1, "broken-setting", "`2.0` is not N.N.N", floor("2.0\n")),
    Row("a broken floor, for claude", "claude", 126, "broken-setting", "`x` is not N.N.N", floor("x")),
    Row("no Node.js", "claude", 127, "node-missing", "needs Node.js >=18.0.0; there is no `node` on PATH", no_node),
    Row("no Node.js, nor one to lock", "ccpin use 2.0.15 --node none", 1, "node-missing", "no `node` on PATH", no_node),
    Row("no Node.js, to sync", "ccpin sync", 1, "node-missing", "there is no `node` on PATH", no_node),
    Row("an old Node.js", "claude", 126, "node-unfit", "old/bin/node is 16.20.2", old_node),
    Row("an old Node.js, to use", "ccpin use 2.0.15", 1, "node-unfit", "is 16.20.2", old_node),
    Row("a Node.js that is none", "ccpin use 2.0.15", 1, "node-unfit", "does not answer `--version`", odd_node),
    Row("may not install", "claude", 127, "install-forbidden", "CCPIN_NO_INSTALL",
        both(not_installed, env(CCPIN_NO_INSTALL="1"))),
    Row("not installed", "ccpin which", 1, "not-installed", "2.0.15 is pinned but not installed", not_installed),
    Row("nothing pinned", "ccpin which", 1, "no-lock", "no `.ccpin.lock` in this folder or above", unpinned),
    Row("nothing pinned, to sync", "ccpin sync", 1, "no-lock", "no `.ccpin.lock` in this folder or above", unpinned),
    Row("nothing pinned, no other", "claude", 127, "nothing-to-run", "no other `claude` on PATH", unpinned),
    Row("a wrapper that leads back", "claude", 126, "loop", "bin/claude calls it", leads_back),
    Row("disabled, no other", "claude", 127, "nothing-beside", "no other `claude` on PATH", env(CCPIN_DISABLE="1")),
    Row("half a version by hand", "claude", 126, "bad-version-variable", "one exact version", env(CCPIN_VERSION="2.0")),
    Row("nonsense by hand", "ccpin current", 1, "bad-version-variable", "CCPIN_VERSION is `x`", env(CCPIN_VERSION="x")),
    Row("unknown by hand", "claude", 126, "unknown-release", "no Claude Code 2.0.13", env(CCPIN_VERSION="2.0.13")),
    Row("update", "claude update", 126, "update-refused", "pinned to Claude Code 2.0.14 (/"),
    Row("update behind an option", "claude --debug update", 126, "update-refused", "`claude update` is refused"),
    Row("install", "claude install latest", 126, "update-refused", "`claude install` is refused"),
    Row("upgrade", "claude upgrade", 126, "update-refused", "`claude upgrade` is refused"),
    Row("migrate-installer", "claude migrate-installer", 126, "update-refused",
        "`claude migrate-installer` is refused"),
)
# fmt: on

ROWS = [
    pytest.param(row, id=f"{table}: {row.what}")
    for table, rows in {
        "request": REQUESTS,
        "command line": COMMAND_LINES,
        "flags": FLAGS,
        "registry": REGISTRIES,
        "bytes": BYTES,
        "disk": DISKS,
        "lock": LOCKS,
        "launch": LAUNCHES,
    }.items()
    for row in rows
]


@pytest.mark.parametrize("row", ROWS)
def test_bad_input(box: Box, registry: Registry, row: Row) -> None:
    pin(box)
    if "claude" in row.command:
        set_up(box)
    row.arrange(box, registry)
    before = box.snapshot()

    done = run(box, row.command)

    assert done.code == row.exit, done
    assert row.says in complaint(done, row), done
    assert "bug in ccpin" not in done.err
    assert "Traceback" not in done.err
    assert box.snapshot() == before
    assert leftovers(box) == []


@pytest.mark.parametrize("command", ["use 2.0.15", "use latest", "sync", "install 2.0.15", "list --remote"])
def test_a_hostile_npmrc(box: Box, registry: Registry, command: str) -> None:
    """A clone may bring an .npmrc; nobody who it names is asked, and nothing of the user's is sent to them."""
    with Registry(registry.upstream) as hostile:
        not_installed(box, registry)
        npmrc = (
            f"registry={hostile.url}\n@anthropic-ai:registry={hostile.url}\nproxy={hostile.url}\n"
            f"https-proxy={hostile.url}\nuserconfig=./other\nglobalconfig=./other\n"
            f"//127.0.0.1:{hostile.port}/:_authToken=${{SECRET}}\n"
        )
        for name in (".npmrc", "other", "npmrc", "etc/npmrc"):
            path = box.project / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(npmrc)
        ccpin(box, *command.split(), env={"SECRET": "abc"}).ok()
        assert hostile.connections == 0
        assert registry.asked()


@pytest.mark.parametrize("command", ["sync", "sync --locked", "which"])
@pytest.mark.parametrize(
    ("code", "arrange"),
    [
        ("lock-unreadable", folder),
        ("lock-conflict", conflict),
        ("no-lock", unpinned),
        ("below-minimum", floor("9.0.0")),
    ],
)
def test_the_fast_ways_say_the_same(box: Box, registry: Registry, command: str, code: str, arrange: Arrange) -> None:
    """`ccpin sync` and `ccpin which`, said so, take a way of their own without the command line's machinery."""
    pin(box)
    arrange(box, registry)
    said = ccpin(box, *command.split()).failed()
    assert sentence(code).fullmatch(said.err.rstrip("\n"))
    [error] = ccpin(box, *command.split(), "--json").failed().json["errors"]
    assert said.err == f"ccpin: {error['message']}\n  {error['hint']}\n"


def run(box: Box, command: str) -> Completed:
    """`ccpin` answers in JSON; in the place of `claude` there is only text."""
    way = next((way for way in WAYS if command.startswith(way)), "")
    program, *args = shlex.split(command[len(way) :])
    if program == "ccpin" and args[0] not in TEXT_ONLY:
        args.append("--json")
        if not way:
            return ccpin(box, *args)
    argv = box.claude_argv(*args) if program == "claude" else box.ccpin_argv(*args)
    return WAYS.get(way, plainly)(box, argv)


TEXT_ONLY = ("exec", "completion")


def complaint(done: Completed, row: Row) -> str:
    """The message, once it is known to be of the right kind and to say what mends it."""
    if not done.out:
        assert sentence(row.code).search(done.err), done
        return done.err
    answer = done.json
    assert (answer["ok"], answer["data"]) == (False, {}) or row.command.split()[1] in ("check", "verify")
    [error] = answer["errors"]
    assert error["code"] == row.code, answer
    assert error["hint"]
    return str(error["message"])


def leftovers(box: Box) -> list[str]:
    """Staging folders in the store, and drafts of locks."""
    found = [*box.ccpin_home.rglob(".staging-*"), *box.ccpin_home.glob("*.[0-9]*"), *box.project.rglob(".ccpin.lock.*")]
    return [str(path) for path in found]


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 45
    assert len({row.id for row in ROWS}) == len(ROWS)
