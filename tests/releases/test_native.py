"""The native channel as a source: what it serves, and what it says that it cannot."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
import zstandard

from ccpin.errors import (
    BadManifest,
    BadRuntime,
    BadSignature,
    CcpinError,
    ChannelRefused,
    ChannelUnreachable,
    Incomplete,
    NotAChannel,
    NotOnChannel,
    NotServed,
    NotVouchedFor,
    PlatformMissing,
    RuntimeMissing,
    SignatureMissing,
    Truncated,
)
from ccpin.net import Http
from ccpin.pinning.lock import Artifact, Lock
from ccpin.pinning.request import parse_request
from ccpin.platforms import ALL, ANY
from ccpin.releases.channel import Channel
from ccpin.releases.native import Native
from ccpin.releases.npm import Npm
from ccpin.releases.registry import Registry
from ccpin.releases.release import WITHDRAWN
from tests.fakes import channel as fake
from tests.fakes import faults
from tests.fakes import registry as fake_registry
from tests.fakes.packages import sdk_package
from tests.fakes.upstream import Upstream

HERE = "linux-x64"


@pytest.fixture
def server(upstream: Upstream) -> Iterator[fake.Channel]:
    with fake.Channel(upstream) as running:
        yield running


@pytest.fixture
def native(server: fake.Channel) -> Native:
    return Native(Channel(server.url, "the test", Http()), lambda: server.keys)


@pytest.fixture
def lock(native: Native, server: fake.Channel) -> Lock:
    made = native.resolve("2.1.330", HERE).to_lock(parse_request("2.1.330"))
    server.forget()
    return made


def paths(server: fake.Channel) -> list[str]:
    return [seen.path for seen in server.asked()]


class TestBetween:
    def test_all_the_numbers_of_one_series(self, native: Native, server: fake.Channel) -> None:
        found = native.between("2.1.86", "2.1.90")
        assert list(found) == ["2.1.86", "2.1.87", "2.1.88", "2.1.89", "2.1.90"]
        assert [version for version, fault in found.items() if fault] == ["2.1.88"]
        assert server.asked() == []

    def test_of_two_series_it_cannot_tell(self, native: Native) -> None:
        with pytest.raises(NotServed):
            native.between("2.0.70", "2.1.3")


class TestCandidates:
    def test_an_exact_version_is_itself_and_asks_nobody(self, native: Native, server: fake.Channel) -> None:
        assert list(native.candidates(parse_request("2.1.999"))) == ["2.1.999"]
        assert server.asked() == []

    @pytest.mark.parametrize(("channel", "version"), [("latest", "2.1.330"), ("stable", "2.1.200")])
    def test_a_pointer_and_the_numbers_below_it(self, native: Native, channel: str, version: str) -> None:
        found = list(native.candidates(parse_request(channel)))
        newest = int(version.rpartition(".")[2])
        assert found == [f"2.1.{newest - back}" for back in range(41)]

    @pytest.mark.parametrize(("pointer", "found"), [("2.1.2", ["2.1.2", "2.1.1", "2.1.0"]), ("3.0.0", ["3.0.0"])])
    def test_not_below_zero(self, native: Native, server: fake.Channel, pointer: str, found: list[str]) -> None:
        server.put("latest", pointer.encode())
        assert list(native.candidates(parse_request("latest"))) == found

    def test_what_was_withdrawn_is_none(self, native: Native, server: fake.Channel) -> None:
        assert "2.1.88" in WITHDRAWN
        server.put("latest", b"2.1.90")
        assert list(itertools.islice(native.candidates(parse_request("latest")), 3)) == ["2.1.90", "2.1.89", "2.1.87"]

    @pytest.mark.parametrize("spec", ["2.1", ">=2.1.100", "2"])
    def test_a_range_cannot_be_looked_up(self, native: Native, server: fake.Channel, spec: str) -> None:
        with pytest.raises(NotServed, match="lists no versions"):
            next(native.candidates(parse_request(spec)))
        assert server.asked() == []

    def test_a_pointer_that_is_not_there(self, native: Native, server: fake.Channel) -> None:
        server.put("stable", None)
        with pytest.raises(NotOnChannel):
            next(native.candidates(parse_request("stable")))


class TestResolve:
    def test_the_same_release_as_npm_s(self, native: Native, registry: fake_registry.Registry) -> None:
        ours, theirs = (
            source.resolve("2.1.330", HERE) for source in (native, Npm(Registry(registry.url, "the test", Http())))
        )
        assert ours == theirs
        assert set(ours.artifacts) == set(ALL)
        assert ours.built == datetime(2026, 11, 20, 17, 55, 16, tzinfo=timezone.utc)
        assert ours.notes == ()

    def test_nothing_but_the_manifest_and_its_signatures_is_asked(self, native: Native, server: fake.Channel) -> None:
        native.resolve("2.1.330", HERE)
        name = "/2.1.330/manifest.json"
        assert sorted(paths(server)) == [name, f"{name}.raw-sig.json", f"{name}.sig"]

    @pytest.fixture
    def partly(self, upstream: Upstream) -> Upstream:
        lines = {p: {"checksum": "ab" * 32, "size": 5} for p in ALL if p not in ("linux-arm64-musl", "win32-arm64")}
        upstream.add(sdk_package("2.1.331", {"version": "2.1.331", "platforms": lines}))
        return upstream

    def test_a_platform_that_is_missing_is_named(self, native: Native, partly: Upstream) -> None:
        found = native.resolve("2.1.331", HERE)
        assert found.absent == ("linux-arm64-musl", "win32-arm64")
        assert set(found.artifacts) == set(ALL) - set(found.absent)

    def test_whole_means_all_of_them(self, native: Native, partly: Upstream) -> None:
        with pytest.raises(Incomplete, match=r"2\.1\.331 lacks linux-arm64-musl, win32-arm64"):
            native.resolve("2.1.331", HERE, whole=True)
        assert native.resolve("2.1.330", HERE, whole=True).absent == ()

    def test_this_one_is_missing(self, native: Native, partly: Upstream) -> None:
        with pytest.raises(PlatformMissing, match="win32-arm64"):
            native.resolve("2.1.331", "win32-arm64")

    @pytest.mark.parametrize("version", ["2.0.14", "2.1.110", "2.1.112"])
    @pytest.mark.parametrize("runtime", [None, "node"])
    def test_javascript_is_not_served(
        self, native: Native, server: fake.Channel, version: str, runtime: str | None
    ) -> None:
        with pytest.raises(NotServed, match="it has executables only"):
            native.resolve(version, HERE, runtime)
        assert server.asked() == []

    def test_node_is_not_served_of_any_release(self, native: Native, server: fake.Channel) -> None:
        with pytest.raises(NotServed):
            native.resolve("2.1.330", HERE, "node")
        assert server.asked() == []

    def test_the_executable_of_a_javascript_era_release_for_who_asks_for_it(self, native: Native) -> None:
        found = native.resolve("2.1.112", HERE, "native")
        assert (found.runtime, len(found.artifacts)) == ("native", len(ALL))
        assert [note.split(":")[0] for note in found.notes] == ["no raw signature"]

    def test_one_that_has_none(self, native: Native) -> None:
        with pytest.raises(RuntimeMissing, match=r"2\.0\.14 does not exist as runtime `native`"):
            native.resolve("2.0.14", HERE, "native")

    def test_one_that_does_not_exist(self, native: Native) -> None:
        with pytest.raises(NotOnChannel, match=r"no Claude Code 2\.1\.999"):
            native.resolve("2.1.999", HERE)

    def test_a_runtime_that_is_none(self, native: Native, server: fake.Channel) -> None:
        with pytest.raises(BadRuntime):
            native.resolve("2.1.330", HERE, "deno")
        assert server.asked() == []

    @pytest.mark.parametrize(
        ("path", "fault", "kind"),
        [
            ("*/manifest.json", faults.wrong_bytes(), BadSignature),
            ("*.raw-sig.json", faults.status(404), SignatureMissing),
            ("*/manifest.json", faults.html(), NotAChannel),
            ("*/manifest.json", faults.status(403), ChannelRefused),
        ],
    )
    def test_a_manifest_that_is_not_vouched_for(
        self, native: Native, server: fake.Channel, path: str, fault: faults.Fault, kind: type[CcpinError]
    ) -> None:
        server.fault(path, fault)
        with pytest.raises(kind):
            native.resolve("2.1.330", HERE)

    def test_what_a_pointer_means_is_vouched_for(self, server: fake.Channel) -> None:
        """Else one that lies would lead to a release from before the signatures, or to what says that it is one."""
        served = Channel(server.url, "the test", Http())
        keys = dataclasses.replace(server.keys, openpgp=dict.fromkeys(server.keys.openpgp))  # as without its file
        native = Native(served, lambda: keys)
        assert len(native.resolve("2.1.200", HERE).notes) == 2  # a user's own choice
        with pytest.raises(NotVouchedFor, match=r"2\.1\.200 as what is meant today"):
            native.resolve("2.1.200", HERE, whole=True)
        assert native.resolve("2.1.330", HERE, whole=True).version == "2.1.330"
        assert Native(served, lambda: server.keys).resolve("2.1.200", HERE, whole=True).version == "2.1.200"

    def test_what_it_says_of_another_release(self, native: Native, server: fake.Channel) -> None:
        """Well signed, by upstream itself."""
        assert server._manifest("2.1.200")
        server.put("2.1.330/manifest.json", server._manifest("2.1.200"))
        with pytest.raises(BadManifest):
            native.resolve("2.1.330", HERE)


class TestOffer:
    def test_the_executable_as_it_is(
        self, native: Native, lock: Lock, server: fake.Channel, upstream: Upstream
    ) -> None:
        offer = native.offer(lock, HERE)
        assert (offer.form, offer.packed, offer.integrity, offer.engines) == ("executable", None, "", None)
        assert paths(server) == ["/2.1.330/manifest.zst.json"]
        with offer.open() as body:
            data = b"".join(body.chunks)
        assert data == upstream.executable("2.1.330", HERE)
        assert body.length == len(data)

    @pytest.mark.parametrize("key", ["win32-x64", "darwin-arm64"])
    def test_of_another_platform(self, native: Native, lock: Lock, upstream: Upstream, key: str) -> None:
        with native.offer(lock, key).open() as body:
            assert b"".join(body.chunks) == upstream.executable("2.1.330", key)

    def test_the_packed_copy_where_it_is_smaller(
        self, native: Native, lock: Lock, server: fake.Channel, upstream: Upstream
    ) -> None:
        copy = zstandard.compress(upstream.executable("2.1.330", HERE))
        server.put_packed("2.1.330", {HERE: copy})
        offer = native.offer(lock, HERE)
        assert offer.form == "zstd"
        assert offer.packed is not None
        assert offer.packed[0] == len(copy)
        assert offer.name.endswith("/2.1.330/linux-x64/claude.zst")
        with offer.open() as body:
            assert b"".join(body.chunks) == copy
        assert native.offer(lock, "linux-arm64").form == "executable"

    def test_one_that_is_not_smaller_is_of_no_use(self, native: Native, lock: Lock, server: fake.Channel) -> None:
        server.put_packed("2.1.330", {HERE: b"x" * (lock.artifacts[HERE].size or 0)})
        assert native.offer(lock, HERE).form == "executable"

    @pytest.mark.parametrize(
        "fault",
        [
            faults.status(404),
            faults.status(403),
            faults.status(410),
            faults.html(),
            faults.empty(),
            faults.not_json(),
            faults.json_body([]),
            faults.json_body({"version": "2.1.329", "platforms": {}}),
            faults.json_body({"version": "2.1.330", "platforms": {HERE: {"size": 5}}}),
            faults.json_body({"version": "2.1.330", "platforms": {HERE: {"size": 5, "checksum": "x"}}}),
            faults.huge_json(2 << 20),
            faults.cut(20),
        ],
    )
    def test_a_list_of_copies_that_cannot_be_used_is_no_reason_to_stop(
        self, native: Native, lock: Lock, server: fake.Channel, upstream: Upstream, fault: faults.Fault
    ) -> None:
        server.put_packed("2.1.330", {HERE: zstandard.compress(upstream.executable("2.1.330", HERE))})
        assert native.offer(lock, HERE).form == "zstd"
        server.fault("*/manifest.zst.json", fault)
        assert native.offer(lock, HERE).form == "executable"

    def test_but_a_channel_that_is_not_there_is(self, native: Native, lock: Lock, server: fake.Channel) -> None:
        server.stop()
        with pytest.raises(ChannelUnreachable):
            native.offer(lock, HERE)

    def test_no_signature_is_looked_at(self, native: Native, lock: Lock, server: fake.Channel) -> None:
        server.fault("*/manifest.json*", faults.status(404))
        with native.offer(lock, HERE).open() as body:
            assert b"".join(body.chunks)
        assert not server.asked("*/manifest.json*")

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_password_in_the_address_is_not_shown(self, lock: Lock, server: fake.Channel, packed: bool) -> None:
        if packed:
            server.put_packed("2.1.330", {HERE: b"small"})
        native = Native(Channel(server.url.replace("//", "//me:secret@"), "the test", Http()), lambda: server.keys)
        offer = native.offer(lock, HERE)
        assert offer.name.startswith("http://127.0.0.1:")
        assert offer.name.endswith("/2.1.330/linux-x64/claude" + (".zst" if packed else ""))

    def test_an_executable_that_is_not_there(self, native: Native, lock: Lock, server: fake.Channel) -> None:
        server.put("2.1.330/linux-x64/claude", None)
        with (
            pytest.raises(NotOnChannel, match=r"no Claude Code 2\.1\.330 for linux-x64"),
            native.offer(lock, HERE).open(),
        ):
            pass

    def test_one_that_is_cut_off(self, native: Native, lock: Lock, server: fake.Channel) -> None:
        server.fault("*/claude", faults.cut(100))
        with pytest.raises(Truncated), native.offer(lock, HERE).open() as body:
            list(body.chunks)

    @pytest.mark.parametrize("key", [HERE, ANY])
    def test_a_lock_by_npm_s_digest_is_npm_s(self, native: Native, lock: Lock, server: fake.Channel, key: str) -> None:
        by_npm = dataclasses.replace(lock, artifacts={key: Artifact(npm="sha512-" + "A" * 86 + "==")})
        with pytest.raises(NotServed, match="the lock names npm's tarball"):
            native.offer(by_npm, key)
        assert server.asked() == []
