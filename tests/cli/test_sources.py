"""Sources that agree: a lock written through one is satisfied by any other, and none of them is believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import zstandard

from tests.cli.arrange import HERE, OTHERS, ccpin, empty_store, pin, read_lock
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

VERSION = "2.1.330"
TARBALL = f"*{HERE}*.tgz"
EXECUTABLES = "*/claude*"
TOKEN = "s3cret-token"


def pack(channel: Channel, upstream: Upstream, content: bytes | None = None) -> None:
    """Gives the channel a packed copy of the executable, or of other `content`."""
    plain = upstream.executable(VERSION, HERE) if content is None else content
    channel.put_packed(VERSION, {HERE: zstandard.compress(plain)})


def lack(registry: Registry, platform: str) -> None:
    """As a mirror does that was filled while upstream was still publishing."""
    for path in ("", "/*"):
        registry.fault(f"/@anthropic-ai/claude-code-{platform}{path}", faults.status(404))


def codes(answer: object) -> list[str]:
    assert isinstance(answer, dict)
    return [error["code"] for error in answer["errors"]]


class TestOneLock:
    def test_the_same_bytes_from_both(self, box: Box, channel: Channel, registry: Registry) -> None:
        texts = []
        for source, asked, other in (("native", channel, registry), ("npm", registry, channel)):
            other.forget()
            data = ccpin(box, "use", VERSION, "--source", source, "--json").ok().json["data"]
            assert (data["source"], data["origin"].split(" (")[1]) == (source, f"{asked.url})")
            assert other.asked() == []
            texts.append(box.lock.read_bytes())
            box.lock.unlink()
            empty_store(box)
        assert texts[0] == texts[1]

    @pytest.mark.parametrize("packed", [False, True])
    def test_written_through_npm_installed_from_the_channel(
        self, box: Box, channel: Channel, registry: Registry, upstream: Upstream, packed: bool
    ) -> None:
        ccpin(box, "use", VERSION, "--source", "npm").ok()
        self.elsewhere(box, channel, upstream, packed)
        registry.stop()
        channel.forget()
        done = ccpin(box, "sync", "--locked", "--source", "native").ok()
        assert done.err == f"ccpin: Claude Code {VERSION} came from the native channel ({channel.url})\n"
        name = f"/{VERSION}/{HERE}/claude" + (".zst" if packed else "")
        assert [seen.path for seen in channel.asked()] == [f"/{VERSION}/manifest.zst.json", name]
        self.whole(box)

    @pytest.mark.parametrize("packed", [False, True])
    def test_written_through_the_channel_installed_from_npm(
        self, box: Box, channel: Channel, registry: Registry, upstream: Upstream, packed: bool
    ) -> None:
        self.elsewhere(box, channel, upstream, packed)
        ccpin(box, "use", VERSION, "--source", "native").ok()
        self.whole(box)
        empty_store(box)
        channel.stop()
        done = ccpin(box, "sync", "--locked", "--source", "npm").ok()
        assert done.err == f"ccpin: Claude Code {VERSION} came from npm ({registry.url})\n"
        self.whole(box)

    def elsewhere(self, box: Box, channel: Channel, upstream: Upstream, packed: bool) -> None:
        empty_store(box)
        if packed:
            pack(channel, upstream)

    def whole(self, box: Box) -> None:
        assert len(box.entries()) == 1
        ccpin(box, "check", "--lock-only", "--deep").ok()
        assert box.ccpin("exec", "--", "--version").ok().out == f"{VERSION} (Claude Code)\n"

    def test_keys_are_for_writing_locks(self, box: Box, channel: Channel) -> None:
        """What is locked is compared with the lock alone: no rotation stops it, nor a key file that is broken."""
        ccpin(box, "use", VERSION, "--source", "native").ok()
        empty_store(box)
        for key in Path(box.layout.keys).iterdir():
            key.write_bytes(b"")
        channel.raw = channel.openpgp = None
        channel.forget()
        ccpin(box, "sync", "--source", "native").ok()
        assert not channel.asked("*manifest.json*")

    def test_a_javascript_release_with_its_executable(self, box: Box, channel: Channel) -> None:
        """2.1.112 is JavaScript unless somebody asks for the other."""
        texts = []
        for source in ("native", "npm"):
            ccpin(box, "use", "2.1.112", "--runtime", "native", "--source", source).ok()
            texts.append(box.lock.read_bytes())
            box.lock.unlink()
        assert texts[0] == texts[1]


class TestAuto:
    def test_npm_first_and_the_channel_unasked(self, box: Box, channel: Channel, registry: Registry) -> None:
        data = ccpin(box, "use", VERSION, "--json").ok().json["data"]
        assert (data["source"], data["origin"]) == ("npm", f"from npm ({registry.url})")
        assert channel.connections == 0

    def test_npm_down(self, box: Box, channel: Channel, registry: Registry) -> None:
        registry.stop()
        done = ccpin(box, "use", VERSION).ok()
        origin = f"from the native channel ({channel.url}); npm: {registry.url}"
        assert f"ccpin: Claude Code {VERSION} came {origin}" in done.err
        assert "cannot be reached: " in done.err
        assert done.out.startswith(f"Claude Code {VERSION} pinned in ")
        data = ccpin(box, "use", VERSION, "--json").ok().json["data"]
        assert data["source"] == "native"
        assert data["origin"].startswith(origin)

    def test_a_lock_that_it_wrote_with_npm_down_is_npm_s_too(
        self, box: Box, channel: Channel, registry: Registry, upstream: Upstream
    ) -> None:
        registry.stop()
        ccpin(box, "use", "latest").ok()
        text = box.lock.read_bytes()
        with Registry(upstream) as other:
            ccpin(box, "use", "latest", "--source", "npm", env={"CCPIN_NPM_REGISTRY": other.url}).ok()
        assert box.lock.read_bytes() == text

    @pytest.mark.parametrize("said", ["option", "variable", "file", "config"])
    def test_the_channel_first_and_down(self, box: Box, channel: Channel, registry: Registry, said: str) -> None:
        channel.stop()
        args = ["--source", "native,npm"] if said == "option" else []
        if said == "variable":
            box.env["CCPIN_SOURCE"] = "native,npm"
        elif said == "file":
            Path(box.layout.source).write_text("native,npm\n")
        elif said == "config":
            ccpin(box, "config", "source", "native,npm").ok()
        data = ccpin(box, "use", VERSION, *args, "--json").ok().json["data"]
        assert data["origin"].startswith(f"from npm ({registry.url}); the native channel: {channel.url}/")
        assert " cannot be reached: " in data["origin"]
        assert data["source"] == "npm"

    def test_both_down(self, box: Box, channel: Channel, registry: Registry) -> None:
        registry.stop()
        channel.stop()
        before = box.snapshot()
        done = ccpin(box, "use", VERSION).failed(1)
        first, second, hint = done.err.splitlines()
        assert first.startswith(f"ccpin: {registry.url}")
        assert second.startswith(f"  tried too: {channel.url}/")
        assert hint.startswith("  check address, network and proxy")
        answer = ccpin(box, "use", VERSION, "--json").failed(1).json
        assert codes(answer) == ["registry-unreachable", "channel-unreachable"]
        assert box.snapshot() == before

    def test_no_registry_is_configured(self, box: Box, channel: Channel) -> None:
        done = ccpin(box, "use", VERSION, env={"CCPIN_NPM_REGISTRY": None}).ok()
        assert f"from the native channel ({channel.url}); npm: no npm registry is configured" in done.err
        channel.stop()
        failed = ccpin(box, "install", "2.1.200", "--json", env={"CCPIN_NPM_REGISTRY": None}).failed(1)
        assert codes(failed.json) == ["no-registry", "channel-unreachable"]

    @pytest.mark.parametrize("fault", [faults.status(403), faults.status(501), faults.html(), faults.not_json()])
    def test_a_registry_that_is_none(self, box: Box, channel: Channel, registry: Registry, fault: faults.Fault) -> None:
        registry.fault("*", fault)
        assert ccpin(box, "use", VERSION, "--json").ok().json["data"]["source"] == "native"

    def test_a_mirror_that_lacks_a_package(self, box: Box, channel: Channel, registry: Registry) -> None:
        pin(box, VERSION)
        whole = box.lock.read_bytes()
        box.lock.unlink()
        empty_store(box)
        lack(registry, HERE)
        done = ccpin(box, "use", VERSION).ok()
        assert f"npm: Claude Code {VERSION} was not published for {HERE}" in done.err
        assert box.lock.read_bytes() == whole

    def test_and_a_locked_one_too(self, box: Box, channel: Channel, registry: Registry) -> None:
        pin(box, VERSION)
        empty_store(box)
        lack(registry, HERE)
        assert f"came from the native channel ({channel.url}); npm: " in ccpin(box, "sync").ok().err

    def test_platforms_that_npm_lacks(self, box: Box, channel: Channel, registry: Registry) -> None:
        """They are in the lock all the same: its manifest knows them, and the channel has them."""
        lack(registry, OTHERS[0])
        done = ccpin(box, "use", VERSION).ok()
        assert f"note: {registry.url} does not hold {VERSION} for {OTHERS[0]}\n" in done.err
        text = box.lock.read_bytes()
        ccpin(box, "use", VERSION, "--source", "native").ok()
        assert box.lock.read_bytes() == text

    def test_a_download_that_breaks_off(self, box: Box, channel: Channel, registry: Registry) -> None:
        pin(box, VERSION)
        empty_store(box)
        registry.fault(TARBALL, faults.cut(900))
        done = ccpin(box, "sync").ok()
        assert f"came from the native channel ({channel.url}); npm: " in done.err
        assert " ended early: " in done.err
        assert box.ccpin("exec", "--", "--version").ok().out == f"{VERSION} (Claude Code)\n"

    def test_and_the_other_way_round(self, box: Box, channel: Channel, upstream: Upstream) -> None:
        pin(box, VERSION)
        for copy in (False, True):
            empty_store(box)
            if copy:
                pack(channel, upstream)
            channel.fault(EXECUTABLES, faults.cut(300))
            done = ccpin(box, "sync", "--source", "native,npm").ok()
            assert " ended early: " in done.err
            assert len(box.entries()) == 1

    def test_a_range_is_npm_s_to_look_up(self, box: Box, channel: Channel, registry: Registry) -> None:
        done = ccpin(box, "use", "2.1", "--source", "native,npm").ok()
        assert read_lock(box.lock).version == VERSION
        assert channel.asked("/latest") == []
        assert "came from the native channel" in done.err

    def test_a_javascript_release_is_npm_s(self, box: Box, channel: Channel, registry: Registry) -> None:
        ccpin(box, "use", "2.0.14", "--source", "native,npm").ok()
        empty_store(box)
        ccpin(box, "sync", "--source", "native,npm").ok()
        registry.stop()
        empty_store(box)
        answer = ccpin(box, "sync", "--json").failed(1).json
        assert codes(answer) == ["registry-unreachable"]
        answer = ccpin(box, "use", "2.0.15", "--json").failed(1).json
        assert codes(answer) == ["registry-unreachable"]
        assert channel.connections == 0

    def test_an_unknown_release_says_so_of_both(self, box: Box, channel: Channel) -> None:
        answer = ccpin(box, "use", "2.1.999", "--json").failed(1).json
        assert codes(answer) == ["unknown-release", "not-on-channel"]

    def test_of_a_first_claude(self, box: Box, channel: Channel, registry: Registry) -> None:
        pin(box, VERSION)
        empty_store(box)
        registry.stop()
        done = box.ccpin("exec", "--", "--version").ok()
        assert done.out == f"{VERSION} (Claude Code)\n"
        assert done.err.startswith(f"ccpin: Claude Code {VERSION} came from the native channel ({channel.url}); npm: ")
        assert done.err.count("\n") == 1


class TestNotBelieved:
    """Other bytes than the locked ones are no gap: nobody else is asked, and nothing is kept."""

    @pytest.fixture
    def locked(self, box: Box, channel: Channel, registry: Registry) -> Box:
        pin(box, VERSION)
        empty_store(box)
        registry.forget()
        channel.forget()
        return box

    @pytest.mark.parametrize("fault", [faults.wrong_bytes(), faults.wrong_bytes(at=1000), faults.html()])
    def test_from_npm(self, locked: Box, channel: Channel, registry: Registry, fault: faults.Fault) -> None:
        registry.fault(TARBALL, fault)
        self.refused(locked, "npm,native", channel)

    def test_from_npm_with_digests_that_fit(self, locked: Box, channel: Channel, upstream: Upstream) -> None:
        upstream.add_native(VERSION, reads=("DISABLE_UPDATES",), manifest=False)
        self.refused(locked, "npm,native", channel, "integrity-mismatch")

    @pytest.mark.parametrize("fault", [faults.wrong_bytes(), faults.other_bytes(b"#!x"), faults.html()])
    def test_from_the_channel(self, locked: Box, channel: Channel, registry: Registry, fault: faults.Fault) -> None:
        channel.fault(EXECUTABLES, fault)
        self.refused(locked, "native,npm", registry, "integrity-mismatch")

    @pytest.mark.parametrize("more", [b"!", b"!" * 5_000_000])
    def test_from_the_channel_and_more(
        self, locked: Box, channel: Channel, registry: Registry, upstream: Upstream, more: bytes
    ) -> None:
        channel.put(f"{VERSION}/{HERE}/claude", upstream.executable(VERSION, HERE) + more)
        self.refused(locked, "native,npm", registry, "bad-archive")

    def test_from_the_channel_packed(
        self, locked: Box, channel: Channel, registry: Registry, upstream: Upstream
    ) -> None:
        right = upstream.executable(VERSION, HERE)
        pack(channel, upstream, right[:-1] + b"!")
        self.refused(locked, "native,npm", registry, "integrity-mismatch")
        pack(channel, upstream, bytes(100_000_000))
        self.refused(locked, "native,npm", registry, "bad-archive")
        pack(channel, upstream)
        channel.fault("*.zst", faults.html())
        self.refused(locked, "native,npm", registry, "bad-archive")

    def test_what_npm_locked_and_the_channel_has_otherwise(
        self, box: Box, channel: Channel, registry: Registry, upstream: Upstream
    ) -> None:
        """npm tells what the release is, and breaks off; what the channel has then is something else."""
        registry.fault(TARBALL, faults.cut(900))
        channel.put(f"{VERSION}/{HERE}/claude", upstream.executable("2.1.200", HERE))
        done = ccpin(box, "use", VERSION, "--json").failed(1)
        assert codes(done.json) in (["integrity-mismatch"], ["bad-archive"])
        assert not box.lock.exists()
        assert box.entries() == []

    def refused(self, box: Box, order: str, other: Registry, code: str | None = None) -> None:
        before = box.snapshot()
        done = ccpin(box, "sync", "--source", order, "--json").failed(1)
        assert len(done.json["errors"]) == 1
        assert codes(done.json)[0] in ([code] if code else ["integrity-mismatch", "bad-archive"])
        assert other.asked() == []
        assert box.snapshot() == before
        assert box.entries() == []


class TestWhoIsAsked:
    def test_a_registry_by_hand_means_npm_alone(self, box: Box, channel: Channel, registry: Registry) -> None:
        registry.stop()
        done = ccpin(box, "use", VERSION, "--registry", registry.url, "--json").failed(1)
        assert codes(done.json) == ["registry-unreachable"]
        assert channel.connections == 0

    def test_unless_the_source_is_said_too(self, box: Box, channel: Channel, registry: Registry) -> None:
        registry.stop()
        ccpin(box, "use", VERSION, "--registry", registry.url, "--source", "auto").ok()

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (["--source", "native", "--registry", "http://127.0.0.1:1/"], "bad-option"),
            (["--source", "yarn"], "bad-source"),
            (["--source", "npm", "--from", "x"], "bad-option"),
        ],
    )
    @pytest.mark.parametrize("verb", ["use 2.1.330", "install 2.1.330"])
    def test_options_that_contradict_each_other(
        self, box: Box, channel: Channel, registry: Registry, verb: str, args: list[str], code: str
    ) -> None:
        assert codes(ccpin(box, *verb.split(), *args, "--json").failed(2).json) == [code]
        assert registry.connections == channel.connections == 0

    @pytest.mark.parametrize("args", ["--source yarn", "--source npm --from x", "--from x --registry y"])
    @pytest.mark.parametrize("verb", ["sync", "rollback", "bundle -o b.tar"])
    def test_nor_where_none_of_them_is_needed(self, box: Box, verb: str, args: str) -> None:
        pin(box, "2.0.14")
        pin(box, "2.0.15")
        done = ccpin(box, *verb.split(), *args.split(), "--json").failed(2)
        assert codes(done.json) == ["bad-source" if "yarn" in args else "bad-option"]
        assert read_lock(box.lock).version == "2.0.15"

    def test_npm_s_credentials_never_reach_the_channel(self, box: Box, channel: Channel, registry: Registry) -> None:
        del box.env["CCPIN_NPM_REGISTRY"]
        (box.home / ".npmrc").write_text(
            f"registry={registry.url}\n//127.0.0.1:{registry.port}/:_authToken={TOKEN}\n"
            f"//127.0.0.1:{channel.port}/:_authToken={TOKEN}\n//127.0.0.1/:_authToken={TOKEN}\n"
            f"_auth={TOKEN}\n_authToken={TOKEN}\n"
        )
        (box.home / ".netrc").write_text(f"default login me password {TOKEN}\n")
        registry.fault("*", faults.requires_token(TOKEN))
        registry.fault(TARBALL, faults.cut(900))
        done = ccpin(box, "use", VERSION).ok()
        ccpin(box, "use", "latest", "--source", "native").ok()
        assert {seen.headers.get("authorization") for seen in registry.asked()} == {f"Bearer {TOKEN}"}
        assert channel.asked(EXECUTABLES)
        assert channel.asked("/latest")
        assert all(TOKEN not in str(dict(seen.headers)) + seen.raw_path for seen in channel.asked())
        assert all("authorization" not in seen.headers for seen in channel.asked())
        assert TOKEN not in done.err + done.out + box.lock.read_text()

    def test_a_channel_s_own_password_is_shown_to_nobody(self, box: Box, channel: Channel, registry: Registry) -> None:
        registry.stop()
        box.env["CCPIN_CHANNEL"] = channel.url.replace("//", f"//me:{TOKEN}@")
        texts = [ccpin(box, "use", VERSION, *more).ok() for more in ([], ["--json"])]
        assert "authorization" in channel.asked()[0].headers
        channel.stop()
        texts.append(ccpin(box, "use", VERSION).failed(1))
        texts.append(ccpin(box, "config"))
        assert all(TOKEN not in done.out + done.err for done in texts)
        assert all(TOKEN not in path.read_text() for path in (box.lock, *Path(box.layout.root).rglob("*.json")))
