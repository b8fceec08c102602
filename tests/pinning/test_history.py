"""What git has of a lock, in clones that mean no good."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.errors import NoPrevious
from ccpin.pinning import git, history
from ccpin.pinning.head import MAX_BYTES
from ccpin.pinning.history import committed, dated

pytestmark = pytest.mark.skipif(os.name != "posix" or not shutil.which("git"), reason="git, and programs that are sh's")


class Clone:
    """A repository with one lock in it. `git` runs git as its owner would, with a home of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root.parent / "home"
        self.home.mkdir()
        self.lock = root / ".ccpin.lock"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, check: bool = True) -> str:
        who = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@x",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@x",
        }
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**self.env, **who}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout.strip()

    def commit(self, text: str | bytes, name: str = ".ccpin.lock") -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def texts(self, name: str = ".ccpin.lock") -> list[bytes]:
        return [one.data for one in committed(str(self.root / name), self.env)]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone")


class TestWhatItHas:
    def test_the_newest_first_with_their_commits(self, clone: Clone) -> None:
        one = clone.commit("one")
        clone.commit("else", "other")
        two = clone.commit("two")
        found = committed(str(clone.lock), clone.env)
        assert [(c.commit, c.data) for c in found] == [(two, b"two"), (one, b"one")]

    def test_in_a_sub_folder_with_an_odd_name(self, clone: Clone) -> None:
        name = "it's :(top) *\nhere/.ccpin.lock"
        clone.commit("one", name)
        clone.commit("not this")
        assert clone.texts(name) == [b"one"]

    def test_in_a_worktree(self, clone: Clone, tmp_path: Path) -> None:
        clone.commit("one")
        clone.git("worktree", "add", "-q", str(tmp_path / "tree"))
        assert [c.data for c in committed(str(tmp_path / "tree/.ccpin.lock"), clone.env)] == [b"one"]

    def test_of_a_lock_that_is_a_link(self, clone: Clone) -> None:
        clone.commit("one", "shared/lock")
        clone.lock.symlink_to("shared/lock")
        assert clone.texts() == [b"one"]

    def test_bytes_that_look_like_gits_own_words(self, clone: Clone) -> None:
        text = b"\n" + b"0" * 40 + b" blob 5\nfalse\n\0\xff"
        clone.commit(text)
        clone.commit("two")
        assert clone.texts() == [b"two", text]

    def test_what_was_deleted_a_link_or_too_large_is_left_out(self, clone: Clone) -> None:
        clone.commit("one")
        clone.commit(b"x" * (MAX_BYTES + 1))
        clone.lock.unlink()
        clone.commit("else", "other")
        clone.lock.mkdir()
        clone.commit("x", ".ccpin.lock/file")
        shutil.rmtree(clone.lock)
        clone.commit("two")
        assert clone.texts() == [b"two", b"one"]

    def test_no_more_than_so_many(self, clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(history, "MOST_COMMITS", 3)
        for number in range(5):
            clone.commit(str(number))
        assert clone.texts() == [b"4", b"3", b"2"]


class TestWithTimes:
    """What the current branch had, and when."""

    def test_the_oldest_first(self, clone: Clone) -> None:
        clone.commit("one")
        clone.commit("else", "other")
        clone.lock.unlink()
        clone.commit("more", "other")
        clone.commit("two")
        found = dated(str(clone.lock), clone.env)
        assert [one.data for one in found] == [b"one", None, b"two"]
        now = time.time()
        assert all(now - 600 < one.when <= now + 1 for one in found)

    def test_of_a_merge_its_own(self, clone: Clone) -> None:
        clone.commit("one")
        clone.git("checkout", "-q", "-b", "side")
        clone.commit("two")
        clone.commit("three")
        clone.git("checkout", "-q", "main")
        clone.git("merge", "-q", "--no-ff", "-m", "x", "side")
        assert [one.data for one in dated(str(clone.lock), clone.env)] == [b"one", b"three"]

    def test_nothing(self, clone: Clone) -> None:
        clone.commit("x", "other")
        with pytest.raises(NoPrevious):
            dated(str(clone.lock), clone.env)


class TestNothing:
    def reason(self, path: Path, env: dict[str, str]) -> str:
        with pytest.raises(NoPrevious) as caught:
            committed(str(path), env)
        return caught.value.message

    def test_no_checkout(self, clone: Clone, tmp_path: Path) -> None:
        assert "it is in no git checkout" in self.reason(tmp_path / ".ccpin.lock", clone.env)

    def test_no_git(self, clone: Clone, tmp_path: Path) -> None:
        assert "git is not on PATH" in self.reason(clone.lock, {"PATH": str(tmp_path)})

    def test_not_the_git_of_the_current_folder(
        self, clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        program(tmp_path / "git", tmp_path / "ran")
        monkeypatch.chdir(tmp_path)
        assert "git is not on PATH" in self.reason(clone.lock, {"PATH": ".::"})
        assert not (tmp_path / "ran").exists()

    def test_no_commit(self, clone: Clone) -> None:
        assert "git says `fatal: bad revision 'HEAD'`" in self.reason(clone.lock, clone.env)

    def test_no_commit_of_it(self, clone: Clone) -> None:
        clone.commit("x", "other")
        assert "no commit holds it" in self.reason(clone.lock, clone.env)

    def test_a_git_folder_that_is_none(self, clone: Clone) -> None:
        """Nor is a repository above it asked."""
        clone.commit("one", "deep/.ccpin.lock")
        (clone.root / "deep/.git").mkdir()
        assert "git says `fatal: not a git repository" in self.reason(clone.root / "deep/.ccpin.lock", clone.env)

    def test_a_git_that_takes_too_long(self, clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(git, "_SECONDS", 0.3)
        slow = tmp_path / "slow/git"
        program(slow, tmp_path / "ran", f"exec {shutil.which('sleep')} 30")
        began = time.monotonic()
        assert "has not answered within 0.3 seconds" in self.reason(clone.lock, {"PATH": str(slow.parent)})
        assert time.monotonic() - began < 10

    def test_a_git_that_cannot_be_started(self, clone: Clone, tmp_path: Path) -> None:
        broken = tmp_path / "broken/git"
        broken.parent.mkdir()
        broken.write_text("#!/no/such/interpreter\n")
        broken.chmod(0o755)
        assert "git cannot be started" in self.reason(clone.lock, {"PATH": str(broken.parent)})


def program(path: Path, mark: Path, then: str = "exit 0") -> Path:
    """A program that leaves a mark when it is run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n: >{shlex.quote(str(mark))}\n{then}\n")
    path.chmod(0o755)
    return path


def _monitor(clone: Clone, evil: str) -> None:
    clone.git("config", "core.fsmonitor", evil)


def _signatures(clone: Clone, evil: str) -> None:
    clone.git("config", "log.showSignature", "true")
    clone.git("config", "gpg.program", evil)
    signed = clone.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n", 1
    )
    raw = clone.root / "raw"
    raw.write_text(signed + "\n")
    clone.git("update-ref", "refs/heads/main", clone.git("hash-object", "-t", "commit", "-w", "raw"))
    raw.unlink()


def _pager(clone: Clone, evil: str) -> None:
    clone.git("config", "core.pager", evil)
    for command in ("rev-list", "cat-file", "log"):
        clone.git("config", f"pager.{command}", evil)


def _filters(clone: Clone, evil: str) -> None:
    clone.git("config", "filter.evil.smudge", evil)
    clone.git("config", "filter.evil.clean", evil)
    clone.git("config", "diff.evil.textconv", evil)
    clone.git("config", "diff.external", evil)
    (clone.root / ".git/info/attributes").write_text(".ccpin.lock filter=evil diff=evil\n")
    clone.lock.write_text("touched")


def _missing_objects(clone: Clone, evil: str) -> None:
    """A partial clone: what is missing is fetched from where the configuration says."""
    clone.git("config", "core.repositoryFormatVersion", "1")
    clone.git("config", "extensions.partialClone", "origin")
    clone.git("config", "remote.origin.promisor", "true")
    clone.git("config", "remote.origin.url", f"ext::{evil}")
    clone.git("config", "protocol.allow", "always")
    clone.git("config", "protocol.ext.allow", "always")
    blob = clone.git("rev-parse", "HEAD~1:.ccpin.lock")
    (clone.root / ".git/objects" / blob[:2] / blob[2:]).unlink()


@pytest.mark.parametrize(
    ("arrange", "control"),
    [
        (_monitor, ("status",)),
        (_signatures, ("log", "-1")),
        (_filters, ("diff",)),
        (_missing_objects, ("cat-file", "-p", "HEAD~1:.ccpin.lock")),
    ],
    ids=["monitor", "signatures", "filters", "missing objects"],
)
def test_what_a_clones_configuration_would_run(
    clone: Clone, tmp_path: Path, arrange: Callable[[Clone, str], None], control: tuple[str, ...]
) -> None:
    """The control is what a user types there, and it does run it."""
    mark = tmp_path / "ran"
    evil = str(program(tmp_path / "evil", mark))
    clone.commit("one")
    clone.commit("two")
    arrange(clone, evil)
    clone.git(*control, check=False)
    assert mark.exists()
    mark.unlink()
    assert clone.texts()[0] == b"two"
    assert not mark.exists()


def test_a_pager_of_the_clones_on_a_terminal(clone: Clone, tmp_path: Path) -> None:
    """git's output is ccpin's, never the terminal's; the control gives it one."""
    mark = tmp_path / "ran"
    clone.commit("one")
    _pager(clone, str(program(tmp_path / "evil", mark)))
    control = f"import pty, sys; sys.exit(pty.spawn(['git', '-C', {str(clone.root)!r}, 'rev-list', 'HEAD']))"
    subprocess.run(
        [sys.executable, "-c", control], env={**clone.env, "TERM": "xterm"}, capture_output=True, check=False
    )
    assert mark.exists()
    mark.unlink()
    ours = (
        "import os, sys; from ccpin.pinning.history import committed; "
        f"print(len(committed({str(clone.lock)!r}, dict(os.environ))))"
    )
    inside = f"import pty, sys; sys.exit(pty.spawn([{sys.executable!r}, '-c', {ours!r}]))"
    done = subprocess.run(
        [sys.executable, "-c", inside],
        env={**clone.env, "TERM": "xterm"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"
    assert not mark.exists()


def test_variables_that_would_lead_elsewhere(clone: Clone, tmp_path: Path) -> None:
    """As within a hook of another repository, or set by somebody's wrapper."""
    clone.commit("one")
    env = {
        **clone.env,
        "GIT_DIR": str(tmp_path),
        "GIT_WORK_TREE": str(tmp_path),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.bare",
        "GIT_CONFIG_VALUE_0": "nonsense",
    }
    assert [c.data for c in committed(str(clone.lock), env)] == [b"one"]
    assert not (tmp_path / "trace").exists()


def test_what_git_finds_on_path_is_never_the_clones(clone: Clone, tmp_path: Path) -> None:
    """It works in the clone's folder, where an entry of PATH that is relative leads."""
    clone.commit("one")
    seen = tmp_path / "seen"
    program(tmp_path / "bin/git", tmp_path / "ran", f'echo "$PATH" >{shlex.quote(str(seen))}')
    path = os.pathsep.join(["", ".", str(tmp_path / "bin"), "bin"])
    with pytest.raises(NoPrevious):
        committed(str(clone.lock), {**clone.env, "PATH": path})
    assert seen.read_text() == f"{tmp_path / 'bin'}\n"


def test_a_folder_laid_out_as_a_repository_is_none(clone: Clone) -> None:
    """It would bring its own configuration, and a clone can hold it."""
    clone.commit("one", "bare/.ccpin.lock")
    bare = clone.root / "bare"
    for name in ("objects", "refs"):
        (bare / name).mkdir()
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    (bare / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    with pytest.raises(NoPrevious, match="cannot use bare repository"):
        clone.texts("bare/.ccpin.lock")


def test_writes_nothing(clone: Clone) -> None:
    clone.commit("one")
    before = {p: p.stat().st_mtime_ns for p in clone.root.rglob("*")}
    clone.texts()
    assert {p: p.stat().st_mtime_ns for p in clone.root.rglob("*")} == before
