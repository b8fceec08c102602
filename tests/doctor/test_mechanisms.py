"""What is called controlled was measured with that release, under all the flags of the measurement, and nothing stands
above them; in every other case less is said."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ccpin.doctor import measured
from ccpin.doctor.mechanisms import ALWAYS
from ccpin.pinning import flags
from tests.cli.arrange import ccpin, pin, set_up
from tests.doctor.arrange import arrange, diagnose, mechanism, write
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

C, R, O = "controlled", "reduced", "out of reach"  # noqa: E741


def states(box: Box) -> list[str]:
    return [one.state for one in diagnose(box).mechanisms]


@pytest.mark.parametrize(
    ("version", "profile", "expected"),
    [
        ("2.1.330", "default", [O, O, O, R, R, C, O]),
        ("2.1.330", "strict", [C, R, R, C, R, C, R]),
        ("2.1.330", "none", [O, O, O, O, O, C, O]),
        ("2.1.200", "strict", [C, R, R, C, R, C, R]),
        ("2.1.113", "strict", [R, R, R, R, R, C, R]),  # it has a supervisor, and no switch for it
        ("2.1.112", "strict", [C, R, R, R, R, C, R]),
        ("2.0.14", "default", [O, O, O, C, O, C, O]),  # it does not read the switch for betas
        ("2.0.14", "strict", [C, R, R, C, R, C, R]),
        ("1.0.51", "strict", [R, R, R, C, R, C, R]),
        ("2.1.166", "strict", [R, R, R, R, R, C, R]),  # nobody measured it
    ],
)
def test_the_states(box: Box, version: str, profile: str, expected: list[str]) -> None:
    arrange(box, version, profile)
    assert states(box) == expected
    for one in diagnose(box).mechanisms:
        assert one.reason
        if one.state == C and one.number != 6:
            assert f"measured with {version}" in one.reason


def test_the_names_are_those_of_the_table(native: Box) -> None:
    assert {one.number: one.name for one in diagnose(native).mechanisms} == flags.MECHANISMS
    assert "server" in ALWAYS


def test_nothing_pinned(box: Box) -> None:
    assert states(box) == [O] * 7
    assert {one.command for one in diagnose(box).mechanisms} == {"ccpin use 2.0.14"}


@pytest.mark.parametrize("missing", sorted(measured.STRICT))
def test_one_flag_less_than_was_measured(strict: Box, missing: str) -> None:
    ccpin(strict, "env", "unset", missing).ok()
    slicing = mechanism(strict, 1)
    assert slicing.state == R
    assert slicing.evidence == (f"not held: {missing}",)
    ccpin(strict, "env", "set", missing).ok()
    assert mechanism(strict, 1).state == C


def test_what_a_release_does_not_read_need_not_be_held(box: Box) -> None:
    arrange(box, "2.0.14")
    ccpin(box, "env", "set", "DISABLE_TELEMETRY", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC").ok()
    assert mechanism(box, 1).state == C


def test_a_flag_that_the_release_does_not_read_does_nothing(box: Box) -> None:
    arrange(box, "2.0.14", "none")
    ccpin(box, "env", "set", "DISABLE_GROWTHBOOK").ok()
    assert [one.state for one in diagnose(box).mechanisms[:3]] == [O, O, O]
    ccpin(box, "env", "set", "DISABLE_TELEMETRY").ok()
    assert [one.state for one in diagnose(box).mechanisms[:3]] == [R, R, R]


def test_a_release_without_a_switch(box: Box) -> None:
    pin(box, "0.2.9")
    set_up(box)
    [receipt] = Path(box.layout.releases).glob("*/*/receipt.json")
    said = json.loads(receipt.read_text())
    receipt.chmod(0o644)
    receipt.write_text(json.dumps({**said, "reads": dict.fromkeys(said["reads"], False)}))
    assert mechanism(box, 1).reason == "0.2.9 has no switch for it"
    assert states(box) == [O, O, O, O, O, C, O]


def test_background_work(strict: Box) -> None:
    view = "CLAUDE_CODE_DISABLE_AGENT_VIEW"
    ccpin(strict, "env", "unset", view).ok()
    found = mechanism(strict, 4)
    assert (found.state, found.command) == (R, f"ccpin env set {view}")
    assert found.command is not None
    ccpin(strict, *found.command.split()[1:]).ok()
    assert mechanism(strict, 4).state == C


@pytest.mark.parametrize(("name", "number"), [("DISABLE_TELEMETRY", 1), ("DISABLE_UPDATES", 4)])
def test_a_policy_above_the_lock(strict: Box, name: str, number: int) -> None:
    policy = write(strict.root / "policy.json", json.dumps({"env": {name: "0"}}))
    strict.env["CLAUDE_CODE_MANAGED_SETTINGS_PATH"] = str(policy)
    found = mechanism(strict, number)
    assert (found.state, found.reason) == (R, f"{policy}:1: stands above the lock ({name})")
    policy.write_text("{")
    assert "it cannot be read" in mechanism(strict, number).reason
    policy.write_text("{}")
    assert mechanism(strict, number).state == C


def test_a_settings_file_counts_only_where_the_release_takes_no_settings(box: Box) -> None:
    settings = write(box.home / ".claude" / "settings.json", '{"env": {"DISABLE_AUTOUPDATER": "0"}}')
    arrange(box, "2.0.14", "strict")
    assert mechanism(box, 4).state == C
    arrange(box, "1.0.51", "default")
    assert mechanism(box, 4).state == R
    settings.unlink()
    assert mechanism(box, 4).state == C


def test_what_undoes_a_switch(strict: Box) -> None:
    name = "CLAUDE_CODE_GB_DISK_CACHE_WHEN_TELEMETRY_OFF"
    strict.env[name] = "1"
    assert mechanism(strict, 1).state == C  # the clean slate takes it away
    ccpin(strict, "config", "keep-flag", name).ok()
    found = mechanism(strict, 1)
    assert (found.state, name in found.reason) == (R, True)
    ccpin(strict, "config", "keep-flag", name, "--unset").ok()
    assert mechanism(strict, 1).state == C


def test_client_data_of_an_earlier_session(strict: Box) -> None:
    state = write(strict.home / ".claude.json", '{"clientDataCache": {"a": "b"}}')
    assert mechanism(strict, 1).state == C  # taken out before the launch
    strict.lock.write_text(strict.lock.read_text().replace("clean = true\n", ""))
    found = mechanism(strict, 1)
    assert (found.state, found.reason) == (R, f"{state}:1: `clientDataCache`: counts whatever is switched off")
    state.write_text('{"clientDataCache": {}}')
    assert mechanism(strict, 1).state == C


def test_another_program_in_the_place_of_the_shim(strict: Box) -> None:
    other = fake_claude(strict.root / "theirs")
    path = strict.env["PATH"]
    strict.env["PATH"] = f"{other.parent}{os.pathsep}{path}"
    assert states(strict) == [R] * 7
    assert mechanism(strict, 6).reason == f"`claude` is {other} here, not the shim"
    strict.env["PATH"] = path
    assert states(strict) == [C, R, R, C, R, C, R]


def test_another_release_by_a_variable(strict: Box) -> None:
    strict.env["CCPIN_VERSION"] = "2.0.14"
    assert states(strict) == [R] * 7


def test_not_installed(strict: Box) -> None:
    shutil.rmtree(strict.layout.releases)
    assert states(strict) == [R, R, R, R, R, C, R]
    assert "not installed here" in mechanism(strict, 1).reason
    assert "not installed here" in mechanism(strict, 4).reason


def test_a_changed_install(strict: Box) -> None:
    [executable] = Path(strict.layout.releases).glob("*/*/claude")
    os.utime(executable)
    assert mechanism(strict, 6).reason == "what is installed is not as it was verified"


def test_what_stays_the_users(strict: Box) -> None:
    settings = write(strict.home / ".claude" / "settings.json", '{\n"model": "m",\n"outputStyle": "Poet"}')
    assert f"{settings}:2: `model`" in mechanism(strict, 7).evidence
    assert f"{settings}:3: `outputStyle`" in mechanism(strict, 3).evidence
    assert (mechanism(strict, 3).state, mechanism(strict, 7).state) == (R, R)


def test_the_flags_that_it_rests_on(strict: Box) -> None:
    assert mechanism(strict, 4).held == (
        "DISABLE_UPDATES",
        "DISABLE_AUTOUPDATER",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    )
    ccpin(strict, "env", "unset", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC").ok()
    assert mechanism(strict, 4).held == ("DISABLE_UPDATES", "DISABLE_AUTOUPDATER")


@pytest.mark.parametrize("missing", ["DISABLE_UPDATES", "DISABLE_AUTOUPDATER"])
def test_updates_by_another_switch_than_was_measured(strict: Box, missing: str) -> None:
    ccpin(strict, "env", "unset", missing).ok()
    assert mechanism(strict, 4).state == R


def test_a_pin_that_cannot_be_used_is_not_called_none(native: Box) -> None:
    native.lock.write_text("=======\n")
    assert {(one.reason, one.command) for one in diagnose(native).mechanisms} == {
        ("what is pinned here cannot be used", None)
    }
    native.lock.unlink()
    assert {(one.reason, one.command) for one in diagnose(native).mechanisms} == {
        ("nothing is pinned here", "ccpin use 2.0.14")
    }
