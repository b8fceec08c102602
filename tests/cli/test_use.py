"""`ccpin use`: what ends up in the lock, and what is said about it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.pinning.flags import PROFILES
from tests.cli.arrange import HERE, OTHERS, ccpin, edit, pin, read_lock
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.claude import fake_node
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


@pytest.mark.parametrize(
    ("spec", "version", "request_"),
    [
        ("2.0.14", "2.0.14", "2.0.14"),
        ("v2.0.14", "2.0.14", "2.0.14"),
        ("2.0", "2.0.15", "2.0"),
        ("2.*", "2.1.330", "2"),
        (">= 2.0, < 2.1", "2.0.15", ">=2.0,<2.1"),
        ("~=1.0.9", "1.0.20", "~=1.0.9"),
        ("latest", "2.1.330", "latest"),
        ("STABLE", "2.1.200", "stable"),
    ],
)
def test_what_a_request_means(box: Box, spec: str, version: str, request_: str) -> None:
    done = ccpin(box, "use", spec).ok()
    assert done.out == f"Claude Code {version} pinned in {box.lock}\n"
    lock = read_lock(box.lock)
    assert (lock.version, lock.request) == (version, request_)
    assert len(box.entries()) == 1
    assert box.ccpin("exec", "--version").failed(2)  # ccpin's own option, so it wants a value
    assert box.ccpin("exec", "--", "--version").ok().out == f"{version} (Claude Code)\n"


class TestTheLock:
    def test_of_a_native_release_names_every_platform(self, box: Box, upstream: Upstream) -> None:
        ccpin(box, "use", "2.1.330").ok()
        lock = read_lock(box.lock)
        assert (lock.runtime, tuple(lock.artifacts)) == ("native", platforms.ALL)
        for platform, artifact in lock.artifacts.items():
            assert artifact.sha256 == upstream.sha256("2.1.330", platform)
            assert artifact.size == len(upstream.executable("2.1.330", platform))

    def test_without_a_manifest_names_every_tarball(self, box: Box, upstream: Upstream) -> None:
        ccpin(box, "use", "2.1.166").ok()
        lock = read_lock(box.lock)
        assert {p: a.npm for p, a in lock.artifacts.items()} == {
            p: upstream.get("2.1.166", p).integrity for p in platforms.ALL
        }

    def test_of_a_javascript_release_names_the_tarball(self, box: Box, upstream: Upstream) -> None:
        ccpin(box, "use", "2.0.14").ok()
        lock = read_lock(box.lock)
        assert (lock.runtime, list(lock.artifacts)) == ("node", ["any"])
        assert lock.artifacts["any"].npm == upstream.get("2.0.14").integrity

    def test_sets_the_default_flags(self, box: Box) -> None:
        ccpin(box, "use", "2.0.14").ok()
        assert read_lock(box.lock).env == PROFILES["default"].env
        assert not read_lock(box.lock).clean

    def test_of_a_release_that_is_both(self, box: Box) -> None:
        assert ccpin(box, "use", "2.1.112", "--json").ok().json["data"]["runtime"] == "node"
        assert ccpin(box, "use", "2.1.112", "--runtime", "native", "--json").ok().json["data"]["runtime"] == "native"
        assert ccpin(box, "use", "--json").ok().json["data"]["runtime"] == "native"  # as it was, not as is usual

    def test_is_the_same_whoever_writes_it(self, box: Box, upstream: Upstream) -> None:
        """Another home, another mirror under another name, another time zone, umask and language."""
        for spec in ("2.0.14", "2.1.330", "2.1.166"):
            ccpin(box, "use", spec).ok()
            one = box.lock.read_bytes()
            with Registry(upstream, base="/npm/mirror/", host="localhost") as mirror:
                other = {
                    "CCPIN_HOME": str(box.root / "another home"),
                    "HOME": str(box.root),
                    "CCPIN_NPM_REGISTRY": mirror.url,
                    "TZ": "Pacific/Chatham",
                    "LC_ALL": "C",
                }
                folder = box.folder(f"another/{spec}")
                (folder / ".git").mkdir()
                use = ["sh", "-c", 'umask 077; exec "$@"', "sh", *box.ccpin_argv("use", spec)]
                box.run(use, cwd=folder, env=other).ok()
            assert (folder / ".ccpin.lock").read_bytes() == one

    def test_holds_nothing_of_the_machine(self, box: Box, registry: Registry) -> None:
        ccpin(box, "use", "2.1.330").ok()
        text = box.lock.read_text()
        assert not [word for word in (str(box.root), str(registry.port), "http", "20:", HERE + "/") if word in text]


class TestAgain:
    def test_writes_nothing(self, box: Box, registry: Registry) -> None:
        ccpin(box, "use", "2.1.330").ok()
        before, there = box.snapshot(), box.lock.stat()
        registry.forget()
        done = ccpin(box, "use", "2.1.330").ok()
        assert done.out == f"Claude Code 2.1.330 was pinned already in {box.lock}\n"
        assert box.snapshot() == before
        assert (box.lock.stat().st_ino, box.lock.stat().st_mtime_ns) == (there.st_ino, there.st_mtime_ns)
        assert registry.asked(f"*claude-code-{HERE}-2.1.330.tgz") == []

    def test_reads_the_request_again(self, box: Box, upstream: Upstream) -> None:
        ccpin(box, "use", "2.0").ok()
        upstream.add_js("2.0.20")
        ccpin(box, "sync").ok()
        assert read_lock(box.lock).version == "2.0.15"
        assert "Claude Code 2.0.20 pinned" in ccpin(box, "use").ok().out
        lock = read_lock(box.lock)
        assert (lock.version, lock.request) == ("2.0.20", "2.0")

    def test_with_an_exact_request_changes_nothing(self, box: Box, upstream: Upstream) -> None:
        pin(box, "2.0.14")
        upstream.add_js("2.0.20")
        assert "was pinned already" in ccpin(box, "use").ok().out

    def test_says_what_was_there(self, box: Box) -> None:
        pin(box, "2.0.14")
        data = ccpin(box, "use", "2.1.330", "--json").ok().json["data"]
        assert (data["before"], data["version"], data["changed"]) == ("2.0.14", "2.1.330", True)
        data = ccpin(box, "use", "2.1.330", "--json").ok().json["data"]
        assert (data["before"], data["version"], data["changed"]) == ("2.1.330", "2.1.330", False)


class TestNotes:
    def test_a_pin_that_moves_down(self, box: Box) -> None:
        pin(box, "2.1.330")
        note = "note: the pin moves down, from 2.1.330: sessions written by newer releases may not open\n"
        assert note in ccpin(box, "use", "2.0.14").ok().err
        assert "moves down" not in ccpin(box, "use", "2.1.200").ok().err

    def test_a_release_that_refuses_to_start(self, box: Box) -> None:
        assert "1.0.20 is known to refuse to start a session" in ccpin(box, "use", "1.0.20").ok().err
        assert "refuse" not in ccpin(box, "use", "2.0.14").ok().err

    def test_platforms_that_the_registry_lacks(self, box: Box, upstream: Upstream, registry: Registry) -> None:
        upstream.withdraw("2.1.330", f"claude-code-{OTHERS[0]}", f"claude-code-{OTHERS[1]}")
        done = ccpin(box, "use", "2.1.330").ok()
        assert f"note: {registry.url} does not hold 2.1.330 for {OTHERS[0]}, {OTHERS[1]}\n" in done.err
        assert set(read_lock(box.lock).artifacts) == set(platforms.ALL)  # the manifest has them all

    def test_gitattributes(self, box: Box) -> None:
        (box.project / ".git").mkdir()
        folder = box.folder("it's here/app")
        done = ccpin(box, "use", "2.0.14", cwd=folder).ok()
        [command] = [line.partition("lines: ")[2] for line in done.err.splitlines() if "-merge" in line]
        box.run(["sh", "-c", command], cwd="/").ok()
        assert (box.project / ".gitattributes").read_text() == ".ccpin.lock -text -merge\n"
        (folder / ".ccpin.lock").unlink()
        assert ".gitattributes" not in ccpin(box, "use", "2.0.14", cwd=folder).ok().err

    def test_gitattributes_outside_of_git(self, box: Box) -> None:
        assert ".gitattributes" not in ccpin(box, "use", "2.0.14").ok().err

    def test_a_shim_that_is_missing_or_not_seen(self, box: Box) -> None:
        assert "`ccpin setup` installs it" in ccpin(box, "use", "2.0.14").ok().err
        ccpin(box, "setup").ok()
        [line] = [line for line in ccpin(box, "use").ok().err.splitlines() if "this shell" in line]
        activate = line.split("`")[1]
        found = box.run(["sh", "-c", f"{activate}; command -v claude; claude --version"]).ok().out
        assert found == f"{box.layout.shim()}\n2.0.14 (Claude Code)\n"
        box.put_shims_first()
        assert "shim" not in ccpin(box, "use").ok().err
        assert ccpin(box, "use", "2.1.330").ok().err.startswith("ccpin: Claude Code 2.1.330 came from npm (")
        assert ccpin(box, "use", "2.1.330").ok().err == ""

    def test_flags_that_the_release_does_not_read(self, box: Box) -> None:
        """The fake 2.0.14 reads one of the default four, the fake 2.1.330 all of them."""
        note = (
            "note: 2.0.14 does not read CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS, DISABLE_INSTALLATION_CHECKS and "
            "DISABLE_UPDATES: no effect; `ccpin env` says what does the same job there\n"
        )
        assert note in ccpin(box, "use", "2.0.14").ok().err
        assert note in ccpin(box, "use").ok().err
        assert "does not read" not in ccpin(box, "use", "2.0.14", "--profile", "none").ok().err
        assert "does not read" not in ccpin(box, "use", "2.1.330", "--profile", "default").ok().err

    def test_one_such_flag_and_what_does_its_job(self, box: Box, upstream: Upstream) -> None:
        upstream.add_js("2.0.16", reads=("DISABLE_AUTOUPDATER", *list(PROFILES["default"].env)[:3]))
        done = ccpin(box, "use", "2.0.16", "--json").ok().json["data"]
        assert done["notes"][0] == (
            "note: 2.0.16 does not read DISABLE_UPDATES: no effect; "
            "there, DISABLE_AUTOUPDATER, which the lock holds, does the same job"
        )
        held = ["DISABLE_AUTOUPDATER"]
        assert done["ignored"] == [{"name": "DISABLE_UPDATES", "instead": held, "held": held}]

    def test_many_such_flags_in_one_sentence(self, box: Box) -> None:
        err = ccpin(box, "use", "2.0.14", "--profile", "strict").ok().err
        assert "note: 2.0.14 does not read 12 of the lock's flags; `ccpin env` says which" in err

    def test_are_in_the_json_too(self, box: Box) -> None:
        pin(box, "2.1.330")
        [note, *_] = ccpin(box, "use", "2.0.14", "--json").ok().json["data"]["notes"]
        assert note.startswith("note: the pin moves down")


class TestProfile:
    def test_of_a_new_lock(self, box: Box) -> None:
        done = ccpin(box, "use", "2.1.330", "--profile", "strict").ok()
        assert done.out == f"Claude Code 2.1.330 pinned in {box.lock}, profile strict\n"
        lock = read_lock(box.lock)
        assert (lock.env, lock.clean) == (PROFILES["strict"].env, True)
        assert "clean = true\n\n[env]\n" in box.lock.read_text()

    def test_stays_without_being_named(self, box: Box) -> None:
        ccpin(box, "use", "2.1.330", "--profile", "strict").ok()
        data = ccpin(box, "use", "2.0.14", "--json").ok().json["data"]
        assert (data["profile"], data["changed"]) == ("strict", True)
        lock = read_lock(box.lock)
        assert (lock.env, lock.clean) == (PROFILES["strict"].env, True)

    def test_takes_the_place_of_what_the_lock_held(self, box: Box, upstream: Upstream) -> None:
        ccpin(box, "use", "2.0").ok()
        edit(box, "[env]\n", '[env]\n# why\nDISABLE_COMPACT = "1"\n')
        assert ccpin(box, "use", "--json").ok().json["data"]["profile"] == "default with changes"
        upstream.add_js("2.0.20")
        data = ccpin(box, "use", "--profile", "strict", "--json").ok().json["data"]  # the request is read again
        assert (data["version"], data["request"], data["profile"]) == ("2.0.20", "2.0", "strict")
        assert read_lock(box.lock).env == PROFILES["strict"].env
        assert "# why\n" in box.lock.read_text()
        ccpin(box, "use", "--profile", "none").ok()
        lock = read_lock(box.lock)
        assert (lock.env, lock.clean) == ({}, False)

    def test_that_it_has_already_changes_nothing(self, box: Box) -> None:
        ccpin(box, "use", "2.1.330", "--profile", "strict").ok()
        before = box.snapshot()
        assert "was pinned already" in ccpin(box, "use", "--profile", "strict").ok().out
        assert box.snapshot() == before

    def test_of_the_users_default(self, box: Box) -> None:
        ccpin(box, "use", "2.0.14", "--global", "--profile", "none").ok()
        assert read_lock(Path(box.layout.default_lock)).env == {}

    def test_of_a_lock_that_is_written_anew(self, box: Box) -> None:
        pin(box)
        edit(box, "[env]", "[env")
        done = ccpin(box, "use", "2.0.14", "--profile", "strict").ok()
        assert "the lock was written anew, with the flags of profile strict, for" in done.err
        assert read_lock(box.lock).clean

    def test_that_there_is_not_asks_nobody(self, box: Box, registry: Registry) -> None:
        assert "`loose` is not a profile" in ccpin(box, "use", "2.0.14", "--profile", "loose").failed(2).err
        assert registry.asked() == []
        assert not box.lock.exists()

    def test_without_a_lock_or_a_version(self, box: Box) -> None:
        assert "no lock here" in ccpin(box, "use", "--profile", "strict").failed(2).err


class TestOverAnOldLock:
    def test_keeps_what_somebody_added(self, box: Box) -> None:
        pin(box, "2.0.14")
        edit(box, "[claude]\n", "[claude]\n# why: see the minutes\nwho = 'ann'\n")
        edit(box, "\n[artifacts]", "\n[mine] # ours\nkey = [1,\n  2]\n\n[artifacts]")
        ccpin(box, "use", "2.0.15").ok()
        text = box.lock.read_text()
        assert "# why: see the minutes\nwho = 'ann'\n" in text
        assert "[mine] # ours\nkey = [1,\n  2]\n" in text
        assert read_lock(box.lock).version == "2.0.15"
        assert "was pinned already" in ccpin(box, "use").ok().out

    def test_keeps_the_flags(self, box: Box) -> None:
        pin(box, "2.0.14")
        edit(box, 'DISABLE_UPDATES = "1"\n', 'DISABLE_TELEMETRY = "1"\n')
        ccpin(box, "use", "2.1.330").ok()
        env = read_lock(box.lock).env
        assert set(env) == {*PROFILES["default"].env, "DISABLE_TELEMETRY"} - {"DISABLE_UPDATES"}

    def test_repairs_a_merge(self, box: Box) -> None:
        ours = pin(box, "2.0.14")
        ours_text = box.lock.read_text()
        theirs = pin(box, "2.0.15")
        box.lock.write_text(f"<<<<<<< HEAD\n{ours_text}=======\n{box.lock.read_text()}>>>>>>> theirs\n")
        assert "`ccpin use VERSION`" in ccpin(box, "use").failed().err
        ccpin(box, "use", "2.0.14").ok()
        assert box.lock.read_text() == ours_text
        assert ours != theirs

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ('digest = "sha256:', 'digest = "sha256:0', "not sha256"),
            ("[env]", "[env", "expected"),
            ('any = { npm = "sha512-', 'any = { npm = "sha512-AAAA', "neither"),
            ("lock-version = 1", "", "lock-version"),
        ],
    )
    def test_repairs_what_cannot_be_read(self, box: Box, old: str, new: str, says: str) -> None:
        pin(box)
        right = box.lock.read_text()
        edit(box, old, new)
        assert ccpin(box, "use").failed().err
        done = ccpin(box, "use", "2.0.14").ok()
        assert "note: the lock was written anew, with ccpin's default flags" in done.err
        assert says in done.err
        assert box.lock.read_text() == right

    def test_repairs_no_flag_that_is_refused(self, box: Box) -> None:
        pin(box)
        edit(box, "[env]", '[env]\nPATH = "/evil"')
        assert "`PATH` may not stand in a lock" in ccpin(box, "use", "2.0.14").failed().err

    def test_the_same_version_keeps_its_runtime(self, box: Box) -> None:
        ccpin(box, "use", "2.1.112", "--runtime", "native").ok()
        ccpin(box, "use", "2.1.112").ok()
        assert read_lock(box.lock).runtime == "native"
        ccpin(box, "use", "2.1.112", "--runtime", "node").ok()
        assert read_lock(box.lock).runtime == "node"

    @pytest.mark.parametrize("text", ["=======\n", "notes\n", ""])
    def test_a_link_that_leads_out_of_the_project_is_not_followed(self, box: Box, text: str) -> None:
        """A clone would choose which of the user's files is overwritten."""
        notes = box.home / "notes.md"
        notes.write_text(text)
        box.lock.symlink_to(os.path.relpath(notes, box.project))
        done = ccpin(box, "use", "2.0.14").failed()
        assert "it is a link that leads out of the project" in done.err
        assert notes.read_text() == text
        assert box.entries() == []

    def test_nor_one_to_the_users_default(self, box: Box) -> None:
        ccpin(box, "use", "2.0.14", "--global").ok()
        box.lock.symlink_to(box.layout.default_lock)
        ccpin(box, "use", "2.0.15").failed()
        assert read_lock(Path(box.layout.default_lock)).version == "2.0.14"

    def test_a_pipe_in_the_place_of_gitattributes_holds_nobody_up(self, box: Box) -> None:
        (box.project / ".git").mkdir()
        os.mkfifo(box.project / ".gitattributes")
        ccpin(box, "use", "2.0.14").ok()

    def test_a_link_stays_a_link_and_a_mode_a_mode(self, box: Box) -> None:
        pin(box, "2.0.14")
        shared = box.folder("shared") / "lock"
        box.lock.rename(shared)
        shared.chmod(0o640)
        box.lock.symlink_to("shared/lock")
        ccpin(box, "use", "2.0.15").ok()
        assert os.readlink(box.lock) == "shared/lock"
        assert read_lock(shared).version == "2.0.15"
        assert shared.stat().st_mode & 0o777 == 0o640

    def test_windows_line_ends_stay_readable(self, box: Box) -> None:
        pin(box, "2.0.14")
        box.lock.write_bytes(box.lock.read_bytes().replace(b"\n", b"\r\n"))
        ccpin(box, "use", "2.0.15").ok()
        assert read_lock(box.lock).version == "2.0.15"


