"""The JSON envelope: one object, whatever the verb, whatever happened."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any

import pytest

from ccpin.cli.app import VERBS
from tests.cli.arrange import all_errors, ccpin, pin, set_up
from tests.docs.generated.answers import undocumented
from tests.docs.pages import read
from tests.fakes.box import Box
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

ANSWERS = "docs/json.md"
TEXT_ONLY = {"exec", "completion"}  # another program's output, and a script

SUCCESSES = {
    "doctor": {"version", "lock", "mechanisms", "always", "findings"},
    "init --yes": {"files", "install_source", "notes"},
    "use 2.0.14": {
        "version", "request", "runtime", "lock", "changed", "before", "repaired", "absent", "executable",
        "source", "source_name", "origin", "passed", "node", "profile", "ignored", "notes",
    },
    "upgrade 2.0.15": {
        "version", "request", "runtime", "lock", "changed", "before", "repaired", "absent", "executable",
        "source", "source_name", "origin", "passed", "node", "profile", "ignored", "notes", "sends",
    },
    "rollback": {
        "version", "request", "runtime", "node", "lock", "before", "commit", "executable", "ignored", "notes",
    },
    "outdated": {"version", "request", "lock", "wanted", "latest", "passed", "origin", "notes", "behind", "sends"},
    "sync": {"version", "lock", "executable"},
    "sync --locked": {"version", "lock", "executable"},
    "bundle -o b.tar": {"file", "bytes", "releases", "platforms", "files"},
    "check --lock-only": {"version", "lock", "executable", "deep", "wire", "sent", "notes"},
    "fingerprint --runs 1": {
        "version", "runtime", "profile", "flags", "clean", "mode", "normaliser", "runs", "isolation", "all", "parts",
        "unstable", "model", "parameters", "betas", "tools", "system_characters", "headers", "platform", "hosts",
        "requests", "files", "sometimes", "startup_seconds", "seconds", "bytes",
    },
    "history": {"mode", "flags", "clean", "passed", "releases"},
    "diff 1.0.20 2.0.14": {
        "before", "after", "parts", "model", "parameters", "headers", "betas", "tools", "system", "messages",
        "variables", "hosts",
    },
    "sessions --all --stats": {
        "folder", "since", "sessions", "off", "changed", "nameless", "files", "bytes", "passed", "rows", "stats",
    },
    "bisect --good 2.0.15 --bad 2.1.110 --wire model=new": {
        "first", "suspects", "good", "bad", "command", "wire", "profile", "flags", "clean", "mode", "candidates",
        "passed", "tested", "runs", "installed", "sends", "changelog",
    },
    "which": {"path", "store"},
    "which --shim": {"path", "store"},
    "current": {"version", "request", "runtime", "node", "digest", "path", "store", "source", "line", "why"},
    "list": {"home", "installed"},
    "list --remote": {"registry", "as_of", "releases"},
    "env": {"source", "version", "profile", "clean", "flags"},
    "env --all": {"source", "version", "profile", "clean", "flags"},
    "env list --mechanism 4": {"source", "version", "profile", "clean", "flags"},
    "env explain DISABLE_UPDATES": {
        "name", "value", "takes", "mechanisms", "effect", "read", "instead", "answers", "price", "first", "last",
        "source", "version",
    },
    "env profile": {"source", "profile", "profiles"},
    "env profile strict": {"source", "version", "profile", "clean", "flags", "changed"},
    "env set DISABLE_COMPACT": {"source", "version", "profile", "clean", "flags", "changed"},
    "env unset DISABLE_UPDATES": {"source", "version", "profile", "clean", "flags", "changed"},
    "install 2.0.15": {"version", "runtime", "executable", "bytes", "notes"},
    "uninstall 1.0.20": {"version", "bytes"},
    "verify": {"deep", "installs", "beside"},
    "verify 2.0.14 --deep --repair": {"deep", "installs", "beside"},
    "prune": {"dry_run", "bytes", "unseen", "freed", "kept", "swept"},
    "prune --dry-run --keep 0": {"dry_run", "bytes", "unseen", "freed", "kept", "swept"},
    "config": {"minimum-version", "allow-flag", "keep-flag", "settings", "files", "home"},
    "config keep-flag ANTHROPIC_MODEL": {"keep-flag", "settings", "files", "home"},
    "setup --dry-run": {"changes", "activate", "notes"},
}  # fmt: skip

SET_UP = {"doctor", "which --shim"}
"""These have something to complain of where `ccpin setup` was not run."""

FAILURES = {
    "doctor": (1, "problems-found"),
    "init": (2, "bad-option"),
    "use 9.9.9": (1, "unknown-release"),
    "upgrade 1.0.20": (1, "would-move-down"),
    "rollback": (1, "no-previous"),
    "outdated --source npm,x": (2, "bad-source"),
    "sync --wrong": (2, "bad-option"),
    "bundle -o b.zip": (2, "bad-bundle-name"),
    "check": (1, "not-set-up"),
    "check --wire --lock-only": (2, "bad-option"),
    "fingerprint --profile loose": (2, "unknown-profile"),
    "diff 1 2 3": (2, "bad-option"),
    "history --from 2": (2, "bad-version"),
    "sessions --since yesterday": (2, "bad-since"),
    "sessions --project none": (2, "no-such-folder"),
    "sessions --project . --all": (2, "bad-option"),
    "bisect --good 2": (2, "bad-option"),
    "which 2.0.14": (2, "bad-option"),
    "which --shim": (1, "not-set-up"),
    "current --all": (2, "bad-option"),
    "list --here": (2, "bad-option"),
    "list --remote --registry x:": (1, "bad-registry-address"),
    "env --flags": (2, "bad-option"),
    "env list --mechanism 8": (2, "bad-option"),
    "env explain COLOUR": (2, "unknown-flag"),
    "env profile loose": (2, "unknown-profile"),
    "env set DISABLE_UPDATES=0": (2, "bad-flag-value"),
    "env unset COLOUR": (2, "unknown-flag"),
    "env unset DISABLE_UPDATES --global": (2, "nothing-to-change"),
    "install 3": (1, "nothing-satisfies"),
    "uninstall 2.0.15": (1, "nothing-installed"),
    "verify 2.0.15": (1, "nothing-installed"),
    "prune --older-than 3w": (2, "bad-option"),
    "config colour": (2, "bad-option"),
    "config minimum-version colour": (2, "bad-setting"),
    "setup --redo": (2, "bad-option"),
    "nonsense": (2, "bad-option"),
}


def envelope(done: Any) -> dict[str, Any]:
    """stdout is one JSON object and nothing else, in ASCII; its keys are these four."""
    assert done.out.isascii()
    answer = json.loads(done.out)
    assert list(answer) == ["ok", "command", "data", "errors"]
    assert answer["ok"] is (done.code == 0)
    assert bool(answer["errors"]) is not answer["ok"]
    return dict(answer)


@pytest.mark.parametrize("command", SUCCESSES)
def test_success(box: Box, upstream: Upstream, command: str) -> None:
    pin(box, "1.0.20")
    pin(box, "2.0.14")
    if command == "outdated":
        upstream.tags["latest"] = "2.0.14"
    if command in SET_UP:
        set_up(box)
    answer = envelope(ccpin(box, *shlex.split(command), "--json").ok())
    assert answer["command"] == command.split()[0]
    assert set(answer["data"]) == SUCCESSES[command]
    assert not list(undocumented(read(ANSWERS), command, answer["data"])), "`python -m tests.docs` writes it there"


@pytest.mark.parametrize("command", FAILURES)
def test_failure(box: Box, command: str) -> None:
    pin(box, "2.0.14")
    code, kind = FAILURES[command]
    done = ccpin(box, *command.split(), "--json")
    answer = envelope(done.failed(code))
    assert answer["command"] == command.split()[0]
    [error] = answer["errors"]
    assert list(error) == ["code", "message", "hint"]
    assert error["code"] == kind
    assert all(isinstance(error[key], str) and error[key] for key in error)
    assert done.err == ""


def test_the_two_tables_hold_every_verb() -> None:
    for table in (SUCCESSES, FAILURES):
        assert {command.split()[0] for command in table} >= set(VERBS) - TEXT_ONLY


def test_without_a_verb(box: Box) -> None:
    answer = envelope(box.ccpin("--json").failed(2))
    assert (answer["command"], answer["errors"][0]["code"]) == ("", "bad-option")


def test_paths_that_are_no_text(box: Box) -> None:
    folder = os.fsencode(box.project) + b"/\xff\n"
    os.mkdir(folder)
    pin(box, "2.0.14")
    os.symlink(box.lock, folder + b"/.ccpin.lock")
    answer = envelope(box.ccpin("current", "--json", cwd=os.fsdecode(folder)).ok())
    assert os.fsencode(answer["data"]["source"]) == folder + b"/.ccpin.lock"
    assert box.ccpin("current", cwd=os.fsdecode(folder)).ok().out.startswith("Claude Code 2.0.14\n")
    assert box.ccpin("sync", cwd=os.fsdecode(folder)).ok()


def test_codes_are_those_of_the_errors(box: Box) -> None:
    assert {kind for _, kind in FAILURES.values()} <= {error.code for error in all_errors()}
