"""Whether what is sent here is what the lock's fingerprint says; and where it is not, what makes the difference.

The release runs in a throw-away home, with copies of what this user has that may matter (`ccpin.wire.copies`). Where a
part differs, it runs again without them, and with each of them alone: a reason that is given was seen to be one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Event
from typing import NamedTuple

from ccpin.errors import (
    AddedHere,
    CcpinError,
    EditedFingerprint,
    FolderGone,
    NoFingerprint,
    NotInstalled,
    NotStable,
    OtherRules,
    SentByItself,
    SentOtherwise,
)
from ccpin.launching.contradictions import settings_files
from ccpin.launching.environment import RECORD, pinned
from ccpin.launching.launch import node_before
from ccpin.launching.settings import passed
from ccpin.paths import Home
from ccpin.pinning.find import Pin
from ccpin.pinning.lock import Lock
from ccpin.pinning.own import kept_flags
from ccpin.pinning.proof import ALL, MODES, Proof
from ccpin.store.entry import install_folder, ready, serving
from ccpin.wire.additions import additions
from ccpin.wire.capture import Mode
from ccpin.wire.copies import Copy, copies, exports, project_copies, put
from ccpin.wire.fingerprint import PARTS, Fingerprint
from ccpin.wire.normal import NORMALISER, digest
from ccpin.wire.pairs import two_at_a_time
from ccpin.wire.take import Subject, subject, take

ANEW = "ccpin env profile --fingerprint"

Differing = frozenset[str]
"""The parts in which a run was not what the lock says."""


def proof_of(found: Fingerprint) -> Proof:
    """What a lock can hold of it. Raises NotStable."""
    if found.unstable:
        raise NotStable(version=found.about.version, parts=", ".join(found.unstable))
    digests = {ALL: found.all, **{str(part): value for part, value in found.digests.items()}}
    return Proof(found.about.mode, found.about.normaliser, digests)


def with_copies(what: Subject, held: list[Copy]) -> Subject:
    """The same in a home and a folder that hold these too; of variables none."""

    def furnish(home: str, cwd: str) -> None:
        what.furnish(home, cwd)
        put(held, home, cwd)

    return replace(what, furnish=furnish)


class Proven(NamedTuple):
    """Every difference, none where what is sent here is what the lock says; and `how` the release was kept apart while
    it ran, None where it did not run. `seen` are the digests of what it sent, by part."""

    faults: list[CcpinError]
    how: str | None = None
    seen: Mapping[str, str] = {}


def prove(home: Home, env: dict[str, str], pin: Pin, lock: Lock) -> Proven:
    """Compares with the fingerprint of `lock`, whose `pin` is that of the current folder.

    Raises NotCaptured, CannotCapture, NotInstalled, NodeMissing, NodeUnfit, BrokenSetting,
    FolderGone.
    """
    if lock.proof is None:
        return Proven([NoFingerprint(where=pin.path, command=ANEW)])
    if lock.proof.normaliser != NORMALISER:
        return Proven([OtherRules(where=pin.path, found=lock.proof.normaliser, known=NORMALISER, command=ANEW)])
    folder = _folder(pin)
    found: list[CcpinError] = [
        AddedHere(where=one.where, part=one.part, what=one.what) for one in additions(env, folder, _mode(lock.proof))
    ]
    held = copies(env, folder, clean=lock.clean)
    own = project_copies(folder)
    trial = _Trial(home, env, lock, lock.proof, own if pin.why == "lock" else [])
    held += [] if pin.why == "lock" else own
    seen = trial.run(held)
    if parts := trial.differences(seen):
        found += _explained(trial, held, parts, pin, env, folder)
    elif not _is_whole(lock.proof):
        found.append(EditedFingerprint(where=pin.path, command=ANEW))
    return Proven(found, seen.how, {str(part): value for part, value in seen.digests.items()})


def _is_whole(proof: Proof) -> bool:
    """Whether its one digest is that of its parts, and it has no part that was never compared."""
    known = {part: proof.digests.get(part) for part in PARTS}
    return set(proof.digests) == {ALL, *PARTS} and proof.digests[ALL] == digest(known)


def _mode(proof: Proof) -> Mode:
    return "gateway" if proof.mode == MODES[1] else "first-party"


def _folder(pin: Pin) -> str:
    """Of the project: of its lock, or the current one, where the user's default counts. Raises FolderGone."""
    if pin.why == "lock":
        return os.path.dirname(os.path.abspath(pin.path))
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise FolderGone() from None


class _Trial:
    """Runs of one release with one or another set of copies, besides those of the project."""

    def __init__(self, home: Home, env: dict[str, str], lock: Lock, proof: Proof, project: Sequence[Copy]) -> None:
        head = lock.head()
        self._head, self._proof, self._project = head, proof, project
        self.over = Event()
        self._plain = subject(home, env, head, _mode(proof))
        self._kept = kept_flags(home) if head.clean else frozenset[str]()
        command = ready(home, head)
        if command is None:  # gone, since `subject` looked
            raise NotInstalled(version=head.version, command="ccpin sync")
        folder = install_folder(serving(home, head), head)
        self._command = (*node_before(home, head, env), command, *passed(head, folder, self._kept))

    def run(self, held: Sequence[Copy]) -> Fingerprint:
        return take(self._subject([*self._project, *held]), over=self.over)

    def differing(self, held: Sequence[Copy]) -> Differing:
        return self.differences(self.run(held))

    def differences(self, seen: Fingerprint) -> Differing:
        return frozenset(part for part in PARTS if self._proof.digests.get(part) != seen.digests[part])

    def _subject(self, held: list[Copy]) -> Subject:
        flags = pinned(exports(held), self._head, self._kept)
        env = {name: value for name, value in flags.items() if name != RECORD}

        return replace(with_copies(self._plain, held), command=self._command, env=env)


def _explained(
    trial: _Trial, held: Sequence[Copy], parts: Differing, pin: Pin, env: Mapping[str, str], folder: str
) -> Iterator[CcpinError]:
    """A fault for each reason, with the parts in which it was seen to be one."""
    sets: list[Sequence[Copy]] = [[], *([[copy] for copy in held] if len(held) > 1 else [])]
    bare, *each = two_at_a_time(trial.differing, sets, trial.over) if held else [parts]
    blamed = list(zip(held, each or [parts] * len(held), strict=True))
    if alone := parts & bare:
        policy = [path for level, path in settings_files(env, folder) if level == "policy" and os.path.exists(path)]
        machine = f"on this machine{', where an administrator has set a policy' if policy else ''}"
        yield SentByItself(where=pin.path, parts=_are(alone), machine=machine, command=ANEW)
    reasons: dict[str, set[str]] = {}
    for part in parts - bare:
        why = " and ".join(copy.what for copy, differs in blamed if part in differs)
        reasons.setdefault(why or "several of this user's settings together make the difference", set()).add(part)
    for why, of in sorted(reasons.items(), key=lambda reason: sorted(reason[1])):
        yield SentOtherwise(where=pin.path, parts=_are(of), why=why)


def _are(parts: Iterable[str]) -> str:
    """Parts, as the beginning of a sentence."""
    *others, last = [f"`{part}`" for part in sorted(parts)]
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"
