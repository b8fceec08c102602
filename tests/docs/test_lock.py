"""docs/lock.md: its examples are locks, in the canonical form, and what it calls refused is."""

from __future__ import annotations

import re

import pytest

from ccpin.errors import LockError
from ccpin.pinning.head import read_head
from ccpin.pinning.lock import parse, render
from ccpin.pinning.proof import Proof
from tests.docs.generated.tables import rows
from tests.docs.pages import read

PAGE = read("docs/lock.md")
EXAMPLES = {name: PAGE.code(name) for name in ("node", "native", "own node")}
REFUSED = [
    (row[0].strip("`"), row[1].split("`")[1]) for row in rows(PAGE.text[PAGE.text.index("## What is refused") :])
]


@pytest.mark.parametrize("name", ["node", "native", "own node"])
def test_an_example_is_a_canonical_lock(name: str) -> None:
    text = EXAMPLES[name]
    lock = parse(text.encode(), name)
    assert render(lock).partition("lock-version")[2] == text.partition("lock-version")[2]
    assert read_head(text.encode()) is not None
    assert (lock.runtime, lock.node is not None) == {
        "node": ("node", False), "native": ("native", False), "own node": ("node", True),
    }[name]  # fmt: skip


def test_the_first_one_is_what_ccpin_writes() -> None:
    assert render(parse(EXAMPLES["node"].encode(), "")) == EXAMPLES["node"]


def test_there_is_an_example_of_a_fingerprint() -> None:
    proof = parse(EXAMPLES["native"].encode(), "").proof
    assert isinstance(proof, Proof)
    assert (proof.mode, list(proof.digests)) == ("first-party", ["all"])


@pytest.mark.parametrize(("line", "code"), REFUSED, ids=[line for line, _ in REFUSED])
def test_what_is_refused(line: str, code: str) -> None:
    with pytest.raises(LockError) as raised:
        parse(changed(EXAMPLES["node"], line).encode(), "L")
    assert raised.value.code == code
    assert raised.value.where is not None


def changed(text: str, line: str) -> str:
    """The lock with `line` in the place of the one with its key, else in the table that its kind belongs to."""
    key = line.partition(" ")[0]
    if re.search(rf"^{re.escape(key)} = ", text, re.MULTILINE):
        return re.sub(rf"^{re.escape(key)} = .*$", lambda _: line, text, flags=re.MULTILINE)
    table = "[claude]" if key in ("node", "clean") else "[artifacts]" if "{" in line else "[env]"
    return text.replace(f"{table}\n", f"{table}\n{line}\n")


def test_every_key_is_in_the_table() -> None:
    table = {row[0].strip("`") for row in rows(PAGE.text[PAGE.text.index("## Every table") :]) if len(row) == 4}
    kinds = (("env", "NAME"), ("artifacts", "PLATFORM"), ("fingerprint", "PART"))
    for text in EXAMPLES.values():
        section = ""
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif " = " in line:
                key = line.partition(" = ")[0]
                stands_for = next((name for table_, name in kinds if table_ == section), key)
                assert {f"{section}.{key}".lstrip("."), f"{section}.{stands_for}"} & table, line
