"""The loopback API as clients see it, in the clear and behind the name api.anthropic.com."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from ccpin.wire.answers import ToolUse, Turn, as_json
from ccpin.wire.capture import Request
from ccpin.wire.loopback import Api, Loopback, TooMuch
from ccpin.wire.proxy import Authority, Proxy
from ccpin.wire.server import BODY_LIMIT, BodyTooLong

ASKING = {
    "model": "claude-x",
    "stream": True,
    "messages": [{"role": "user", "content": "hi"}],
    "tools": [{"name": "T"}],
}


def events(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        event, data = block.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert event == f"event: {found[-1]['type']}"
    return found


def post(loopback: Loopback, body: object = ASKING, path: str = "/v1/messages?beta=true") -> requests.Response:
    return requests.post(loopback.url + path, json=body, headers={"Anthropic-Beta": "a,b"}, timeout=10)


class TestAnswers:
    def test_a_text_as_a_stream(self) -> None:
        with Loopback(Api()) as loopback:
            said = events(post(loopback))
        kinds = [event["type"] for event in said]
        block = ["content_block_start", "content_block_delta", "content_block_stop"]
        assert kinds == ["message_start", *block, "message_delta", "message_stop"]
        assert said[0]["message"] | {"id": "", "usage": {}} == {
            "id": "",
            "type": "message",
            "role": "assistant",
            "model": "claude-x",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {},
        }
        assert said[2]["delta"] == {"type": "text_delta", "text": "ok"}
        assert said[4]["delta"]["stop_reason"] == "end_turn"

    def test_a_text_as_one_document(self) -> None:
        with Loopback(Api()) as loopback:
            said = post(loopback, ASKING | {"stream": False}).json()
        assert said["content"] == [{"type": "text", "text": "ok"}]
        assert said["stop_reason"] == "end_turn"

    def test_a_script_of_turns_with_a_tool(self) -> None:
        script = [Turn("looking", (ToolUse("Bash", {"command": "true"}), ToolUse("Read"))), Turn("done")]
        with Loopback(Api(script)) as loopback:
            post(loopback, ASKING | {"tools": []})  # a title, say: takes no turn
            first, second, third = (events(post(loopback)) for _ in range(3))
        starts = [event["content_block"] for event in first if event["type"] == "content_block_start"]
        assert [block["type"] for block in starts] == ["text", "tool_use", "tool_use"]
        assert starts[1]["name"] == "Bash"
        assert starts[1]["id"] != starts[2]["id"]
        deltas = [event["delta"] for event in first if event["type"] == "content_block_delta"]
        assert json.loads(deltas[1]["partial_json"]) == {"command": "true"}
        assert first[-2]["delta"]["stop_reason"] == "tool_use"
        assert second[2]["delta"]["text"] == "done"
        assert third[2]["delta"]["text"] == "ok"

    def test_a_script_may_decide_by_request(self) -> None:
        api = Api(lambda request: Turn(f"{request.said} {len(api.requests)}"))
        with Loopback(api) as loopback:
            assert events(post(loopback))[2]["delta"]["text"] == "hi 1"

    def test_tokens_are_counted(self) -> None:
        with Loopback(Api()) as loopback:
            one, two = (post(loopback, path="/v1/messages/count_tokens").json() for _ in range(2))
        assert one == two
        assert one["input_tokens"] > 0

    def test_a_flag_assignment_is_served_when_there_is_one(self) -> None:
        with Loopback(Api(flags={"a": True, "b": {"c": [1]}})) as loopback:
            said = post(loopback, path="/api/eval/sdk-abc").json()
        assert said["features"] == {"a": {"defaultValue": True}, "b": {"defaultValue": {"c": [1]}}}
        with Loopback(Api()) as loopback:
            assert post(loopback, path="/api/eval/sdk-abc").status_code == 404

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/api/event_logging/v2/batch", 200),
            ("/api/claude_code/metrics", 200),
            ("/api/hello", 200),
            ("/", 200),
            ("//double", 404),
            ("/api/claude_cli/bootstrap", 404),
            ("/%ff/\u00e9?%", 404),
        ],
    )
    def test_what_is_asked_besides(self, path: str, status: int) -> None:
        with Loopback(Api()) as loopback:
            assert post(loopback, path=path).status_code == status
            assert requests.get(loopback.url + path, timeout=10).status_code == status
            assert requests.head(loopback.url + path, timeout=10).status_code == status

    def test_an_answer_of_ones_own(self) -> None:
        with Loopback(Api(others={"/v1/messages": as_json(529, {"type": "error"})})) as loopback:
            assert post(loopback).status_code == 529

    def test_a_body_that_is_no_json_is_refused(self) -> None:
        with Loopback(Api()) as loopback:
            assert requests.post(loopback.url + "/v1/messages", data=b"{", timeout=10).status_code == 400


class TestRequests:
    def test_are_kept_as_they_came(self) -> None:
        with Loopback(Api()) as loopback:
            requests.get(loopback.url + "/first", timeout=10)
            post(loopback)
            first, second = loopback.api.requests
        assert (first.order, first.method, first.path, first.body) == (0, "GET", "/first", b"")
        assert (second.order, second.method, second.path, second.query) == (1, "POST", "/v1/messages", "beta=true")
        assert (second.mode, second.host) == ("gateway", f"127.0.0.1:{loopback.port}")
        assert second.headers["anthropic-beta"] == "a,b"
        assert second.json == ASKING

    def test_chunked_bodies_are_joined(self) -> None:
        with Loopback(Api()) as loopback:
            requests.post(loopback.url + "/x", data=iter([b"one ", b"two"]), timeout=10)
            assert loopback.api.requests[0].body == b"one two"

    def test_many_at_once(self) -> None:
        with Loopback(Api()) as loopback:
            threads = [threading.Thread(target=post, args=(loopback,)) for _ in range(24)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [request.order for request in loopback.api.requests] == list(range(24))

    @pytest.mark.parametrize("head", ["Content-Length: x", "Content-Length: -1", "Transfer-Encoding: chunked"])
    def test_bad_framing_is_answered(self, head: str) -> None:
        with Loopback(Api()) as loopback, socket.create_connection(("127.0.0.1", loopback.port), 10) as client:
            client.sendall(f"POST / HTTP/1.1\r\n{head}\r\n\r\nzz\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")

    def test_a_client_that_goes_away_is_no_error(self) -> None:
        with Loopback(Api()) as loopback:
            for sent in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nxx"):
                with socket.create_connection(("127.0.0.1", loopback.port), 10) as client:
                    client.sendall(sent)
            assert post(loopback).ok


class TestTrouble:
    def test_what_a_script_raises_reaches_the_caller(self) -> None:
        def script(request: Request) -> Turn:
            raise KeyError(request.path)

        with pytest.raises(KeyError, match="/v1/messages"), Loopback(Api(script)) as loopback:
            assert post(loopback).status_code == 500

    def test_but_not_in_place_of_the_callers_own_error(self) -> None:
        def script(request: Request) -> Turn:
            raise KeyError(request.path)

        def failing() -> None:
            with Loopback(Api(script)) as loopback:
                post(loopback)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            failing()

    def test_a_body_without_end_is_not_kept(self) -> None:
        def send(loopback: Loopback) -> int:
            client = http.client.HTTPConnection("127.0.0.1", loopback.port, timeout=10)
            client.putrequest("POST", "/")
            client.putheader("Content-Length", str(BODY_LIMIT + 1))
            client.endheaders()
            with contextlib.closing(client):
                return client.getresponse().status

        # Who is cut off while it is being told may see a reset.
        with pytest.raises(BodyTooLong), Loopback(Api()) as loopback, contextlib.suppress(ConnectionResetError):
            assert send(loopback) == 413

    def test_nor_when_the_client_does_not_wait_to_be_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def gone(*_: object) -> None:
            raise BrokenPipeError

        monkeypatch.setattr("ccpin.wire.server.BaseHandler.send", gone)
        head = f"POST / HTTP/1.1\r\nContent-Length: {BODY_LIMIT + 1}\r\n\r\n".encode()

        def send(loopback: Loopback) -> bytes:
            with socket.create_connection(("127.0.0.1", loopback.port), 10) as client:
                client.sendall(head)
                return client.recv(1)

        with pytest.raises(BodyTooLong), Loopback(Api()) as loopback:
            assert send(loopback) == b""

    def test_one_who_asks_for_ever_is_stopped(self) -> None:
        api = Api()
        for _ in range(10_000):
            api.receive("gateway", "GET", "", "/", {}, b"")
        with pytest.raises(TooMuch):
            api.receive("gateway", "GET", "", "/", {}, b"")
        assert len(api.requests) == 10_000

    def test_bodies_are_kept_up_to_a_limit(self) -> None:
        api = Api()
        body = bytes(BODY_LIMIT)
        for _ in range(4):
            api.receive("gateway", "GET", "", "/", {}, body)
        with pytest.raises(TooMuch):
            api.receive("gateway", "GET", "", "/", {}, b"x")

    def test_it_ends_at_once_with_connections_open(self) -> None:
        threads = threading.active_count()
        with Loopback(Api()) as loopback, requests.Session() as session:
            session.get(loopback.url, timeout=10)  # stays open
            idle = socket.create_connection(("127.0.0.1", loopback.port), 10)
            began = time.monotonic()
        assert time.monotonic() - began < 1
        with contextlib.suppress(ConnectionResetError):  # who was not accepted yet is told so in another way
            assert idle.recv(1) == b""
        idle.close()
        end = time.monotonic() + 5
        while threading.active_count() > threads and time.monotonic() < end:
            time.sleep(0.01)
        assert threading.active_count() == threads
        with pytest.raises(requests.ConnectionError):
            requests.get(loopback.url, timeout=10)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


class TestProxy:
    def first_party(self, proxy: Proxy, authority: Authority, tmp_path: Path, host: str) -> requests.Response:
        pem = tmp_path / "ca.pem"
        pem.write_bytes(authority.pem)
        url = f"https://{host}/v1/messages"
        with requests.Session() as session:
            return session.post(url, json=ASKING, proxies={"https": proxy.url}, verify=str(pem), timeout=10)

    def test_api_anthropic_com_ends_in_it(self, authority: Authority, tmp_path: Path) -> None:
        api = Api()
        with Proxy(api, authority) as proxy:
            assert events(self.first_party(proxy, authority, tmp_path, "api.anthropic.com"))
        (seen,) = api.requests
        assert (seen.mode, seen.host, seen.path) == ("first-party", "api.anthropic.com", "/v1/messages")
        assert proxy.refused == ()

    def test_further_names_of_its_authority_end_in_it_too(self, tmp_path: Path) -> None:
        authority, api = Authority(["downloads.claude.ai"]), Api()
        with Proxy(api, authority) as proxy:
            for host in ("downloads.claude.ai", "api.anthropic.com"):
                assert events(self.first_party(proxy, authority, tmp_path, host))
            with pytest.raises(requests.exceptions.ProxyError, match="403"):
                self.first_party(proxy, authority, tmp_path, "claude.ai")
        assert [seen.host for seen in api.requests] == ["downloads.claude.ai", "api.anthropic.com"]
        assert [entry.authority for entry in proxy.refused] == ["claude.ai:443"]

    @pytest.mark.parametrize("host", ["statsig.anthropic.com", "api.anthropic.com:8443", "api.anthropic.com.example"])
    def test_all_others_are_refused(self, authority: Authority, tmp_path: Path, host: str) -> None:
        with Proxy(Api(), authority) as proxy:
            with pytest.raises(requests.exceptions.ProxyError, match="403"):
                self.first_party(proxy, authority, tmp_path, host)
            assert proxy.refused[0].authority == (host if ":" in host else f"{host}:443")
            assert proxy.refused[0].why == "host"

    def test_without_an_api_it_refuses_every_host(self, authority: Authority, tmp_path: Path) -> None:
        with Proxy() as proxy:
            with pytest.raises(requests.exceptions.ProxyError):
                self.first_party(proxy, authority, tmp_path, "api.anthropic.com")
            with pytest.raises(requests.exceptions.ProxyError):
                requests.get("https://api.anthropic.com", proxies={"https": proxy.url}, timeout=10)
            assert [entry.authority for entry in proxy.refused] == ["api.anthropic.com:443"] * 2

    def test_a_client_without_the_ca_is_told_apart(self, authority: Authority) -> None:
        with Proxy(Api(), authority) as proxy:
            with pytest.raises(requests.exceptions.SSLError):
                requests.get("https://api.anthropic.com", proxies={"https": proxy.url}, timeout=10)
            end = time.monotonic() + 5
            while not proxy.refused and time.monotonic() < end:
                time.sleep(0.01)
            (refused,) = proxy.refused
        assert refused.authority == "api.anthropic.com:443"
        assert refused.why.startswith("TLS: ")

    def test_plain_http_goes_to_the_gateway_only(self) -> None:
        api = Api()
        with Proxy(gateway=("127.0.0.1:9", api)) as proxy:
            proxies = {"http": proxy.url}
            assert requests.get("http://127.0.0.1:9/api/hello?x=1", proxies=proxies, timeout=10).ok
            assert requests.get("http://127.0.0.1:8/api/hello", proxies=proxies, timeout=10).status_code == 403
            assert requests.get("http://example.com/", proxies=proxies, timeout=10).status_code == 403
            assert requests.get(proxy.url + "/direct", timeout=10).status_code == 400
        (seen,) = api.requests
        assert (seen.mode, seen.host, seen.path, seen.query) == ("gateway", "127.0.0.1:9", "/api/hello", "x=1")
        assert [entry.authority for entry in proxy.refused] == ["127.0.0.1:8", "example.com:80"]

    def test_it_ends_at_once_with_a_tunnel_open(self, authority: Authority, tmp_path: Path) -> None:
        pem = tmp_path / "ca.pem"
        pem.write_bytes(authority.pem)
        with Proxy(Api(), authority) as proxy, requests.Session() as session:
            reach = {"https": proxy.url}
            assert session.get("https://api.anthropic.com/api/hello", proxies=reach, verify=str(pem), timeout=10).ok
            began = time.monotonic()
        assert time.monotonic() - began < 1

    def test_what_a_script_raises_behind_tls_reaches_the_caller(self, authority: Authority, tmp_path: Path) -> None:
        def script(request: Request) -> Turn:
            raise KeyError(request.path)

        with pytest.raises(KeyError), Proxy(Api(script), authority) as proxy:
            assert self.first_party(proxy, authority, tmp_path, "api.anthropic.com").status_code == 500
