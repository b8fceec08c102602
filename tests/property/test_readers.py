"""The two readers of a lock's head, `shims/claude` and `ccpin.pinning.head`, choose the same, or sh hands over.

A thousand locks, most of them canonical ones with a few faults, are read by both. FUZZ_TEXTS and FUZZ_SEED ask
for more of them, or others.
"""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccpin.errors import LockError
from ccpin.pinning import flags, lock
from ccpin.pinning.head import Head, read_head
from ccpin.pinning.proof import Proof
from tests.shims.reading import describe, read_in_sh, write_locks
from tests.shims.values import BRACKETS, fitting, unfitting
from tests.shims.world import PLATFORMS, UTF8, require

TEXTS = int(os.environ.get("FUZZ_TEXTS", "1000"))
SEED = int(os.environ.get("FUZZ_SEED", "20"))
LOCALES = ("C", UTF8)
SHARES = {"dash": 1.0, "bash": 1.0, "busybox": 0.2, "mksh": 0.2, "zsh": 0.2, "ksh": 0.2}  # yash drops odd bytes


@pytest.fixture(scope="module")
def locks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One folder per lock text, each with its `.ccpin.lock`."""
    return write_locks(tmp_path_factory.mktemp("locks"), list(texts(random.Random(SEED), TEXTS)))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("shell", SHARES)
def test_both_readers_choose_the_same(tmp_path: Path, locks: list[Path], shell: str, locale: str) -> None:
    interpreter = require(shell)
    some = locks[: int(len(locks) * SHARES[shell])]
    chosen = read_in_sh(tmp_path, interpreter, some, locale)
    expected = [describe(read_head((folder / ".ccpin.lock").read_bytes())) for folder in some]
    for folder, by_sh, by_python in zip(some, chosen, expected, strict=True):
        assert by_sh == by_python, (folder / ".ccpin.lock").read_bytes()


def test_a_good_share_of_the_locks_is_valid_and_a_good_share_is_not(locks: list[Path]) -> None:
    valid = sum(read_head((folder / ".ccpin.lock").read_bytes()) is not None for folder in locks)
    assert 0.25 < valid / len(locks) < 0.75


def test_all_that_a_head_may_say_is_said_by_some(locks: list[Path]) -> None:
    """Else the two readers would agree for want of a case."""
    heads = [head for folder in locks if (head := read_head((folder / ".ccpin.lock").read_bytes()))]
    assert {head.clean for head in heads} == {True, False}
    assert {(head.runtime, head.node is None) for head in heads} == {("native", True), ("node", True), ("node", False)}
    said = {name for head in heads for name in head.env}
    assert said == {name for name, flag in flags.TABLE.items() if not isinstance(flag.kind, flags.Cleared)}


def test_what_both_grammars_accept_says_the_same_in_both(locks: list[Path]) -> None:
    """The head reader stops at [artifacts]; where the whole is a valid lock in TOML, TOML says the same."""
    compared = 0
    for folder in locks:
        data = (folder / ".ccpin.lock").read_bytes()
        head = read_head(data)
        try:
            whole = lock.parse(data, "").head()
        except LockError:
            continue
        if head is not None:
            assert {name: getattr(head, name) for name in Head.__slots__} == {
                name: getattr(whole, name) for name in Head.__slots__
            }, data
            compared += 1
    assert compared > len(locks) / 5


# --- lock texts -------------------------------------------------------------------------------------

CHARACTERS = [bytes([code]) for code in b" =\"#[]\r\t\n\\*?$`'.,!-/0129afgzAZ_\x01\x0b\x0c\x1f\x7f\x80\xa0\xc3\xff"]
VERSIONS = ["0.0.0", "1.0.58", "2.0.14", "2.1.330", "10.20.30", "1234567890123456.0.0"]
ODD_VERSIONS = ["01.2.3", "1.2", "1.2.3.4", "1..3", ".1.2", "1.2.", "../../x", "1.2.x", "12345678901234567.0.0", ""]
REQUESTS = ["2.0", "latest", "stable", ">=2.0,<2.1", "!=2.0.1", "~=2.0", "2.*", "-n", "!", "=", "<", "(", "a b", ""]
WORDS = [
    "=", "==", "#", "# x", '"', '""', "1", '"1"', '"0"', "'1'", '"11"', "true", '"native"', '"node"', '"bun"', "[env]",
    "clean", "!", "@", "|", '"!"', '"@"', '"1|0"', '"#1-100"', '"007"', '"999999999"', '"4294967296"', '"auto"',
    '"opus[1m]"', '"a|b"', '"x@y:z/w"', "CLAUDE_CODE_SIMPLE", "ANTHROPIC_MODEL", "ANTHROPIC_MODEL=@", '"off"', "T=#1",
    "[claude]", "[artifacts]", "[whole]", "lock", "whole", "lock-version", "version", "request", "runtime", "digest",
    '"sha256:"', "DISABLE_", "DISABLE_*", "PATH", "NODE_OPTIONS", "\r", "\t", "\xa0", "*", "[!x]*", "$HOME", "`id`",
]  # fmt: skip
LINES = [
    "", " ", "#", "   # x", "[env]", "[artifacts]", "[claude]", "[other]", "lock-version = 1", "lock-version = 2",
    'DISABLE_UPDATES = "1"', 'runtime = "node"', 'version = "1.0.0"', 'channel = "stable"', "<<<<<<< ours", "=======",
    'node = "22.23.2"', 'node = "22"', 'node = "22.23.2" # x', 'node = ""', "node = 22", 'node = "1.0.0"',
    "clean = true", "clean = true # x", "clean = false", 'clean = "true"', "clean = 1", 'ANTHROPIC_MODEL = "opus[1m]"',
    'MAX_THINKING_TOKENS = "0"', 'MAX_THINKING_TOKENS = "00"', 'ANTHROPIC_BETAS = "x"', 'ANTHROPIC_BETAS = "!"',
    '[env] #', '[env] # = "1"', '[artifacts] x', 'DISABLE_TELEMETRY = "1" # on', 'DISABLE_TELEMETRY = "1" on', "\r",
]  # fmt: skip


SETTABLE = sorted(name for name, flag in flags.TABLE.items() if fitting(flag))


def texts(source: random.Random, count: int) -> Iterator[bytes]:
    for _ in range(count):
        text = canonical(source)
        for _ in range(source.choice((0, 1, 1, 1, 2, 2, 3, 6))):
            text = source.choice(MUTATIONS)(source, text)
        yield text.replace(b"\0", b"")


def canonical(source: random.Random) -> bytes:
    """A lock of the grammar, in one of the many ways to write it."""
    names = source.sample(SETTABLE, source.choice((0, 1, 2, 4, 4, 7, 11)))
    env = {name: source.choice(fitting(flags.TABLE[name])) for name in names}
    clean = source.random() < 0.4
    version = source.choice(VERSIONS)
    runtime = source.choice(("native", "node"))
    node = source.choice((None, None, *VERSIONS)) if runtime == "node" else None
    if runtime == "node":
        held = source.sample(PLATFORMS, source.randrange(1, 7)) if node else []
        artifacts = {
            key: lock.Artifact(npm="sha512-" + base64.b64encode(source.randbytes(64)).decode())
            for key in ("any", *(f"node-{name}" for name in held))
        }
    else:
        artifacts = {
            name: lock.Artifact(sha256=source.randbytes(32).hex(), size=source.randrange(1, 1 << 30))
            for name in source.sample(PLATFORMS, source.randrange(1, 9))
        }
    parts = {name: f"sha256:{source.randbytes(32).hex()}" for name in ("all", "betas", "tools")}
    proof = Proof("first-party", source.randrange(1, 9), parts) if source.random() < 0.3 else None
    text = lock.render(lock.Lock(version, version, runtime, artifacts, env, clean, node=node, proof=proof))
    lines = text.split("\n")
    if source.random() < 0.3:  # [claude] in any order
        end = lines.index("[env]") - 1
        block = lines[5:end]
        source.shuffle(block)
        lines[5:end] = block
    if source.random() < 0.3:
        lines = [line for line in lines if line and not line.startswith("#")] + [""]
    text = "\n".join(lines)
    if source.random() < 0.3:
        text = text.replace(" = ", source.choice(("  = ", " =  ", "   =   ")))
    if source.random() < 0.2:
        text = text.replace("\n", source.choice((" \n", "\n ", "\n\n", "\n# x\n", ' # "x" = \n')))
    return text.encode("latin-1")


def _bytes(source: random.Random, text: bytes) -> bytes:
    """A byte put in, taken out or replaced, mostly in the head."""
    end = text.find(b"[artifacts]") + 12 if source.random() < 0.9 else len(text)
    place = source.randrange(max(end, 1))
    character = source.choice(CHARACTERS)
    return text[:place] + source.choice((character, b"", character)) + text[place + source.choice((0, 1)) :]


def _words(source: random.Random, text: bytes) -> bytes:
    """A word replaced, added, taken away or joined with its neighbour."""
    lines = text.split(b"\n")
    number = source.randrange(min(len(lines), 20))
    words = lines[number].split(b" ")
    place = source.randrange(len(words))
    change = source.random()
    if change < 0.5:
        words[place] = _word(source)
    elif change < 0.7:
        words.insert(place, _word(source))
    elif change < 0.85:
        del words[place]
    else:
        words[place : place + 2] = [b"".join(words[place : place + 2])]
    lines[number] = b" ".join(words)
    return b"\n".join(lines)


def _word(source: random.Random) -> bytes:
    quoted = source.choice((VERSIONS, ODD_VERSIONS, REQUESTS))
    pool = source.choice((WORDS, sorted(flags.TABLE), [f'"{word}"' for word in quoted]))
    return source.choice(pool).encode("latin-1")


def _flags(source: random.Random, text: bytes) -> bytes:
    """The value of a flag replaced by one that fits, or by one that just does not."""
    lines = text.split(b"\n")
    held = [number for number, line in enumerate(lines) if line.partition(b" = ")[0].decode("latin-1") in flags.TABLE]
    if not held:
        return text
    number = source.choice(held)
    name = lines[number].partition(b" = ")[0]
    flag = flags.TABLE[name.decode("latin-1")]
    values = source.choice((fitting(flag) or ("1",), unfitting(flag), BRACKETS))
    lines[number] = name + b' = "' + source.choice(values).encode() + b'"'
    return b"\n".join(lines)


def _lines(source: random.Random, text: bytes) -> bytes:
    """A line doubled, moved, removed or put in."""
    lines = text.split(b"\n")
    here, there = (source.randrange(min(len(lines), 20)) for _ in range(2))
    change = source.random()
    if change < 0.25:
        lines.insert(there, lines[here])
    elif change < 0.5:
        lines.insert(there, lines.pop(here))
    elif change < 0.75:
        lines.insert(there, source.choice(LINES).encode("latin-1"))
    else:
        del lines[here]
    return b"\n".join(lines)


def _values(source: random.Random, text: bytes) -> bytes:
    """A value replaced by another one that may stand there; what comes out is mostly valid."""
    key, pool = source.choice(((b"request", REQUESTS), (b"version", VERSIONS + ODD_VERSIONS), (b"node", ODD_VERSIONS)))
    lines = text.split(b"\n")
    for number, line in enumerate(lines):
        if line.startswith(key + b" = "):
            lines[number] = key + b' = "' + source.choice(pool).encode() + b'"'
    return b"\n".join(lines)


def _whole(source: random.Random, text: bytes) -> bytes:
    """What editors, merges and failed copies do to a file."""
    change = source.randrange(5)
    if change == 0:
        return text.replace(b"\n", b"\r\n")
    if change == 1:
        return text[: source.randrange(len(text) + 1)]
    if change == 2:
        return text + text
    if change == 3:
        return b"\xef\xbb\xbf" + text
    return text.replace(b"    ", b"\t").rstrip(b"\n")


MUTATIONS: list[Callable[[random.Random, bytes], bytes]] = [
    _bytes,
    _bytes,
    _words,
    _words,
    _lines,
    _values,
    _values,
    _flags,
    _flags,
    _whole,
]
