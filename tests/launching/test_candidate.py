"""The file that tells `ccpin exec --lock` which release a bisection tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.errors import BadOption, CcpinError, LockInvalid, NotInstalled
from ccpin.launching.candidate import candidate_text, read_candidate
from ccpin.paths import Home
from ccpin.pinning.head import Head

MODEL = {"ANTHROPIC_DEFAULT_OPUS_MODEL": "claude-opus-4-6[1m]"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(str(tmp_path / "home"))


def head(env: dict[str, str], *, clean: bool = False, node: str | None = None) -> Head:
    return Head("2.1.4", "2.1.4", "node", "0123456789abcdef" * 4, env, 4, clean=clean, node=node)


def written(home: Home, text: str) -> str:
    path = os.path.join(home.root, "candidate.lock")
    Path(path).write_text(text)
    return path


@pytest.mark.parametrize(
    "one",
    [
        head({}),
        head({"DISABLE_UPDATES": "1"}, clean=True, node="22.1.0"),
        head({**MODEL, "DISABLE_UPDATES": "1"}),
        head({"CLAUDE_CODE_MINE": "a.b"}),
    ],
)
def test_what_is_written_is_read(home: Home, one: Head) -> None:
    Path(home.allow_flags).write_text("CLAUDE_CODE_MINE\n")
    pin = read_candidate(home, written(home, candidate_text(one)))
    assert {name: getattr(pin.head, name) for name in Head.__slots__} == {
        name: getattr(one, name) for name in Head.__slots__
    }
    assert pin.why == "asked"  # so no lock is named in what a launch tells


@pytest.mark.parametrize("env", [{"CLAUDE_CODE_MINE": "x"}, {"PATH": "/evil"}, {"DISABLE_UPDATES": "2"}])
def test_no_flag_that_a_lock_may_not_set(home: Home, env: dict[str, str]) -> None:
    with pytest.raises(LockInvalid):
        read_candidate(home, written(home, candidate_text(head(env))))


@pytest.mark.parametrize("text", ["", "{}", candidate_text(head({})).replace("2.1.4", "../../x")])
def test_nonsense(home: Home, text: str) -> None:
    with pytest.raises(LockInvalid):
        read_candidate(home, written(home, text))


def run(home: Home, *args: str) -> CcpinError:
    from ccpin.cli.exec import exec_claude

    with pytest.raises(CcpinError) as raised:
        exec_claude(["--home", home.root, *args], {"PATH": "/usr/bin:/bin", "HOME": home.root})
    return raised.value


def test_one_that_is_gone_is_not_installed_from_it(home: Home) -> None:
    """It has no artifacts; what to install, and how to check it, only a lock says."""
    error = run(home, "--lock", written(home, candidate_text(head(MODEL))))
    assert isinstance(error, NotInstalled)
    assert "`ccpin install 2.1.4`" in error.hint


def test_the_user_s_floor_holds_for_it(home: Home) -> None:
    Path(home.minimum_version).write_text("2.1.5\n")
    assert run(home, "--lock", written(home, candidate_text(head({})))).code == "below-minimum"


def test_not_two_releases_at_once(home: Home) -> None:
    assert isinstance(run(home, "--lock", "x", "--version", "2.1.5"), BadOption)
