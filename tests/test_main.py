"""Where every start begins: the quick roads are quick, and whatever happens has an exit code."""

from __future__ import annotations

import io
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ccpin import __main__ as main_module
from ccpin import __version__
from ccpin.__main__ import claude, main, run
from tests.cli.arrange import ccpin, pin
from tests.fakes.box import Box

HEAVY = ("typer", "click", "rich", "requests", "urllib3", "platformdirs", "packaging", "tomlkit")

LOADED = """
import os, sys
from ccpin import __main__
def ended(*args):
    print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
    os._exit(0)
os.execve = ended
__main__.run(sys.argv[1:])
ended()
"""


def loaded(box: Box, *args: str) -> set[str]:
    unmeasured = dict.fromkeys((name for name in os.environ if name.startswith("COVERAGE_")), None)
    done = box.run([sys.executable, "-c", LOADED, *args], env=unmeasured).ok()
    return set(done.err.partition("LOADED ")[2].split())


class TestQuickRoads:
    @pytest.mark.parametrize("args", [["--version"], ["which"], ["sync"], ["sync", "--locked"], ["exec", "--", "x"]])
    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
    def test_import_nothing_heavy(self, box: Box, version: str, args: list[str]) -> None:
        pin(box, version)
        allowed = {"packaging"} if "--locked" in args else set()
        assert not (loaded(box, *args) & set(HEAVY)) - allowed

    def test_a_launch_imports_no_reader_of_toml_either(self, box: Box) -> None:
        pin(box, "2.1.330")
        assert not loaded(box, "exec", "--", "x") & {"tomllib", "tomli", "json", "subprocess", "re", "hashlib"}

    def test_all_others_do(self, box: Box) -> None:
        assert "typer" in loaded(box, "current")


class TestVersion:
    def test_in_process(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--version"]) == 0
        assert capsys.readouterr().out == f"ccpin {__version__}\n"

    def test_console_scripts(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(sys, "argv", ["ccpin", "--version"])
        with pytest.raises(SystemExit) as raised:
            main()
        assert raised.value.code == 0
        seen: list[list[str]] = []

        def seven(args: list[str]) -> int:
            seen.append(args)
            return 7

        monkeypatch.setattr(main_module, "run", seven)
        monkeypatch.setattr(sys, "argv", ["/the home/shims/claude.exe", "--version", "exec"])
        monkeypatch.delenv("CCPIN_HOME")
        with pytest.raises(SystemExit) as raised:
            claude()
        assert (raised.value.code, seen) == (7, [["exec", "--home", "/the home", "--", "--version", "exec"]])


class TestEnds:
    @pytest.mark.parametrize("args", [["which"], ["sync"], ["exec", "--", "-p", "secret prompt"], ["current"]])
    def test_a_bug_is_three_with_a_report_that_holds_no_secrets(
        self, box: Box, tmp_path: Path, args: list[str]
    ) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "import ccpin.paths\ndef find_home(env):\n    raise KeyError('boom')\nccpin.paths.find_home = find_home\n"
        )
        env = {"PYTHONPATH": str(tmp_path), "NPM_TOKEN": "s3cret"}
        done = box.ccpin(*args, env=env).failed(3)
        assert "this is a bug in ccpin" in done.err
        assert f"ccpin {__version__}, Python" in done.err
        assert "KeyError: 'boom'" in done.err
        assert done.out == ""
        assert "s3cret" not in done.err
        assert "secret prompt" not in done.err

    @pytest.mark.parametrize(
        ("args", "code"),
        [(["which"], 1), (["sync"], 1), (["exec", "--", "x"], 127), (["exec", "--version"], 2), (["use", "x"], 2)],
    )
    def test_what_is_expected_is_one_line_and_its_remedy(self, box: Box, args: list[str], code: int) -> None:
        done = box.ccpin(*args).failed(code)
        assert done.out == ""
        first, second = done.err.splitlines()
        assert first.startswith("ccpin: ")
        assert second.startswith("  ")
        assert "`" in second

    def test_a_bad_lock_in_the_place_of_claude(self, box: Box) -> None:
        box.lock.write_text("lock-version = 1\n")
        assert f"{box.lock}:1: " in box.ccpin("exec", "--", "x").failed(126).err
        box.ccpin("which").failed(1)

    @pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
    @pytest.mark.parametrize("args", [["sync"], ["exec", "--", "x"], ["install", "2.0.15"]])
    def test_interrupted(self, box: Box, args: list[str]) -> None:
        """In the middle of a download; the store is as it was."""
        from tests.fakes import faults
        from tests.fakes.registry import Registry
        from tests.fakes.upstream import usual

        with Registry(usual()) as slow:
            box.env["CCPIN_NPM_REGISTRY"] = slow.url
            pin(box, "2.0.14")
            ccpin(box, "uninstall", "2.0.14", "--force").ok()
            before = box.snapshot()
            slow.forget()
            slow.fault("*.tgz", faults.stall(30, 100))
            with box.start(box.ccpin_argv(*args)) as process:
                deadline = time.monotonic() + 20
                while not slow.asked("*.tgz") and time.monotonic() < deadline:
                    time.sleep(0.02)
                time.sleep(0.2)
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=20)
            assert process.returncode == 130, err
            assert "Traceback" not in err
            assert box.snapshot() == before

    def test_a_path_that_is_no_text(self, box: Box) -> None:
        place = str(box.root / os.fsdecode(b"caf\xe9"))
        try:
            os.mkdir(place)
        except OSError:
            pytest.skip("this file system keeps text only")
        box.env["CCPIN_HOME"] = place
        ccpin(box, "use", "2.1.330").ok()
        found = box.ccpin("which").ok().out
        assert os.path.isfile(found[:-1])
        assert found.startswith(place)

    def test_help_is_not_claude_s(self, box: Box) -> None:
        assert "ccpin exec" in box.ccpin("exec", "--help").ok().out
        assert "sync" in box.ccpin().ok().out

    def test_as_a_module(self) -> None:
        done = subprocess.run([sys.executable, "-m", "ccpin", "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"ccpin {__version__}\n"


def test_without_a_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under pythonw."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "argv", ["ccpin", "--version"])
    with pytest.raises(SystemExit):
        main()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("verb", ["which", "current", "current --json"])
def test_a_full_disk_behind_the_answer_is_no_bug(box: Box, verb: str) -> None:
    pin(box, "2.0.14")
    argv = " ".join(map(shlex.quote, box.ccpin_argv(*verb.split())))
    done = box.run(["sh", "-c", f"{argv} >/dev/full"]).failed(1)
    assert "the answer could not be written" in done.err
    assert "bug" not in done.err


def test_a_letter_that_the_encoding_lacks_is_no_bug(box: Box) -> None:
    assert "Usage:" in box.ccpin("exec", "--help", env={"PYTHONIOENCODING": "ascii"}).ok().out