class TestWhichLock:
    def test_the_projects_from_a_sub_folder(self, box: Box) -> None:
        pin(box, "2.0.14")
        deep = box.folder("a/b")
        ccpin(box, "use", "2.0.15", cwd=deep).ok()
        assert read_lock(box.lock).version == "2.0.15"
        assert not list(deep.iterdir())

    def test_not_one_above_the_checkout(self, box: Box) -> None:
        pin(box, "2.0.14")
        above = box.lock.read_bytes()
        checkout = box.folder("checkout")
        (checkout / ".git").write_text("gitdir: elsewhere\n")  # as in a worktree
        deep = box.folder("checkout/deep")
        ccpin(box, "use", "2.0.15", cwd=deep).ok()
        assert box.lock.read_bytes() == above
        assert read_lock(deep / ".ccpin.lock").version == "2.0.15"

    def test_the_users_default(self, box: Box) -> None:
        done = ccpin(box, "use", "2.0.14", "--global").ok()
        assert box.layout.default_lock in done.out
        assert not box.lock.exists()
        assert box.ccpin("exec", "--", "--version", cwd="/").ok().out == "2.0.14 (Claude Code)\n"
        ccpin(box, "use", "2.0", "--global").ok()
        ccpin(box, "use", "--global").ok()
        assert read_lock(Path(box.layout.default_lock)).version == "2.0.15"
        pin(box, "1.0.20")
        assert box.ccpin("exec", "--", "--version").ok().out == "1.0.20 (Claude Code)\n"


