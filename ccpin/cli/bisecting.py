"""What a bisection is asked: options made into `Asked`, or compared with what was asked when it began."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ccpin.cli.capturing import flags_of, mode_of
from ccpin.cli.place import current_folder
from ccpin.errors import BadOption, CcpinError, CommandNotStarted, NothingToContinue, OtherBisect
from ccpin.files import standing
from ccpin.launching.bisect import steps_said
from ccpin.launching.bisectlog import Asked, Log, folder_to_continue, read_log
from ccpin.launching.choose import pin_of_request
from ccpin.paths import Home
from ccpin.pinning.find import nearest_lock
from ccpin.pinning.head import is_version, version_key
from ccpin.pinning.lock import parse
from ccpin.releases.configured import configured
from ccpin.releases.search import Search
from ccpin.store.bisects import folder_of
from ccpin.store.entry import artifact_key
from ccpin.store.receipt import all_installs, installs
from ccpin.wire.predicate import parse_predicate

_COMMAND = "ccpin bisect"


@dataclass(frozen=True)
class Given:
    """The options as they were typed; None, or nothing, for those that were not."""

    good: str | None
    bad: str | None
    command: tuple[str, ...]
    profile: str | None
    skip: tuple[str, ...]
    runs: int | None
    wire: str | None
    gateway: bool


def asked_anew(given: Given, home: Home, env: dict[str, str]) -> tuple[str, Log]:
    """The folder of a bisection that begins, and its log, not written yet. Raises BadOption, CommandNotStarted,
    UnknownProfile, LockError, RegistryError, ChannelError, ReleaseError."""
    good, bad = _ends(given)
    _require_sense(given, env)
    for version in _skips(given):
        if not version_key(good) < version_key(version) < version_key(bad):
            raise _bad(f"`--skip {version}` is not between {good} and {bad}: an end has to be told")
    env_flags, clean = flags_of(given.profile, home)
    candidates, passed = _between(good, bad, home, env)
    here, project = current_folder(), project_folder()
    asked = Asked(
        project,
        here,
        good,
        bad,
        given.command,
        given.wire,
        env_flags,
        clean,
        mode_of(given.gateway),
        given.runs or 1,
        _skips(given),
        candidates,
        tuple(version for version in candidates if version in own_versions(home)),
        passed,
    )
    folder = folder_of(home, project, good, bad)
    return folder, Log(folder, asked)


def _require_sense(given: Given, env: dict[str, str]) -> None:
    """Raises BadOption, and CommandNotStarted for a word that is on no PATH: a mistyped one drops no log."""
    if bool(given.command) == (given.wire is not None):
        raise _bad("it takes a COMMAND behind `--`, or `--wire`")
    if given.wire is not None:
        parse_predicate(given.wire)
    elif given.gateway:
        raise _bad("`--gateway` is for `--wire`: a COMMAND talks to whom it talks")
    runs = given.runs or 1
    if runs % 2 == 0:
        raise _bad(f"`--runs {runs}`: of an even number of runs there may be no majority; take {runs + 1}")
    word = next(iter(given.command), "claude")
    bare = word != "claude" and not os.path.dirname(word)
    if bare and shutil.which(word, path=env.get("PATH") or os.defpath) is None:
        raise CommandNotStarted(command=word, reason=os.strerror(errno.ENOENT).lower())


def _skips(given: Given) -> tuple[str, ...]:
    """Raises BadOption."""
    return tuple(_version(version, "--skip") for version in given.skip)


def resumed(given: Given, home: Home) -> tuple[str, Log]:
    """The folder of a bisection that goes on, and its log. Raises NothingToContinue, OtherBisect, BadOption."""
    project = project_folder()
    if given.good is None and given.bad is None:
        folder = folder_to_continue(home, project)
    else:
        folder = folder_of(home, project, *_ends(given))
    return folder, require_same(given, read_log(folder))


def require_same(given: Given, log: Log | None) -> Log:
    """The log, where it is of what was asked now, as far as that was said. Raises NothingToContinue, OtherBisect."""
    if log is None:
        raise NothingToContinue(reason="none was begun for these ends, or another ccpin began it")
    if log.is_done:
        raise NothingToContinue(reason=f"the one from {log.asked.good} to {log.asked.bad} is done")
    asked = log.asked
    flags = None if given.profile is None else flags_of(given.profile, None)
    pairs = (
        ("COMMAND", given.command, asked.command, shlex.join(asked.command) or "none"),
        ("--wire", given.wire, asked.wire, asked.wire or "not there"),
        ("--runs", given.runs, asked.runs, asked.runs),
        ("--skip", set(_skips(given)), set(asked.skip), ", ".join(asked.skip) or "not there"),
        ("--profile", flags, (dict(asked.env), asked.clean), "another one"),
        ("--gateway", given.gateway, asked.mode == "gateway", "not there"),
    )
    for name, now, then, was in pairs:
        if now and now != then:
            raise OtherBisect(name=name, was=was)
    return log


def project_folder() -> str:
    """The folder of the nearest lock, else the current one. Raises FolderGone, LockUnreadable."""
    lock = nearest_lock()
    return current_folder() if lock is None else os.path.dirname(lock)


def own_versions(home: Home) -> set[str]:
    """What is installed in the own store."""
    return {one.receipt.version for one in installs(home)}


def disk_note(home: Home, env: dict[str, str], asked: Asked) -> Iterator[str]:
    """How long it takes, and what it may need of the disk."""
    steps = Search(asked.candidates).steps
    count = len(asked.candidates)
    yield f"ccpin: {count} releases from {asked.good} to {asked.bad}: about {steps_said(steps)} after the two ends"
    here = {one.receipt.version for _, one in all_installs(home)}
    missing = len([version for version in asked.candidates if version not in here])
    most = min(2 * steps + 2, missing)  # with one ahead, which is the wrong one as often as not
    size = _size(home, env, asked.bad)
    if size is not None and most:
        free = shutil.disk_usage(standing(home.root)).free
        yield (
            f"ccpin: up to {most} of them are installed for it, {most * size / 1e9:,.1f} GB at most"
            f" ({free / 1e9:,.1f} GB are free); `ccpin prune` frees them afterwards"
        )


def _size(home: Home, env: dict[str, str], version: str) -> int | None:
    """The bytes of a release on the disk: installed, or as its manifest says; None where nobody says."""
    for _, one in all_installs(home):
        if one.receipt.version == version:
            return one.size
    try:
        pin = pin_of_request(home, version, None, env, where="--bad")
        lock = parse(pin.data, "the lock")
        return lock.artifacts[artifact_key(lock)].size
    except (CcpinError, KeyError):  # whoever installs it will say so
        return None


def _between(good: str, bad: str, home: Home, env: dict[str, str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The ends, which count whatever is known of them, and what is whole between them; and why the rest does not
    count."""
    sources = configured(env, home, folder=current_folder())
    found = sources.first(lambda source: source.between(good, bad))
    inner = {version: fault for version, fault in found.items() if version not in (good, bad)}
    passed = {version: fault for version, fault in inner.items() if fault}
    return (good, *sorted(inner.keys() - passed.keys(), key=version_key), bad), passed


def _ends(given: Given) -> tuple[str, str]:
    if given.good is None or given.bad is None:
        raise _bad("it takes both ends, `--good A` and `--bad B`")
    good, bad = _version(given.good, "--good"), _version(given.bad, "--bad")
    if version_key(good) >= version_key(bad):
        turned = "" if good == bad else "; to find what mended something, turn the command around"
        raise _bad(f"`--good {good}` must be older than `--bad {bad}`{turned}")
    return good, bad


def _version(text: str, option: str) -> str:
    found = text.removeprefix("v")
    if not is_version(found):
        raise _bad(f"`{option} {text}` is not one version: it takes three numbers")
    return found


def _bad(reason: str) -> BadOption:
    return BadOption(reason=reason, command=_COMMAND)


def named(words: Sequence[str]) -> str:
    """A command in a sentence."""
    text = shlex.join(words)
    return text if len(text) <= 80 else f"{text[:79]}…"
