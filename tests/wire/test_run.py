"""The runner: what a release is given, what it cannot reach, and that nothing of it remains."""

from __future__ import annotations

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from ccpin.wire.answers import Turn
from ccpin.wire.capture import Capture, Mode, Request
from ccpin.wire.loopback import Api
from ccpin.wire.run import DUMMY_KEY, run
from ccpin.wire.server import listen
from tests.fakes import nobody
from tests.fakes.pythons import REPOSITORY
from tests.wire import release

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sockets are handed from process to process")

FAKE = [sys.executable, "-I", release.__file__]
modes = pytest.mark.parametrize("mode", ["first-party", "gateway"])


def go(*args: str, mode: Mode = "gateway", **options: Any) -> Capture:
    return run(FAKE, args, mode=mode, **options)


class TestWhatIsCaptured:
    @modes
    @pytest.mark.parametrize("isolate", [True, False])
    def test_a_request_and_a_refused_host(self, mode: Mode, isolate: bool) -> None:
        capture = go("ask", mode=mode, isolate=isolate)
        assert (capture.exit_code, capture.stdout, capture.stderr) == (0, "200\n403\n", "")
        (seen,) = capture.requests
        assert seen is capture.main("hi")
        assert seen.mode == capture.mode == mode
        assert seen.host == "api.anthropic.com" if mode == "first-party" else seen.host.startswith("127.0.0.1:")
        assert seen.headers["x-api-key"] == DUMMY_KEY
        assert capture.refused_hosts == ("statsig.anthropic.com:443",)
        assert capture.argv == (*FAKE, "ask")
        if not isolate:
            assert capture.isolation == "proxies only (not asked for)"

    @pytest.mark.parametrize(("mode", "said"), [("first-party", "200"), ("gateway", "403")])
    def test_a_further_host_is_answered_for_in_first_party_mode(self, mode: Mode, said: str) -> None:
        capture = go("ask", mode=mode, hosts=["statsig.anthropic.com"])
        assert (capture.exit_code, capture.stdout) == (0, f"200\n{said}\n")
        assert [entry.why for entry in capture.refused if entry.why == "host"] == ["host"] * (said == "403")

    def test_an_api_may_serve_several_runs(self) -> None:
        api = Api()
        orders = [go("ask", api=api).main("hi").order for _ in range(2)]
        assert orders == [0, 1]

    def test_what_a_script_raises_reaches_the_caller(self) -> None:
        def script(request: Request) -> Turn:
            raise KeyError(request.path)

        with pytest.raises(KeyError):
            go("ask", api=Api(script))


