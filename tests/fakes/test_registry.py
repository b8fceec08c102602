"""The fake registry serves what is published, and each fault is what it says."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import pytest
import requests

from tests.fakes import faults
from tests.fakes.packages import WRAPPER
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

TARBALL = f"{WRAPPER}/-/claude-code-2.0.14.tgz"


def get(registry: Registry, path: str, **options: Any) -> requests.Response:
    return requests.get(registry.url + path, **{"timeout": 20, **options})


class TestRegistry:
    @pytest.mark.parametrize("name", [WRAPPER, WRAPPER.replace("/", "%2f"), WRAPPER.replace("/", "%2F")])
    def test_documents(self, registry: Registry, name: str) -> None:
        document = get(registry, name).json()
        assert document["dist-tags"] == {"latest": "2.1.330", "stable": "2.1.200"}
        dist = document["versions"]["2.0.14"]["dist"]
        assert dist["tarball"] == registry.url + TARBALL
        body = get(registry, TARBALL).content
        assert dist["integrity"] == "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
        assert dist["shasum"] == hashlib.sha1(body).hexdigest()
        assert "signatures" not in dist
        assert registry.requests[0].raw_path.lower() == "/" + name.lower()
        assert registry.requests[0].path == "/" + WRAPPER

    def test_one_version(self, registry: Registry) -> None:
        assert get(registry, f"{WRAPPER}/2.0.14").json()["version"] == "2.0.14"
        assert get(registry, f"{WRAPPER}/latest").json()["version"] == "2.1.330"
        assert get(registry, f"{WRAPPER}/2.0.99").status_code == 404
        assert get(registry, "nothing").status_code == 404
        assert get(registry, "-/ping").json() == {}
        registry.upstream.signed = True
        assert get(registry, f"{WRAPPER}/2.0.14").json()["dist"]["signatures"]

    def test_abbreviated(self, registry: Registry) -> None:
        headers = {"Accept": "application/vnd.npm.install-v1+json; q=1.0, application/json"}
        short = get(registry, WRAPPER, headers=headers)
        assert short.headers["Content-Type"] == "application/vnd.npm.install-v1+json"
        assert "time" not in short.json()
        registry.abbreviates = False
        assert "time" in get(registry, WRAPPER, headers=headers).json()

    def test_ranges(self, registry: Registry) -> None:
        whole = get(registry, TARBALL)
        body, etag = whole.content, whole.headers["ETag"]
        rest = get(registry, TARBALL, headers={"Range": "bytes=100-", "If-Range": etag})
        assert (rest.status_code, rest.content) == (206, body[100:])
        assert rest.headers["Content-Range"] == f"bytes 100-{len(body) - 1}/{len(body)}"
        assert get(registry, TARBALL, headers={"Range": "bytes=1-3"}).content == body[1:4]
        assert get(registry, TARBALL, headers={"Range": "bytes=1-", "If-Range": '"other"'}).content == body
        assert get(registry, TARBALL, headers={"Range": f"bytes={len(body)}-"}).status_code == 416
        assert get(registry, TARBALL, headers={"If-None-Match": etag}).status_code == 304
        head = requests.head(registry.url + TARBALL, timeout=20)
        assert (head.headers["Content-Length"], head.content) == (str(len(body)), b"")

    def test_keeps_the_connection_and_counts(self, registry: Registry) -> None:
        with requests.Session() as session:
            for _ in range(3):
                session.get(registry.url + TARBALL, timeout=20)
        assert [seen.sent for seen in registry.asked("*.tgz")] == [len(registry.upstream.get("2.0.14").tarball)] * 3
        assert registry.connections == 1
        registry.forget()
        assert registry.asked() == []

    def test_base_and_foreign_tarballs(self, upstream: Upstream) -> None:
        with (
            Registry(upstream) as files,
            Registry(upstream, base="npm/some/repo", host="localhost", tarball_base=files.url) as registry,
        ):
            assert registry.url.endswith("/npm/some/repo/")
            address = get(registry, f"{WRAPPER}/2.0.14").json()["dist"]["tarball"]
            assert requests.get(address, timeout=20).content == upstream.get("2.0.14").tarball
            assert len(files.requests) == 1
            assert requests.get(f"http://127.0.0.1:{registry.port}/{WRAPPER}", timeout=20).status_code == 404


class TestFaults:
    def test_status_and_times(self, registry: Registry) -> None:
        registry.fault("*.tgz", faults.status(503, headers={"Retry-After": "0"}), times=2)
        answers = [get(registry, TARBALL) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 503, 200]
        assert answers[0].headers["Retry-After"] == "0"
        assert get(registry, WRAPPER).status_code == 200
        registry.fault("*", faults.status(403, "no"))
        assert get(registry, WRAPPER).text == "no"
        registry.mend()
        assert get(registry, WRAPPER).status_code == 200

    def test_cut(self, registry: Registry) -> None:
        registry.fault("*.tgz", faults.cut(700), times=1)
        with requests.get(registry.url + TARBALL, stream=True, timeout=20) as answer:
            assert int(answer.headers["Content-Length"]) > 700
            assert len(answer.raw.read(700)) == 700
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                list(answer.iter_content(100))
        assert registry.requests[-1].sent == 700
        assert get(registry, TARBALL).status_code == 200

    def test_wrong_and_other_bytes(self, registry: Registry) -> None:
        right = registry.upstream.get("2.0.14").tarball
        registry.fault("*.tgz", faults.wrong_bytes(), times=1)
        wrong = get(registry, TARBALL).content
        assert [at for at in range(len(right)) if right[at] != wrong[at]] == [len(right) // 2]
        registry.fault("*.tgz", faults.other_bytes(b"abc"))
        assert get(registry, TARBALL, headers={"Range": "bytes=1-"}).content == b"bc"

    def test_ranges_and_etags(self, registry: Registry) -> None:
        registry.fault("*.tgz", faults.changed_etag())
        one = get(registry, TARBALL)
        again = get(registry, TARBALL, headers={"Range": "bytes=5-", "If-Range": one.headers["ETag"]})
        assert (again.status_code, again.content) == (200, one.content)
        registry.mend()
        registry.fault("*.tgz", faults.no_range(), faults.no_etag())
        answer = get(registry, TARBALL, headers={"Range": "bytes=5-"})
        assert (answer.status_code, answer.content) == (200, one.content)
        assert not {"ETag", "Accept-Ranges"} & set(answer.headers)

    def test_redirect(self, registry: Registry, upstream: Upstream) -> None:
        with Registry(upstream) as other:
            registry.fault("*.tgz", faults.redirect(other.url))
            answer = get(registry, TARBALL, headers={"Authorization": "Bearer secret"})
            assert answer.content == upstream.get("2.0.14").tarball
            assert other.asked("*.tgz")[0].headers.get("authorization") is None
            registry.mend()
            registry.fault("*.tgz", faults.redirect(other.url + WRAPPER, 307))
            assert get(registry, TARBALL).json()["name"] == WRAPPER

    def test_slow(self, registry: Registry) -> None:
        registry.fault("*", faults.other_bytes(b"x" * 3000), faults.slow(10_000))
        begin = time.monotonic()
        assert len(get(registry, TARBALL).content) == 3000
        assert 0.2 < time.monotonic() - begin < 5

    @pytest.mark.parametrize("at_byte", [-1, 0, 500])
    def test_stall_ends_at_stop(self, upstream: Upstream, at_byte: int) -> None:
        got: list[bytes] = []
        with Registry(upstream) as registry:
            registry.fault("*.tgz", faults.stall(60, at_byte))
            with pytest.raises(requests.exceptions.RequestException, match="Read timed out"):
                got.extend(get(registry, TARBALL, stream=True, timeout=0.5).iter_content(1))
            begin = time.monotonic()
        assert time.monotonic() - begin < 2
        assert len(got) == max(at_byte, 0)
        with pytest.raises(requests.exceptions.ConnectionError):
            get(registry, WRAPPER)

    def test_stall_is_over_one_day(self, registry: Registry) -> None:
        registry.fault("*.tgz", faults.stall(0.2, 10))
        assert get(registry, TARBALL).content == registry.upstream.get("2.0.14").tarball

    def test_length(self, registry: Registry) -> None:
        body = registry.upstream.get("2.0.14").tarball
        registry.fault("*.tgz", faults.lies_about_length(10), times=1)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            get(registry, TARBALL)
        registry.fault("*.tgz", faults.lies_about_length(-10), times=1)
        assert get(registry, TARBALL).content == body[:-10]
        for chunked in (True, False):
            registry.fault("*.tgz", faults.no_length(chunked=chunked), times=1)
            answer = get(registry, TARBALL)
            assert answer.content == body
            assert "Content-Length" not in answer.headers

    def test_bodies(self, registry: Registry) -> None:
        registry.fault("*", faults.html(), times=1)
        page = get(registry, WRAPPER)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        for fault in (faults.not_json(), faults.empty()):
            registry.fault("*", fault, times=1)
            answer = get(registry, WRAPPER)
            assert answer.status_code == 200
            with pytest.raises(ValueError, match="Expecting"):
                answer.json()
        registry.fault("*", faults.huge_json(1 << 20), times=1)
        assert len(get(registry, WRAPPER).json()["name"]) == 1 << 20
        registry.fault("*", faults.json_body([1]), times=1)
        assert get(registry, WRAPPER).json() == [1]

    def test_credentials(self, registry: Registry) -> None:
        registry.fault("*", faults.requires_token("abc"))
        assert get(registry, WRAPPER).status_code == 401
        assert get(registry, WRAPPER, headers={"Authorization": "Bearer abc"}).status_code == 200
        registry.mend()
        registry.fault("*", faults.basic("me", "pass:word"))
        assert get(registry, WRAPPER).headers["WWW-Authenticate"] == 'Basic realm="fake"'
        assert get(registry, WRAPPER, auth=("me", "pass:word")).status_code == 200

    def test_asking_for_ever_ends(self, registry: Registry) -> None:
        registry.most_requests = 3
        for _ in range(3):
            get(registry, "-/ping")
        with pytest.raises(requests.exceptions.ConnectionError):
            get(registry, "-/ping")
