"""Pruning: taking away what nothing needs, after saying what that is.

`plan` only looks: at the locks of the projects that are known here, at the processes that run, at times. `carry_out`
does what a plan says, one thing after the other. Each install is first moved aside, whole, under its entry's lock; then
the processes and the locks are looked at once more, and one that somebody has begun to use in between is put back.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ccpin.checkpoints import checkpoint
from ccpin.errors import BadLockFile, CcpinError, StoreUnwritable
from ccpin.files import make_folder
from ccpin.paths import Home
from ccpin.store import needs
from ccpin.store.entry import NODE_LINKS, RECEIPT, entry_parts
from ccpin.store.holding import StillHeldError, held
from ccpin.store.leftovers import lock_of
from ccpin.store.litter import Litter, litter
from ccpin.store.live import Live, look
from ccpin.store.needs import Reason, Use
from ccpin.store.projects import Project, known, note
from ccpin.store.publish import remove_if_empty, remove_tree, take_aside
from ccpin.store.receipt import Install, install_folders, read_install
from ccpin.store.weigh import Scales

KEEP = 3
"""How many installs stay in any case: those that were used last."""


STUCK = Reason("stuck", "it could not be removed")


class Stored(NamedTuple):
    """An install, and when it was last used. `sealed` is its receipt's mtime in nanoseconds: it tells whether it is
    still the same later."""

    install: Install
    use: Use
    sealed: int

    @property
    def entry(self) -> str:
        """The name of its store entry."""
        return os.path.basename(self.install.entry)


class Kept(NamedTuple):
    """A folder that stays, and why; `stored` is None where its receipt cannot be read."""

    folder: str
    stored: Stored | None
    reasons: tuple[Reason, ...]


class Freed(NamedTuple):
    """An install that goes, with the bytes that the disk gets back."""

    stored: Stored
    bytes: int


class Swept(NamedTuple):
    """Something else that goes, with the bytes that the disk gets back."""

    litter: Litter
    bytes: int


class Plan(NamedTuple):
    """What goes and what stays. `projects` are those that it was made with, `now` the unix seconds of then,
    `unseen` how many processes would not even tell their names."""

    frees: tuple[Freed, ...]
    keeps: tuple[Kept, ...]
    sweeps: tuple[Swept, ...]
    projects: tuple[Project, ...]
    now: float
    unseen: int = 0

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.frees) + sum(one.bytes for one in self.sweeps)


class Done(NamedTuple):
    """What went and what stayed after all, and what could not be removed."""

    plan: Plan
    errors: tuple[CcpinError, ...]


def plan(
    home: Home,
    live: Live,
    *,
    now: float,
    keep: int = KEEP,
    older_than: float | None = None,
) -> Plan:
    """What `carry_out` would do with the own store of `home`; shared ones are nobody's to prune. Changes nothing.

    `keep` is how many of those used last stay in any case; with `older_than`, in seconds, all stay that were used
    since. `now` is in unix seconds.
    """
    projects = tuple(known(home))
    folders = {folder: _stored(folder) for folder in install_folders(home, own=True)}
    ours = [one for one in folders.values() if one is not None and _is_named(one)]
    by_use = sorted(ours, key=lambda one: one.use.when, reverse=True)
    recent = {one.install.folder for one in by_use[:keep]}
    scales = Scales()
    frees, keeps = [], []
    for folder, stored in folders.items():
        reasons = [*_needs(home, folder, stored, projects, live, now)]
        if folder in recent:
            reasons.append(Reason("recent", "it was used last" if keep == 1 else f"one of the {keep} used last"))
        if stored and older_than is not None and now - stored.use.when < older_than:
            reasons.append(Reason("young", f"it was used {_days(now - stored.use.when)}"))
        if stored is None or reasons:
            keeps.append(Kept(folder, stored, tuple(reasons)))
        else:
            frees.append(Freed(stored, scales.freed(folder)))
    swept = [*litter(home, live, now), *_forgotten(projects, list(filter(None, folders.values())), now)]
    sweeps = tuple(Swept(one, scales.freed(one.path)) for one in swept)
    return Plan(tuple(frees), tuple(keeps), sweeps, projects, now, live.nameless)


def carry_out(home: Home, planned: Plan, again: Callable[[Home], Live] = look) -> Done:
    """Does what a plan says, notes which projects are gone, and forgets those that are for long. What somebody has
    begun to use since stays; what cannot be removed is one of the errors. `again` looks at the processes."""
    _note(planned)
    checkpoint("prune: noted")
    frees: list[Freed] = []
    sweeps: list[Swept] = []
    keeps, errors = list(planned.keeps), []
    for one in planned.frees:
        try:
            done = _free(home, one.stored, planned.now, again)
        except (OSError, BadLockFile) as error:
            errors.append(_unwritable(error, one.stored.install.folder))
            keeps.append(Kept(one.stored.install.folder, one.stored, (STUCK,)))
            continue
        if isinstance(done, int):
            frees.append(one._replace(bytes=done))
        else:
            keeps.append(Kept(one.stored.install.folder, one.stored, (done,)))
    for thing in planned.sweeps:
        try:
            swept = _sweep(home, thing.litter)
        except (OSError, BadLockFile) as error:
            errors.append(_unwritable(error, thing.litter.path))
            continue
        sweeps += [] if swept is None else [thing._replace(bytes=swept)]
    done_plan = planned._replace(frees=tuple(frees), keeps=tuple(keeps), sweeps=tuple(sweeps))
    return Done(done_plan, tuple(errors))


def _stored(folder: str) -> Stored | None:
    install = read_install(folder)
    return None if install is None else Stored(install, needs.last_use(install), _sealed(folder))


def _is_named(stored: Stored) -> bool:
    """Whether it stands where ccpin installs such a thing: a copy that somebody made of it does not."""
    install = stored.install
    return entry_parts(stored.entry) is not None and os.path.basename(install.folder) == install.receipt.platform


def _sealed(folder: str) -> int:
    try:
        return os.stat(os.path.join(folder, RECEIPT)).st_mtime_ns
    except OSError:
        return -1


def _needs(
    home: Home, folder: str, stored: Stored | None, projects: Sequence[Project], live: Live, now: float
) -> Iterator[Reason]:
    entry = os.path.basename(os.path.dirname(folder))
    yield from needs.by_projects(entry, projects, home, now, _accessed(stored, now) if stored else 0.0)
    yield from needs.by_processes(folder, stored.install if stored else None, live)
    yield from needs.by_bisects(entry, home)
    yield from needs.by_lock_file(entry, home)
    if stored is None:
        yield Reason("receipt", "its receipt cannot be read; `ccpin verify` says what to do")
    elif not _is_named(stored):
        yield Reason("receipt", "it is no store entry of this ccpin's")


def _days(seconds: float) -> str:
    days = int(seconds // needs.DAY)
    return "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"


def _accessed(stored: Stored, now: float) -> float:
    return min(stored.use.when, now) if stored.use.known_by == "access" else 0.0


def _forgotten(projects: Sequence[Project], installs: Sequence[Stored], now: float) -> Iterator[Litter]:
    for project in projects:
        if project.record is None or not project.is_gone:
            continue
        used = max((_accessed(one, now) for one in installs if needs.did_name(project, one.entry)), default=0.0)
        if now >= needs.kept_until(project, now, used):
            with contextlib.suppress(OSError):
                stamp = os.lstat(project.record).st_mtime_ns
                yield Litter("record", project.record, f"{project.path} is gone for 14 days", stamp=stamp)


def _note(planned: Plan) -> None:
    forgotten = {thing.litter.path for thing in planned.sweeps}
    for project in planned.projects:
        if project.record not in forgotten:
            note(project, int(needs.gone_since(project, planned.now)) if project.is_gone else None)


def _free(home: Home, stored: Stored, now: float, again: Callable[[Home], Live]) -> int | Reason:
    """The bytes that the disk got back, or why the install stays after all. Raises OSError, BadLockFile."""
    folder, entry = stored.install.folder, stored.install.entry
    with _held(home, stored.entry) as taken:
        if not taken:
            return Reason("busy", "another process is at work on it")
        checkpoint("prune: locked")
        if _sealed(folder) != stored.sealed:
            return Reason("busy", "it was installed anew, or removed, in the meantime")
        aside, reason = take_aside(folder, lambda aside: _used_by_now(home, stored, aside, now, again))
        if reason is not None:
            return reason
        try:
            checkpoint("prune: looked again")
            freed = Scales().freed(aside)
        finally:  # after Ctrl-C, too: nobody finds it any more
            remove_tree(aside)
        checkpoint("prune: removed")
        _remove_entry(home, entry)
        checkpoint("prune: entry removed")
        return freed


def _used_by_now(home: Home, stored: Stored, aside: str, now: float, again: Callable[[Home], Live]) -> Reason | None:
    checkpoint("prune: moved aside")
    live = again(home)
    folder = stored.install.folder
    found = [
        *needs.by_projects(stored.entry, known(home), home, now),
        *needs.by_processes(folder, stored.install, live),
        *needs.by_bisects(stored.entry, home),
        *needs.by_processes(aside, stored.install, live),  # where a process is now that was started just before
    ]
    return found[0] if found else None


def _sweep(home: Home, thing: Litter) -> int | None:
    """The bytes that the disk got back; None where somebody is at work there by now, or has touched it. Raises OSError,
    BadLockFile."""
    try:
        stamp = os.lstat(thing.path).st_mtime_ns
    except FileNotFoundError:
        return None
    if thing.entry is None:
        if stamp != thing.stamp or not _is_still_gone(home, thing):
            return None
        freed = Scales().freed(thing.path)
        remove_tree(thing.path)
        checkpoint("prune: swept")
        return freed
    with _held(home, thing.entry) as taken:
        if not taken:
            return None
        freed = Scales().freed(thing.path)
        if thing.what == "leftover":
            remove_tree(thing.path)
        _remove_entry(home, os.path.join(home.releases, thing.entry))
        checkpoint("prune: swept")
    return freed


def _is_still_gone(home: Home, thing: Litter) -> bool:
    """Of a project's record, whether the project is: its disk may have been mounted meanwhile."""
    return thing.what != "record" or any(one.record == thing.path and one.is_gone for one in known(home))


def _remove_entry(home: Home, entry: str) -> None:
    """Removes an entry in which no install stands any more, and its lock file, which this process holds."""
    with contextlib.suppress(FileNotFoundError):
        if set(os.listdir(entry)) <= NODE_LINKS:
            for name in os.listdir(entry):
                os.unlink(os.path.join(entry, name))
            remove_if_empty(entry)
    if not os.path.lexists(entry):
        with contextlib.suppress(OSError):  # Windows removes no file that is open
            os.unlink(lock_of(home, os.path.basename(entry)))


@contextmanager
def _held(home: Home, entry: str) -> Iterator[bool]:
    """Holds the lock of an entry; tells whether nobody else does."""
    make_folder(home.locks)
    try:
        with held(lock_of(home, entry), 0):
            yield True
    except StillHeldError:
        yield False


def _unwritable(error: OSError | BadLockFile, path: str) -> CcpinError:
    if isinstance(error, CcpinError):
        return error
    return StoreUnwritable(path=error.filename or path, reason=(error.strerror or str(error)).lower())
