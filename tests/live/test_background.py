"""A real supervisor of another release: what would hand it work is refused, and it can still be ended."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil

import pytest

from ccpin.wire.run import run
from ccpin.wire.terminal import ready_home
from tests.live.machine import User
from tests.live.releases import command, pinned

pytestmark = pytest.mark.live

SCRIPT = """\
{supervisor} --bg first >/dev/null 2>&1
tries=0
until test -s "$HOME/.claude/daemon.lock" || test $tries -gt 100; do sleep 0.1; tries=$((tries + 1)); done
claude --bg hi; echo "--bg: $?"
claude agents --json; echo "agents: $?"
claude -p hi; echo "-p: $?"
claude daemon stop --any >/dev/null; echo "stop: $?"
claude daemon status | head -n 1
"""


@pytest.mark.parametrize(("runs", "pin"), [("2.1.330", "2.1.200"), ("2.1.200", "2.1.330")])
def test_a_supervisor_of_another_release_gets_no_work(user: User, runs: str, pin: str) -> None:
    script = SCRIPT.format(supervisor=shlex.join(command(user, runs)))
    home, project = user.home, pinned(user, pin)
    ready_home(str(home), str(project))
    capture = run(
        ["/bin/sh", "-c", script],
        mode="first-party",
        env={"PATH": f"{user.bare['PATH']}:/usr/bin:/bin"},
        home=str(home),
        cwd=str(project),
    )
    sockets = hashlib.sha256(str(home / ".claude").encode()).hexdigest()[:8]
    shutil.rmtree(f"/tmp/cc-daemon-{os.getuid()}/{sockets}", ignore_errors=True)  # a supervisor asks for no TMPDIR
    said = capture.stdout.splitlines()
    assert said[:2] == ["--bg: 126", "agents: 126"], capture.stderr
    assert said[2:5] == ["ok", "-p: 0", "stop: 0"], capture.stderr
    refusals = [line for line in capture.stderr.splitlines() if "is refused" in line]
    assert len(refusals) == 2
    assert all(f"a background supervisor of {runs} runs" in line for line in refusals)
    assert f"/{pin} " in capture.main("hi").headers["user-agent"]
