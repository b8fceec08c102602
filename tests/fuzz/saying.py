"""A registry and a native channel that answer from memory, through the same code as real ones."""

from __future__ import annotations

import functools
import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from ccpin.net import Body, Http
from ccpin.releases.registry import SDK
from tests.fakes import upstream as fakes
from tests.fuzz.mutate import Mutation

BASE = "http://registry.invalid/npm/"


class Saying(Http):
    """`bodies` are what is answered, path -> bytes; whatever else is asked for is not there."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        super().__init__()
        self.bodies = bodies

    def _get(self, address: str, headers: dict[str, str], silence: float | None = None) -> requests.Response:
        body = self.bodies.get(_path(address))
        answer = requests.Response()
        answer.status_code, answer.url = (404 if body is None else 200), address
        answer.request = self._session.prepared(address, headers)
        answer.headers["Content-Type"] = "application/json"
        answer.raw = urllib3.HTTPResponse(io.BytesIO(body or b""), preload_content=False)
        return answer

    @contextmanager
    def stream(self, address: str) -> Iterator[Body]:
        with self._open(address, {}) as response:
            yield Body(None, response.iter_content(1 << 16))

    def remembered(self, digest: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return sdk_files()


@functools.cache
def documents() -> dict[str, bytes]:
    """All that the usual registry says: path -> JSON."""
    upstream, found = fakes.usual(), {}
    for name in upstream.packages:
        packument = upstream.packument(name, BASE)
        assert packument is not None
        found[f"/npm/{name}"] = json.dumps(packument).encode()
        for version, document in packument["versions"].items():
            found[f"/npm/{name}/{version}"] = json.dumps(document).encode()
    return found


@functools.cache
def sdk_files() -> dict[str, Any]:
    """The two files of the SDK's package that belong to 2.1.330."""
    package = fakes.usual().packages[SDK]["0.3.330"]
    return {
        "package.json": json.dumps(dict(package.fields)),
        "manifest.json": package.file("package/manifest.json").decode(),
    }


def behind(kinds: tuple[bytes, ...], mutation: Mutation) -> Mutation:
    """A mutation of what stands behind an input's first line, which names one of `kinds`."""

    def mutated(source: random.Random, data: bytes) -> bytes:
        kind, _, rest = data.partition(b"\n")
        return (kind if kind in kinds else kinds[0]) + b"\n" + mutation(source, rest)

    return mutated


def _path(address: str) -> str:
    return unquote(urlsplit(address).path)
