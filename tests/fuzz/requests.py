"""Version requests: what people type, and what stands in a lock."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from ccpin.errors import BadNodeRequest, BadRequest
from ccpin.pinning.head import is_request, version_key
from ccpin.pinning.request import Request, parse_request
from ccpin.releases.node import node_request
from tests.fuzz.mutate import Mutator
from tests.fuzz.target import Target, refused

_VERSIONS = ("0.0.0", "0.2.9", "1.0.20", "2.0.0", "2.0.13", "2.0.14", "2.0.15", "2.1.0", "2.1.330", "3.0.0", "10.20.30")
_PIECES = (
    "2", "2.0", "2.0.14", "2.1.330", "0", "00", "v", "V", ".", "..", "*", "x", ".*", ".x", ">=", "<=", "==", "!=", "~=",
    ">", "<", "=", "===", "^", "~", ",", " ", "\t", "latest", "stable", "-rc.1", "+b", "a", "é", "١", "²", "\0", "\n",
    "999999999", "9999999999", "1" * 99, "\ud800", "|", "||", "(", "2.0.14.1",
)  # fmt: skip


def _corpus() -> list[bytes]:
    source = random.Random(7)
    said = ["2.0.14", "2.0", "2", "2.0.*", "2.x", "latest", "stable", ">=2.0,<2.1", "~=2.0", "==2.*", "!=2.0.14,>1"]
    said += ["".join(source.choices(_PIECES, k=source.randrange(1, 7))) for _ in range(200)]
    return [text.encode("utf-8", "surrogatepass") for text in said]


def check(_folder: Path, data: bytes) -> str:
    """A request is canonical, fits a lock, and admits what its text says by a second reading of it."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        found = parse_request(text)
    except BadRequest as error:
        try:
            node_request(text)
        except BadNodeRequest as also:
            refused(also, "bad-node-request")
        else:
            raise AssertionError(text)
        return refused(error, "bad-request")
    assert is_request(found.text)
    assert len(found.text) <= 200
    assert parse_request(found.text) == found
    admitted = [version for version in _VERSIONS if found.admits(version)]
    assert admitted == [version for version in _VERSIONS if _admits(found, version)], found
    assert found.newest(_VERSIONS) == (admitted[-1] if admitted else None)
    return f"{found.kind}, {len(admitted)} admitted"


def _admits(request: Request, version: str) -> bool:
    """The same by plain comparison of numbers."""
    if request.kind in ("exact", "prefix"):
        wanted = request.text.split(".")
        return version.split(".")[: len(wanted)] == wanted
    return request.kind == "range" and all(_fits(version_key(version), *clause) for clause in _clauses(request.text))


def _clauses(text: str) -> Iterator[tuple[str, list[int], bool]]:
    for clause in text.split(","):
        found = re.fullmatch(r"([<>=!~]=|[<>])v?([0-9.]+?)(\.\*)?", clause)
        assert found, clause
        yield found[1], [int(number) for number in found[2].split(".")], bool(found[3])


def _fits(version: tuple[int, ...], operator: str, said: list[int], starred: bool) -> bool:
    whole = tuple(said + [0] * (3 - len(said)))
    begins = version[: len(said)] == tuple(said)
    if operator in ("==", "!="):
        return (begins if starred else version == whole) == (operator == "==")
    if operator == "~=":
        return version >= whole and version[: len(said) - 1] == tuple(said[:-1])
    return {">=": version >= whole, "<=": version <= whole, ">": version > whole, "<": version < whole}[operator]


REQUEST = Target("request", _corpus, Mutator([piece.encode("utf-8", "surrogatepass") for piece in _PIECES]), check)