class TestSources:
    def test_a_registry_for_once(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        with Registry(upstream, base="/other/") as other:
            data = ccpin(box, "use", "2.0.14", "--registry", other.url, "--json").ok().json["data"]
            assert (data["source"], data["origin"]) == ("npm", f"from npm ({other.url})")
            assert other.asked()
        assert registry.asked() == []

    def test_the_users_npmrc_with_its_token(self, box: Box, registry: Registry) -> None:
        registry.fault("*", faults.requires_token("secret-1"))
        del box.env["CCPIN_NPM_REGISTRY"]
        box.env["TOKEN"] = "secret-1"
        (box.home / ".npmrc").write_text(
            f"@anthropic-ai:registry={registry.url}\n//127.0.0.1:{registry.port}/:_authToken=${{TOKEN}}\n"
        )
        done = ccpin(box, "use", "2.0.14").ok()
        assert "secret" not in done.out + done.err + box.lock.read_text()

    def test_an_install_is_not_downloaded_twice(self, box: Box, registry: Registry) -> None:
        pin(box, "2.1.330")
        registry.forget()
        folder = box.folder("other")
        (folder / ".git").mkdir()
        ccpin(box, "use", "2.1.330", cwd=folder).ok()
        assert registry.asked(f"*{HERE}*.tgz") == []

    def test_a_newer_node_is_taken(self, box: Box) -> None:
        fake_node(box.bin, "16.0.0")
        fake_node(box.root / "newer", "22.1.0")
        ccpin(box, "use", "2.0.14").failed()
        box.env["PATH"] = f"{box.root}/newer:{box.env['PATH']}"
        ccpin(box, "use", "2.0.14").ok()
        assert box.ccpin("exec", "--", "-p").ok().json["node"] == "22.1.0"

    def test_a_native_release_needs_no_node(self, box: Box) -> None:
        (box.bin / "node").unlink()
        assert shutil.which("node", path=box.env["PATH"]) is None
        ccpin(box, "use", "2.1.330").ok()
        assert box.ccpin("exec", "--", "--version").ok().out == "2.1.330 (Claude Code)\n"


class TestANodeWhereNoneIsNeeded:
    @pytest.mark.parametrize("verb", ["use", "use --json"])
    def test_is_said_to_do_nothing(self, box: Box, verb: str) -> None:
        done = ccpin(box, *verb.split(), "2.1.330", "--node", "22").ok()
        assert "note: 2.1.330 is an executable, which needs no Node.js: `--node` has no effect" in done.out + done.err
        assert read_lock(box.lock).node is None

    def test_unless_the_one_on_path_was_asked_for(self, box: Box) -> None:
        assert "Node.js" not in ccpin(box, "use", "2.1.330", "--node", "none").ok().err

    @pytest.mark.parametrize("version", ["2.0.14", "2.1.330"])
    @pytest.mark.parametrize("spec", ["", "lts", "latest"])
    def test_nonsense_is_refused_for_any_release(self, box: Box, version: str, spec: str) -> None:
        [error] = ccpin(box, "use", version, "--node", spec, "--json").failed(2).json["errors"]
        assert error["code"] == "bad-node-request"
        assert not box.lock.exists()
