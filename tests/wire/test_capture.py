"""What is read out of a request, and which one of a run is the one to compare."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from ccpin.wire.capture import MESSAGES, Capture, NoMainRequest, Refused, Request, frozen, main_request


def request(order: int = 0, body: Any = None, path: str = MESSAGES, **headers: str) -> Request:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = frozen((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(order, "gateway", "POST", "127.0.0.1:1", path, "beta=true", sent, data)


def asking(text: Any, tools: int, *, stream: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "model": "claude-x",
        "stream": stream,
        "messages": [{"role": "user", "content": text}],
        "tools": [{"name": f"Tool{n}"} for n in range(tools)],
        **more,
    }


def test_what_is_read_out_of_a_request() -> None:
    seen = request(body=asking("hi", 2), Anthropic_Beta="a-1, b-2,,c-3")
    assert seen.betas == ("a-1", "b-2", "c-3")
    assert (seen.model, seen.tools, seen.streaming, seen.said) == ("claude-x", ("Tool0", "Tool1"), True, "hi")


@pytest.mark.parametrize("body", [b"", b"\xff", b"[1]", b'{"tools": 3, "messages": {}, "model": 1}', b"[" * 100_000])
def test_a_body_of_any_kind_can_be_looked_at(body: bytes) -> None:
    seen = request(body=body)
    assert (seen.model, seen.tools, seen.streaming, seen.said, seen.betas) == (None, (), False, "", ())


def test_a_packed_body_is_unpacked_for_reading_only() -> None:
    packed = gzip.compress(b'{"model": "m"}')
    seen = request(body=packed, Content_Encoding="gzip")
    assert (seen.model, seen.body) == ("m", packed)
    assert request(body=b"not gzip", Content_Encoding="gzip").json is None


def test_tools_of_the_server_have_a_type_only() -> None:
    assert request(body={"tools": [{"type": "web_search_20250305"}, "odd"]}).tools == ("web_search_20250305",)


def test_a_header_sent_twice_is_one_list() -> None:
    assert dict(frozen([("Anthropic-Beta", "a"), ("anthropic-beta", "b")])) == {"anthropic-beta": "a, b"}


class TestMainRequest:
    def test_is_the_streaming_one_with_the_prompt_and_the_most_tools(self) -> None:
        blocks = [{"type": "text", "text": "<reminder>"}, {"type": "text", "text": "say hi"}]
        title, warm_up, main, other = (
            request(0, asking("say hi", 0)),
            request(1, asking("Warmup", 30)),
            request(2, asking(blocks, 12)),
            request(3, asking("say hi", 40, stream=False)),
        )
        assert main_request([title, warm_up, main, other], "say hi") is main

    def test_is_the_first_of_equals(self) -> None:
        requests = [request(order, asking("hi", 3)) for order in range(2)]
        assert main_request(requests, "hi").order == 0

    def test_needs_the_path(self) -> None:
        with pytest.raises(NoMainRequest):
            main_request([request(body=asking("hi", 3), path=MESSAGES + "/count_tokens")], "hi")

    def test_does_not_take_the_prompt_from_the_assistant(self) -> None:
        body = asking("other", 3)
        body["messages"].append({"role": "assistant", "content": "hi"})
        with pytest.raises(NoMainRequest):
            main_request([request(body=body)], "hi")


def capture(**fields: Any) -> Capture:
    usual = {"mode": "gateway", "isolation": "network namespace", "argv": ("x",), "exit_code": 0, "stdout": ""}
    rest = {"stderr": "", "seconds": 1.0, "requests": (), "refused": ()}
    return Capture(**{**usual, **rest, **fields})


def test_a_capture_without_main_request_says_how_the_run_ended() -> None:
    with pytest.raises(NoMainRequest, match=r"exit code 1.*no key"):
        capture(exit_code=1, stderr="no key").main("hi")
    with pytest.raises(NoMainRequest, match="time was up"):
        capture(exit_code=None).main("hi")


def test_refused_hosts_are_named_once() -> None:
    tried = [Refused(host, "host") for host in ("b:443", "a:443", "b:443")]
    assert capture(refused=tuple(tried)).refused_hosts == ("b:443", "a:443")


def test_proxies_alone_are_no_isolation() -> None:
    assert capture().isolated
    assert capture(isolation="user and network namespace").isolated
    assert not capture(isolation="proxies only (not asked for)").isolated
