"""`ccpin completion`, `ccpin --help`, `ccpin --version`: what the command line says of itself."""

from __future__ import annotations

import re
import shutil

import pytest

import ccpin
from ccpin.cli.app import VERBS
from ccpin.cli.offered import installed_versions
from ccpin.errors import FolderGone
from tests.cli.arrange import ccpin as in_process
from tests.cli.arrange import put_ccpin_on_path
from tests.fakes.box import Box


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_a_script_for_each_shell(box: Box, shell: str) -> None:
    done = in_process(box, "completion", shell).ok()
    assert "ccpin" in done.out
    assert "_CCPIN_COMPLETE" in done.out
    assert done.err == ""


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", set(VERBS)),
        ("un", {"uninstall"}),
        ("use --gl", {"--global"}),
        ("env ", {"list", "explain", "profile", "set", "unset"}),
        ("env profile s", {"strict"}),
        ("env set DISABLE_UP", {"DISABLE_UPDATES"}),
        ("env unset DISABLE_UPDATES DISABLE_AUTOU", {"DISABLE_AUTOUPDATER"}),
        ("env explain FORCE_A", {"FORCE_AUTOUPDATE_PLUGINS"}),
    ],
)
def test_the_script_completes(box: Box, typed: str, offered: set[str]) -> None:
    """The script, sourced by bash, and asked as bash would ask."""
    put_ccpin_on_path(box)
    ask = (
        'eval "$(ccpin completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        '_ccpin_completion ccpin; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert set(box.run(["bash", "-c", ask, "bash", "ccpin", *typed.split(" ")]).ok().out.split()) == offered


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("fingerprint 2", {"2.0.14", "2.1.330"}),
        ("diff 2.0.14 2.1", {"2.1.330"}),
        ("history --from 2.0", {"2.0.14"}),
        ("history --profile s", {"strict"}),
        ("diff --profile n", {"none"}),
    ],
)
def test_releases_that_are_installed(box: Box, typed: str, offered: set[str]) -> None:
    for spec in ("2.1.330", "2.0.14"):
        in_process(box, "install", spec).ok()
    test_the_script_completes(box, typed, offered)


def test_nothing_is_offered_where_nothing_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: object) -> None:
        raise FolderGone()

    monkeypatch.setattr("ccpin.cli.offered.find_home", gone)
    assert installed_versions("") == []


def test_help_lists_every_verb(box: Box) -> None:
    for args in ([], ["--help"], ["-h"]):
        shown = in_process(box, *args).ok().out
        assert [line.split()[0] for line in shown.splitlines() if re.match(r"  [a-z]+  ", line)] == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(box: Box, verb: str) -> None:
    done = box.ccpin(verb, "--help") if verb == "exec" else in_process(box, verb, "--help")
    assert f"ccpin {verb}" in done.ok().out


@pytest.mark.parametrize("verb", ["list", "explain", "profile", "set", "unset"])
def test_help_of_a_verb_of_a_family(box: Box, verb: str) -> None:
    assert f"ccpin env {verb}" in in_process(box, "env", verb, "-h").ok().out


def test_wrong_usage_names_the_help_of_its_verb(box: Box) -> None:
    for args in (["use", "--profile"], ["use", "--nonsense"], ["use", "1", "2"]):
        assert "`ccpin use --help`" in in_process(box, *args).failed(2).err


def test_version(box: Box) -> None:
    assert box.ccpin("--version").ok().out == f"ccpin {ccpin.__version__}\n"
