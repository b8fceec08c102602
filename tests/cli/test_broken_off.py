"""Captures that somebody breaks off, and machines on which none can be made."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from ccpin.wire import loopback, take
from tests.cli.arrange import ccpin, pin, sentence
from tests.fakes import nobody
from tests.fakes.box import Box
from tests.fakes.pythons import REPOSITORY
from tests.fakes.upstream import Upstream

posix = pytest.mark.skipif(os.name != "posix", reason="signals and sockets are handed from process to process")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_runs(box: Box, upstream: Upstream, number: signal.Signals) -> None:
    """A release that never ends, five times: neither the two that run are waited for, nor the other three."""
    upstream.add_js("2.0.68")
    ccpin(box, "install", "2.0.68").ok()
    temp = box.root / "temp"
    temp.mkdir()
    with box.start(box.ccpin_argv("fingerprint", "2.0.68", "--runs", "5"), env={"TMPDIR": str(temp)}) as process:
        started = wait_for_releases(process.pid)
        began = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (128 + number, False), err
    assert time.monotonic() - began < 10
    assert not any(one.is_running() for one in started)
    assert list(temp.iterdir()) == []


def wait_for_releases(pid: int) -> list[psutil.Process]:
    """All below a process, once two releases run there."""
    for _ in range(600):
        below = psutil.Process(pid).children(recursive=True)
        if sum("-p" in one.cmdline() for one in below if one.is_running()) >= 2:
            return below
        time.sleep(0.05)
    raise AssertionError("no release was started")


def test_without_what_only_posix_has(tmp_path: Path) -> None:
    """Windows: `ccpin upgrade` looks at what was captured there too."""
    code = (
        "import sys\n"
        "for name in ('fcntl', 'termios'): sys.modules[name] = None\n"
        "import ccpin.cli.capturing, ccpin.cli.history, ccpin.cli.diff, ccpin.cli.fingerprint, ccpin.wire.proving\n"
        "import ccpin.wire.compare, ccpin.wire.summary\n"
    )
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_nothing_of_it_is_imported_where_nothing_is_captured(tmp_path: Path) -> None:
    verbs = "check, flags, outdated, rollback, sync, upgrade, use"
    code = f"import sys\nfrom ccpin.cli import {verbs}\nprint([name for name in sys.modules if 'ccpin.wire' in name])"
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, check=True)
    assert done.stdout == b"[]\n"


class TestErrors:
    """None of them is a traceback."""

    @pytest.fixture
    def box(self, box: Box) -> Box:
        pin(box, "2.1.330")
        return box

    @posix
    def test_no_folder_for_temporary_files(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(box.root / "nowhere"))
        failed = ccpin(box, "fingerprint", "--runs", "1").failed()
        assert sentence("cannot-capture").search(failed.err)
        assert "No such file or directory" in failed.err

    @posix
    @pytest.mark.parametrize("step", ["furnish", "run", "variables"])
    def test_a_full_disk(self, box: Box, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(take, step, full)
        failed = ccpin(box, "fingerprint", "--runs", "1", "--json").failed()
        assert [error["code"] for error in failed.json["errors"]] == ["cannot-capture"]
        assert "No space left on device" in failed.json["errors"][0]["message"]

    @posix
    def test_a_release_that_asks_for_ever(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loopback, "_MOST_REQUESTS", 0)
        failed = ccpin(box, "fingerprint", "--runs", "1").failed()
        assert sentence("not-captured").search(failed.err)
        assert "it sent more than 0 requests" in failed.err

    @posix
    @pytest.mark.skipif(not nobody.is_root(), reason="needs another user")
    def test_a_store_that_may_not_be_written(self, box: Box) -> None:
        box.give_away()
        os.chown(box.layout.root, 0, 0)
        failed = box.unprivileged("fingerprint", "--runs", "1").failed()
        assert sentence("store-unwritable").search(failed.err)
