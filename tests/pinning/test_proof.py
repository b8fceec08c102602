"""[fingerprint] in a lock: a table behind all that a launch reads, kept as long as it is of what would run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ccpin.errors import LockInvalid
from ccpin.pinning.head import read_head
from ccpin.pinning.lock import parse, render
from ccpin.pinning.profile import with_profile, with_proof_of, without_stale_proof
from ccpin.pinning.proof import Proof, read_proof
from tests.pinning import locks

PROOF = Proof("first-party", 3, {"all": f"sha256:{'a' * 64}", "betas": f"sha256:{'b' * 64}"})
TABLE = {"mode": "first-party", "normaliser": 3, **PROOF.digests}
LOCK = locks.native()
PROVEN = replace(LOCK, proof=PROOF)


def test_it_stands_last_and_can_be_read_aloud() -> None:
    text = render(PROVEN)
    assert text.startswith(render(LOCK))
    assert text[len(render(LOCK)) :] == (
        '\n[fingerprint]\nmode = "first-party"\nnormaliser = 3\n'
        f'all = "sha256:{"a" * 64}"\nbetas = "sha256:{"b" * 64}"\n'
    )
    assert parse(text.encode(), "L") == PROVEN


def test_a_launch_reads_the_same_head() -> None:
    heads = [read_head(render(lock).encode()) for lock in (LOCK, PROVEN)]
    said = [[getattr(head, name) for name in ("version", "digest", "env", "clean", "line")] for head in heads if head]
    assert len(said) == 2
    assert said[0] == said[1]
    assert LOCK.digest == PROVEN.digest


def test_it_comes_and_goes_in_a_text_with_comments() -> None:
    text = "# ours\n" + render(LOCK)
    with_it = render(PROVEN, text)
    assert with_it.startswith("# ours\n")
    assert parse(with_it.encode(), "L").proof == PROOF
    other = Proof("gateway", 4, {"all": f"sha256:{'c' * 64}", "tools": f"sha256:{'d' * 64}"})
    assert parse(render(replace(LOCK, proof=other), with_it).encode(), "L").proof == other
    assert parse(render(LOCK, with_it).encode(), "L").proof is None
    assert "[fingerprint]" not in render(LOCK, with_it)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"all": None}, "no digest `all`"),
        ({"all": "sha256:x"}, "64 hex digits"),
        ({"betas": 3}, "64 hex digits"),
        ({"Betas": f"sha256:{'b' * 64}"}, "64 hex digits"),
        ({"mode": "other"}, "`mode` is neither"),
        ({"normaliser": 0}, "`normaliser` is not"),
        ({"normaliser": True}, "`normaliser` is not"),
        ({"normaliser": None}, "`normaliser` is not"),
        ({f"p{n}": f"sha256:{'b' * 64}" for n in range(40)}, "more than 40 parts"),
    ],
)
def test_what_is_none(change: dict[str, Any], said: str) -> None:
    found = read_proof({name: value for name, value in {**TABLE, **change}.items() if value is not None})
    assert isinstance(found, tuple)
    assert said in found[1]


def test_a_table_it_must_be() -> None:
    assert read_proof(TABLE) == PROOF
    assert read_proof([TABLE]) == ("", "`fingerprint` is not a table")


def test_a_fault_is_told_with_its_line() -> None:
    text = render(PROVEN).replace("normaliser = 3", "normaliser = 0")
    line = text.split("\n").index("normaliser = 0") + 1
    with pytest.raises(LockInvalid, match=f"^L:{line}: "):
        parse(text.encode(), "L")


class TestStaying:
    def test_with_the_same(self) -> None:
        assert with_proof_of(replace(LOCK, request="latest"), PROVEN).proof == PROOF
        assert without_stale_proof(replace(PROVEN, request="latest"), PROVEN).proof == PROOF

    def test_not_with_another_release_or_other_flags(self) -> None:
        others = [locks.native("2.1.329"), with_profile(LOCK, "strict"), replace(LOCK, clean=True)]
        for other in others:
            assert with_proof_of(other, PROVEN).proof is None
            assert without_stale_proof(replace(other, proof=PROOF), PROVEN).proof is None

    def test_a_new_one_wins(self) -> None:
        new = replace(PROOF, normaliser=4)
        assert with_proof_of(replace(LOCK, proof=new), PROVEN).proof == new
        assert with_proof_of(LOCK, None).proof is None
