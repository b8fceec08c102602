"""Locks: the whole reader, the head's reader, and the shim's, which must choose the same or hand over."""

from __future__ import annotations

import dataclasses
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from ccpin.errors import LockError
from ccpin.pinning import flags, lock
from ccpin.pinning.flags import Cleared
from ccpin.pinning.head import Head, is_digest, is_request, is_version, read_head
from tests.fuzz.mutate import Mutation, Mutator
from tests.fuzz.target import Target, refused
from tests.pinning import locks as usual
from tests.property import test_never as never
from tests.property import test_readers as readers
from tests.shims.reading import HANDED_OVER, describe, read_in_sh, write_locks

SHELLS = ("dash", "bash")
_CODES = ("lock-conflict", "lock-version", "lock-invalid", "flag-refused", "digest-mismatch")
_WORDS = [
    *readers.CHARACTERS, *(word.encode("latin-1") for word in (*readers.WORDS, *readers.LINES, *never.OFF_THE_TABLE)),
    *(b"\n" + line.encode("latin-1") + b"\n" for line in readers.LINES),
    *(f'\n{name} = "{value}"\n'.encode() for name in never.OFF_THE_TABLE[::7] for value in ("1", "off", "http://x/")),
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc3\xa9", b'"""', b"'''", b"\\u0031", b"\\", b"[[claude]]", b"[env.x]",
    b"env.", b"1979-05-27", b"0x1", b"inf", b"lock-version = 01", b'{ npm = "', b"[artifacts]\n", b"[env]\n",
    b"[claude]\n",
]  # fmt: skip


def _corpus() -> list[bytes]:
    source = random.Random(5)
    made = [readers.canonical(source) for _ in range(60)] + [never.mutated(source) for _ in range(40)]
    return [*made, *(lock.render(some).encode() for some in (usual.native(), usual.node(), usual.own_node()))]


def _mutations() -> list[Mutation]:
    def text(mutation: Callable[[random.Random, str], str]) -> Mutation:
        return lambda source, data: mutation(source, data.decode("latin-1")).encode("latin-1", "replace")

    return [*readers.MUTATIONS, *map(text, never.MUTATIONS)]


def check(_folder: Path, data: bytes) -> str:
    """Both readers of Python's: what each accepts is sound, and where both accept, they say the same."""
    head = read_head(data)
    if head is not None:
        _require_sound(head)
    try:
        found = lock.parse(data, "L")
    except LockError as error:
        _require_place(error)
        return ("head, " if head else "") + refused(error, *_CODES)
    whole = found.head()
    _require_sound(whole)
    if head is not None:
        assert _said(head) == _said(whole)
    text = data.decode()
    again = lock.parse(lock.render(found).encode(), "L")
    assert again == found
    assert lock.parse(lock.render(found, text).encode(), "L") == found
    other = dataclasses.replace(found, version="9.9.9", request="9.9.9", env={"DISABLE_UPDATES": "1"}, clean=False)
    assert lock.parse(lock.render(other, text).encode(), "L") == other
    return f"{'head and ' if head else ''}lock of {found.runtime}, clean {found.clean}, node {found.node is not None}"


def check_in_shells(folder: Path, inputs: Sequence[bytes]) -> list[str]:
    """The shim's own reader: it takes what the head's reader takes, and hands everything else over."""
    inputs = [data.replace(b"\0", b"") for data in inputs]  # which no shell can see
    expected = [describe(read_head(data)) for data in inputs]
    folders = write_locks(folder, inputs)
    try:
        for shell in filter(shutil.which, SHELLS):
            told = read_in_sh(folder / f"in {shell}".replace(" ", "-"), str(shutil.which(shell)), folders)
            assert len(told) == len(inputs), f"{shell} told of {len(told)} locks, and there are {len(inputs)}"
            for data, by_sh, by_python in zip(inputs, told, expected, strict=True):
                assert by_sh == by_python, (shell, by_sh, by_python, data)
                exported = [] if by_sh == HANDED_OVER else by_sh.split(" ")[6:]
                assert all(word.partition("=")[0] in flags.TABLE for word in exported), (shell, data)
    finally:
        for path in folder.iterdir():
            shutil.rmtree(path)
    return ["handed over" if said == HANDED_OVER else f"{said.count(' ')} words" for said in expected]


def _require_place(error: LockError) -> None:
    assert (error.where or "").startswith("L:"), error


def _require_sound(head: Head) -> None:
    assert is_version(head.version)
    assert is_request(head.request)
    assert is_digest(f"sha256:{head.digest}")
    assert head.runtime in ("native", "node")
    assert head.node is None or (head.runtime == "node" and is_version(head.node))
    assert head.line > 0
    for name, value in head.env.items():
        assert name in flags.TABLE, name
        assert not isinstance(flags.TABLE[name].kind, Cleared), name
        assert flags.problem(name, value) is None, (name, value)


def _said(head: Head) -> dict[str, object]:
    return {name: getattr(head, name) for name in Head.__slots__}


_MUTATOR = Mutator(_WORDS, _mutations())
READER = Target("lock-reader", _corpus, _MUTATOR, check)
IN_SHELLS = Target(
    "lock-reader-sh", _corpus, _MUTATOR, lambda folder, data: check_in_shells(folder, [data])[0], check_in_shells
)