class TestWhatAReleaseIsGiven:
    @modes
    def test_the_environment_and_no_more(self, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "the caller's")
        capture = go("show", "-p", "hi", mode=mode, env={"ASKED_FOR": "\udcff \u00e9", "PATH": "/bin"})
        said = json.loads(capture.stdout)
        env = said["env"]
        env.pop("LC_CTYPE", None)  # Python's own, where there is no locale
        own = {"ANTHROPIC_BASE_URL", "NO_PROXY", "no_proxy"} if mode == "gateway" else {"NODE_EXTRA_CA_CERTS"}
        proxies = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"}
        assert set(env) == {"HOME", "TMPDIR", "PATH", "ANTHROPIC_API_KEY", "ASKED_FOR"} | own | proxies
        assert len({env[name] for name in proxies}) == 1
        assert (env["ASKED_FOR"], env["PATH"], env["ANTHROPIC_API_KEY"]) == ("\udcff \u00e9", "/bin", DUMMY_KEY)
        assert said["argv"] == ["-p", "hi"]
        assert said["uid"] == os.geteuid()
        assert capture.exit_code == 7
        assert capture.stderr == "err\n"

    def test_an_input(self) -> None:
        assert go("show", stdin=b"\xc3\xa9 said").stdout.endswith("} \u00e9 said")
        assert go("show").stdout.endswith("} ")

    def test_folders_of_its_own_that_go_away(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        said = json.loads(go("show").stdout)
        for folder in (said["env"]["HOME"], said["env"]["TMPDIR"], said["cwd"]):
            assert Path(folder).is_relative_to(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_folders_that_are_given(self, tmp_path: Path) -> None:
        home, cwd = tmp_path / "home", tmp_path / "work"
        home.mkdir()
        cwd.mkdir()
        said = json.loads(go("show", home=str(home), cwd=str(cwd)).stdout)
        assert (said["env"]["HOME"], said["cwd"]) == (str(home), str(cwd))
        assert (home / "was-here").exists()

    @pytest.mark.parametrize("name", ["HOME", "https_proxy", "NO_PROXY", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"])
    def test_no_way_out_can_be_asked_for(self, name: str) -> None:
        with pytest.raises(ValueError, match=name):
            go("show", env={name: "x"})


class TestTheEnd:
    def test_a_signal(self) -> None:
        assert go("die").exit_code == -signal.SIGTERM

    @pytest.mark.parametrize("isolate", [True, False])
    def test_what_it_started_ends_with_it(self, tmp_path: Path, isolate: bool) -> None:
        assert go("linger", str(tmp_path / "pids"), isolate=isolate).exit_code == 0
        assert_gone(tmp_path / "pids")

    def test_when_time_is_up(self, tmp_path: Path) -> None:
        began = time.monotonic()
        capture = go("linger", str(tmp_path / "pids"), "stay", timeout=1)
        assert capture.exit_code is None
        assert time.monotonic() - began < 20
        assert_gone(tmp_path / "pids")

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
    def test_when_the_runner_dies(self, tmp_path: Path, how: signal.Signals) -> None:
        pids = tmp_path / "pids"
        code = f"from ccpin.wire.run import run\nrun({[*FAKE, 'linger', str(pids), 'stay']}, mode='gateway')"
        env = dict(os.environ, PYTHONPATH=str(REPOSITORY), TMPDIR=str(tmp_path))
        runner = subprocess.Popen([sys.executable, "-c", code], env=env, stderr=subprocess.DEVNULL)
        wait_until(pids.exists)
        runner.send_signal(how)
        runner.wait(20)
        assert_gone(pids)

    def test_a_command_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="nothing"):
            run([str(tmp_path / "nothing")], mode="gateway")

    def test_no_thread_and_no_descriptor_remains(self) -> None:
        go("show", mode="first-party")
        before = len(os.listdir("/dev/fd"))
        go("show", mode="first-party")
        assert len(os.listdir("/dev/fd")) == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux has namespaces")
class TestIsolation:
    def test_a_namespace_leads_nowhere(self) -> None:
        with listen() as here:
            port = str(here.getsockname()[1])
            assert go("reach", port, isolate=False).stdout == "reached\n"
            capture = go("reach", port)
            if not capture.isolated:
                pytest.skip(capture.isolation)
            assert capture.stdout == "ConnectionRefusedError\n"

    def test_as_a_user_without_privileges(self) -> None:
        """In a user namespace that maps them to themselves, or, where those are forbidden, with proxies only."""
        if not nobody.is_root():
            pytest.skip("that is what the other tests do")
        python, path = nobody.interpreter(REPOSITORY)
        done = in_process(python, {"PYTHONPATH": path}, **nobody.credentials())
        assert done["said"]["uid"] == nobody.UID
        assert done["isolation"] == "user and network namespace" or done["isolation"].startswith("proxies only (")

    def test_where_no_namespace_can_be_made(self) -> None:
        unshare = shutil.which("unshare")
        forbid = "echo 0 > /proc/sys/user/max_net_namespaces"
        if not unshare or subprocess.run([unshare, "-r", "sh", "-c", forbid], check=False).returncode:
            pytest.skip("user namespaces cannot be made here")
        within = [unshare, "-r", "sh", "-c", f'{forbid}; exec "$@"', "sh"]
        done = in_process(sys.executable, {"PYTHONPATH": str(REPOSITORY)}, within)
        assert done["isolation"] == "proxies only (no space left on device)"
        assert done["said"]["argv"] == ["x"]


def in_process(python: str, env: dict[str, str], within: list[str] | None = None, **options: Any) -> dict[str, Any]:
    """`run(… show x)` in another process: what the capture and the release said."""
    code = (
        "import json, sys\nfrom ccpin.wire.run import run\n"
        f"capture = run([sys.executable, '-I', {release.__file__!r}], ['show', 'x'], mode='gateway')\n"
        "print(json.dumps({'isolation': capture.isolation, 'said': json.loads(capture.stdout)}))"
    )
    done = subprocess.run(
        [*(within or []), python, "-c", code], env=env, cwd="/", capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def assert_gone(pids: Path) -> None:
    for pid in pids.read_text().split():
        wait_until(lambda pid=pid: not alive(pid))


def alive(pid: str) -> bool:
    if glob.glob("/proc/self"):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(true: Any) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
