"""`--fingerprint` and `ccpin check --wire`: a lock that can prove itself, for every user, and says what hinders it."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.arrange import ccpin, edit, pin, read_lock, sentence, set_up
from tests.fakes.box import Box, Completed
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed from process to process")


@pytest.fixture
def box(box: Box) -> Box:
    set_up(box)
    return box


@pytest.fixture
def proven(box: Box) -> Box:
    """A project pinned to 2.1.330 under `strict`, with a fingerprint."""
    ccpin(box, "use", "2.1.330", "--profile", "strict", "--fingerprint").ok()
    return box


def check(box: Box, *words: str, **options: Any) -> Completed:
    return ccpin(box, "check", "--wire", *words, **options)


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


class TestWriting:
    def test_by_use(self, proven: Box) -> None:
        text = proven.lock.read_text()
        proof = read_lock(proven.lock).proof
        assert proof is not None
        assert (proof.mode, proof.normaliser) == ("first-party", 1)
        assert [*proof.digests] == ["all", "betas", "headers", "messages", "parameters", "system", "tools"]
        assert text.index("[artifacts]") < text.index("[fingerprint]")
        ccpin(proven, "sync", "--locked").ok()
        said = ccpin(proven, "fingerprint", "--json").ok().json["data"]
        assert (said["all"], said["parts"]["tools"]) == (proof.digests["all"], proof.digests["tools"])

    def test_by_profile(self, box: Box) -> None:
        pin(box, "2.1.330")
        ccpin(box, "env", "profile", "strict", "--fingerprint").ok()
        check(box).ok()
        lock = read_lock(box.lock)
        assert lock.clean
        assert lock.proof is not None

    def test_of_the_flags_as_they_are(self, box: Box) -> None:
        pin(box, "2.1.330")
        before = read_lock(box.lock)
        assert "the fingerprint set in" in ccpin(box, "env", "profile", "--fingerprint").ok().out
        assert read_lock(box.lock).env == before.env
        assert "was set already" in ccpin(box, "env", "profile", "--fingerprint").ok().out

    def test_it_stays_with_the_same_and_goes_with_another(self, proven: Box) -> None:
        text = proven.lock.read_text()
        ccpin(proven, "use").ok()
        assert proven.lock.read_text() == text
        done = ccpin(proven, "env", "unset", "DISABLE_TELEMETRY").ok()
        assert "note: the lock's fingerprint was of something else, and is gone" in done.err
        assert "[fingerprint]" not in proven.lock.read_text()

    def test_it_goes_with_another_release(self, proven: Box) -> None:
        done = ccpin(proven, "use", "2.0.14").ok()
        assert "and is gone; `ccpin env profile --fingerprint` makes a new one" in done.err
        assert read_lock(proven.lock).proof is None
        ccpin(proven, "rollback").ok()
        assert read_lock(proven.lock).proof is not None

    def test_it_is_told_that_it_goes_with_a_rollback(self, box: Box) -> None:
        pin(box, "2.0.14")
        assert "with the fingerprint of what it sends" in ccpin(box, "use", "2.1.330", "--fingerprint").ok().out
        done = ccpin(box, "rollback").ok()
        assert "note: the lock's fingerprint was of something else, and is gone" in done.err
        assert read_lock(box.lock).proof is None

    def test_what_is_not_stable_cannot_be_locked(self, box: Box, upstream: Upstream) -> None:
        upstream.add_js("2.0.66")
        pin(box, "2.0.14")
        before = box.lock.read_bytes()
        failed = ccpin(box, "use", "2.0.66", "--fingerprint").failed()
        assert sentence("not-stable").search(failed.err)
        assert "(system)" in failed.err
        assert box.lock.read_bytes() == before

    def test_the_shim_starts_it_as_before(self, proven: Box) -> None:
        said = proven.claude("x").ok().json
        assert (said["version"], said["argv"][-1]) == ("2.1.330", "x")


class TestChecking:
    def test_it_holds(self, proven: Box) -> None:
        done = check(proven).ok()
        assert done.out == "Claude Code 2.1.330: as locked, and sends what was locked\n"

    def test_it_holds_for_another_user_in_another_place(self, proven: Box) -> None:
        elsewhere = proven.root / "else where" / "deep"
        write(elsewhere / ".ccpin.lock", proven.lock.read_text())
        home = proven.root / "other home"
        write(home / ".claude" / "settings.json", {"theme": "dark", "env": {"ANTHROPIC_MODEL": "theirs"}})
        write(home / ".claude.json", {"cachedFeatureFlags": {"x": True}, "clientDataCache": {"a": "b"}})
        check(proven, cwd=elsewhere, env={"HOME": str(home), "ANTHROPIC_MODEL": "theirs"}).ok()
        assert json.loads((home / ".claude.json").read_text())["clientDataCache"] == {"a": "b"}

    @pytest.mark.parametrize(
        ("file", "value", "part", "why"),
        [
            ("CLAUDE.md", "Speak Latin.", "messages", "/home/.claude/CLAUDE.md"),
            ("settings.json", {"model": "theirs"}, "parameters", "`model` in "),
            ("settings.json", {"outputStyle": "loud"}, "system", "`outputStyle` in "),
            ("settings.json", {"effortLevel": "low", "x": 1}, "parameters", "`effortLevel` in "),
            ("settings.json", {"language": "Latin"}, "messages", "`language` in "),
            ("settings.json", {"permissions": {"deny": ["Read"], "allow": ["Bash"]}}, "tools", "`permissions` in "),
        ],
    )
    def test_what_a_user_has_is_named(self, proven: Box, file: str, value: Any, part: str, why: str) -> None:
        write(proven.home / ".claude" / file, value)
        failed = check(proven).failed()
        assert sentence("sent-otherwise").search(failed.err)
        assert f"`{part}` is not what the lock's fingerprint says: " in failed.err
        assert why in failed.err
        assert failed.err.count("is not what the lock") == 1

    def test_of_several_the_one_that_counts(self, proven: Box) -> None:
        write(proven.home / ".claude" / "settings.json", {"model": "theirs"})
        write(proven.home / ".claude" / "CLAUDE.md", "Speak Latin.")
        write(proven.home / ".claude.json", {"cachedFeatureFlags": {"x": True}})
        errors = check(proven, env={"ANTHROPIC_MODEL": "mine"}).failed().err
        assert "`messages` is not what the lock's fingerprint says: " in errors
        assert "`parameters` is not what the lock's fingerprint says: `model` in " in errors
        assert "feature flags" not in errors
        assert "exported" not in errors

    def test_one_reason_is_one_fault_and_taking_it_away_mends_it(self, proven: Box) -> None:
        write(proven.home / ".claude" / "settings.json", {"model": "theirs", "effortLevel": "low"})
        write(proven.home / ".claude" / "CLAUDE.md", "Speak Latin.")
        errors = check(proven).failed().err
        assert errors.count("take it away, or keep it and leave `--wire` out: `ccpin check`") == 2
        assert "`ccpin env profile --fingerprint`" not in errors, "it would write the same again"
        for path in (proven.home / ".claude").iterdir():
            path.unlink()
        check(proven).ok()

    def test_of_one_file_the_setting_that_counts(self, proven: Box) -> None:
        write(proven.home / ".claude" / "settings.json", {"outputStyle": "loud", "env": {"ANTHROPIC_MODEL": "theirs"}})
        errors = check(proven).failed().err
        assert "`system` is not what the lock's fingerprint says: `outputStyle` in " in errors
        assert "`env`" not in errors

    def test_without_a_clean_slate_more_counts(self, box: Box) -> None:
        ccpin(box, "use", "2.1.330", "--profile", "default", "--fingerprint").ok()
        write(box.home / ".claude.json", {"cachedFeatureFlags": {"x": True}})
        failed = check(box, env={"ANTHROPIC_MODEL": "mine"}).failed()
        assert "`betas` is not what the lock's fingerprint says: the feature flags that are cached in " in failed.err
        assert "`parameters` is not what the lock's fingerprint says: what is exported: ANTHROPIC_MODEL" in failed.err

    def test_a_number_in_env_counts_as_its_text(self, box: Box) -> None:
        """A release makes a text of it (measured: 2.1.330)."""
        ccpin(box, "use", "2.1.330", "--profile", "default", "--fingerprint").ok()
        write(box.home / ".claude" / "settings.json", {"env": {"ANTHROPIC_MODEL": 5}})
        assert "`parameters` is not what the lock's fingerprint says: `env` in " in check(box).failed().err

    def test_texts_of_the_user_for_this_project(self, proven: Box) -> None:
        name = re.sub("[^A-Za-z0-9]", "-", str(proven.project))
        memory = proven.home / ".claude" / "projects" / name / "memory" / "MEMORY.md"
        for path in (memory, proven.project / "CLAUDE.local.md"):
            write(path, "Speak Latin.")
            failed = check(proven).failed()
            assert f"`messages` is not what the lock's fingerprint says: {path}" in failed.err
            path.unlink()
        check(proven).ok()

    @pytest.mark.parametrize("name", ["CLAUDE.md", ".mcp.json", ".claude/CLAUDE.md"])
    def test_what_stands_above_the_project_is_named(self, proven: Box, name: str) -> None:
        write(proven.root / name, "{}")
        failed = check(proven).failed()
        assert sentence("added-here").search(failed.err)
        assert f"`{proven.root / name}`, above the project, adds to it" in failed.err

    @pytest.mark.parametrize("name", ["ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "CLAUDE_CODE_EXTRA_BODY"])
    def test_a_variable_off_the_table_is_named(self, proven: Box, name: str) -> None:
        exported = check(proven, env={name: "SECRET"}).failed()
        write(proven.home / ".claude" / "settings.json", {"env": {name: "SECRET"}})
        for failed in (exported, check(proven).failed()):
            assert sentence("added-here").search(failed.err)
            assert f"the variable {name} adds to it" in failed.err
            assert "SECRET" not in failed.err

    def test_of_two_state_files_the_old_one_counts(self, box: Box) -> None:
        ccpin(box, "use", "2.1.330", "--profile", "default", "--fingerprint").ok()
        write(box.home / ".claude.json", {"cachedFeatureFlags": {}, "x": 1})
        write(box.home / ".claude" / ".config.json", {"cachedFeatureFlags": {"x": True}})
        assert "`betas` is not" in check(box).failed().err
        write(box.home / ".claude.json", {"cachedFeatureFlags": {"y": True}})
        write(box.home / ".claude" / ".config.json", {"x": 1})
        check(box).ok()

    def test_a_lock_that_was_changed_by_hand(self, proven: Box) -> None:
        lock = read_lock(proven.lock)
        assert lock.proof is not None
        edit(proven, lock.proof.digests["betas"], f"sha256:{'0' * 64}")
        failed = check(proven).failed()
        assert "`betas` is not" in failed.err
        assert "the release sends this even in an empty home, on this machine" in failed.err
        assert sentence("sent-by-itself").search(failed.err)
        assert "lock it: `ccpin env profile --fingerprint`" in failed.err

    @pytest.mark.parametrize("with_another", [True, False])
    def test_one_digest_that_is_not_of_its_parts(self, proven: Box, with_another: bool) -> None:
        lock = read_lock(proven.lock)
        assert lock.proof is not None
        whole = f'all = "{lock.proof.digests["all"]}"\n'
        no_such = f"sha256:{'0' * 64}"
        edit(proven, whole, f'{whole}other = "{no_such}"\n' if with_another else f'all = "{no_such}"\n')
        failed = check(proven).failed()
        assert sentence("edited-fingerprint").search(failed.err)

    def test_where_an_administrator_has_a_word(self, proven: Box) -> None:
        lock = read_lock(proven.lock)
        assert lock.proof is not None
        edit(proven, lock.proof.digests["betas"], f"sha256:{'0' * 64}")
        policy = proven.root / "policy.json"
        write(policy, {})
        said = ", on this machine, where an administrator has set a policy"
        assert said in check(proven, env={"CLAUDE_CODE_MANAGED_SETTINGS_PATH": str(policy)}).failed().err
        assert said not in check(proven).failed().err

    def test_a_changed_executable_is_not_run(self, proven: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        path = Path(ccpin(proven, "which").ok().out.strip())
        path.chmod(0o755)
        with path.open("ab") as file:
            file.write(b"\n#")
        monkeypatch.setattr("ccpin.wire.proving.prove", None)
        assert sentence("entry-changed").search(check(proven).failed().err)

    @pytest.mark.parametrize(
        ("file", "value", "what"),
        [
            (
                ".claude.json",
                {"mcpServers": {"tickets": {"command": "touch", "args": ["/ran"]}}},
                "the MCP server `tickets`",
            ),
            (".claude/settings.json", {"enabledPlugins": {"lint@x": True}}, "the plugin `lint@x`"),
            (".claude/plugins/installed_plugins.json", {"plugins": {"p@x": {}}}, "the plugin `p@x`"),
            (".claude/settings.json", {"hooks": {"SessionStart": [{}]}}, "the hook `SessionStart`"),
            (".claude/agents/reviewer.md", "x", "the agent `reviewer`"),
            (".claude/skills/deploy/SKILL.md", "x", "the skill `deploy`"),
        ],
    )
    def test_what_adds_to_a_request_is_named(self, proven: Box, file: str, value: Any, what: str) -> None:
        write(proven.home / file, value)
        failed = check(proven).failed()
        assert sentence("added-here").search(failed.err)
        assert f"{what} adds to it" in failed.err

    def test_settings_of_the_project_are_in_a_fingerprint_that_is_made_in_it(self, proven: Box) -> None:
        settings = proven.project / ".claude" / "settings.json"
        write(settings, {"model": "everybody-s"})
        failed = check(proven).failed()
        assert sentence("sent-by-itself").search(failed.err)
        ccpin(proven, "env", "profile", "--fingerprint").ok()
        assert "release, flags and settings" not in check(proven).ok().err
        write(settings, {"model": "another"})
        check(proven).failed()
        settings.unlink()
        check(proven).failed()
        assert ccpin(proven, "fingerprint", "--json").ok().json["data"]["model"] != "everybody-s"

    def test_what_is_the_user_s_alone_is_told_apart(self, proven: Box) -> None:
        write(proven.home / ".claude" / "skills" / "mine" / "SKILL.md", "Hop.")
        failed = check(proven).failed()
        assert re.search("note: it was run (in|with) .*; release, flags and settings send what was locked", failed.err)
        write(proven.home / ".claude" / "settings.json", {"model": "theirs"})
        assert "release, flags and settings" not in check(proven).failed().err

    def test_a_server_for_this_project_alone(self, proven: Box) -> None:
        servers = {"mcpServers": {"mine": {"command": "x"}}}
        write(proven.home / ".claude.json", {"projects": {"/elsewhere": servers}})
        check(proven).ok()
        write(proven.home / ".claude.json", {"projects": {os.path.realpath(proven.project): servers}})
        assert "the MCP server `mine`" in check(proven).failed().err

    def test_what_is_the_project_s_own_is_told(self, proven: Box) -> None:
        write(proven.project / "CLAUDE.md", "Use tabs.")
        write(proven.project / ".mcp.json", {})
        write(proven.project / ".claude" / "settings.json", {"hooks": {"Stop": [{}]}, "language": "Latin", "x": 1})
        done = check(proven).ok()
        assert "no fingerprint covers what the project has of its own: CLAUDE.md, .mcp.json, " in done.err
        assert ".mcp.json, .claude/settings.json (`hooks`), .claude/settings.json (`language`)\n" in done.err

    def test_a_lock_without_one(self, box: Box) -> None:
        pin(box, "2.1.330")
        assert sentence("no-fingerprint").search(check(box).failed().err)

    def test_one_by_other_rules(self, proven: Box) -> None:
        edit(proven, "normaliser = 1", "normaliser = 99")
        assert sentence("other-rules").search(check(proven).failed().err)

    def test_faults_of_a_shell_do_not_hinder_it(self, proven: Box) -> None:
        write(proven.home / ".claude" / "CLAUDE.md", "Speak Latin.")
        found = check(proven, "--json", env={"CCPIN_DISABLE": "1"}).failed().json
        assert found["data"]["wire"]
        proof = read_lock(proven.lock).proof
        assert proof is not None
        same = {name for name, value in found["data"]["sent"].items() if value == proof.digests[name]}
        assert same == set(proof.digests) - {"all", "messages"}
        assert {error["code"] for error in found["errors"]} == {"overridden", "sent-otherwise"}

    def test_the_default_lock_in_a_folder_that_is_gone(self, box: Box) -> None:
        ccpin(box, "use", "2.1.330", "--profile", "strict", "--fingerprint", "--global").ok()
        folder = box.folder("gone")
        code = (
            f"import os, sys; os.chdir({str(folder)!r}); os.rmdir({str(folder)!r}); os.execv(sys.argv[1], sys.argv[1:])"
        )
        done = box.run([sys.executable, "-c", code, *box.ccpin_argv("check", "--wire")])
        assert "Traceback" not in done.err
        assert sentence("folder-gone").search(done.err)
        ccpin(box, "check", "--wire", cwd=box.root).ok()

    def test_the_lock_alone_and_the_wire_do_not_go_together(self, proven: Box) -> None:
        assert sentence("bad-option").search(ccpin(proven, "check", "--wire", "--lock-only").failed(2).err)


def test_the_oldest_keep_their_prepared_home(box: Box, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccpin.wire import copies, proving

    upstream.add_js("0.2.35", bin_name="cli.js")
    ccpin(box, "use", "0.2.35", "--fingerprint").ok()
    write(box.home / ".claude.json", {"cachedStatsigGates": {"x": True}})
    seen: list[Any] = []

    def looked(found: Any, home: str, cwd: str) -> None:
        copies.put(found, home, cwd)
        seen.append(json.loads(Path(home, ".claude.json").read_text()))

    monkeypatch.setattr(proving, "put", looked)
    check(box).ok()
    assert [(each["hasCompletedOnboarding"], each["cachedStatsigGates"]) for each in seen] == [(True, {"x": True})]


def test_neither_helpers_nor_keys_are_copied(proven: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccpin.wire import copies, proving

    seen: list[str] = []
    real = copies.put

    def looked(found: Any, home: str, cwd: str) -> None:
        real(found, home, cwd)
        seen.extend(path.read_text() for path in [*Path(home).rglob("*"), *Path(cwd).rglob("*")] if path.is_file())

    monkeypatch.setattr(proving, "put", looked)
    secret = {
        "apiKeyHelper": "SECRET",
        "hooks": {"Stop": ["SECRET"]},
        "env": {"ANTHROPIC_API_KEY": "SECRET", "PATH": "SECRET"},
    }
    settings = {**secret, "model": "theirs", "permissions": {"allow": ["SECRET"]}}
    write(proven.home / ".claude" / "settings.json", settings)
    write(proven.project / ".claude" / "settings.local.json", settings)
    write(proven.home / ".claude.json", {**secret, "oauthAccount": "SECRET", "primaryApiKey": "SECRET"})
    write(proven.home / ".claude" / ".credentials.json", "SECRET")
    check(proven, env={"ANTHROPIC_API_KEY": "SECRET"}).failed()
    assert any("theirs" in text for text in seen)
    assert not any("SECRET" in text for text in seen)


def test_what_stands_above_a_temporary_folder_is_not_run(proven: Box) -> None:
    """On a machine that is shared, anybody can put an .mcp.json into /tmp."""
    shared = proven.root / "shared"
    write(shared / ".mcp.json", {"mcpServers": {"x": {"command": "touch"}}})
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patched:
        patched.setattr("tempfile.tempdir", str(shared))
        patched.setattr("ccpin.wire.take.places", lambda: [str(shared)])
        failed = check(proven).failed()
    assert sentence("read-above").search(failed.err)
    assert str(shared / ".mcp.json") in failed.err
