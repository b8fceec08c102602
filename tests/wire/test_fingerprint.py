"""The parts of a fingerprint that are not the body of its request: headers, files, hosts; and how it is kept."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ccpin.paths import Home
from ccpin.wire import traces
from ccpin.wire.capture import MESSAGES, Capture, NoMainRequest, Refused, Request, frozen
from ccpin.wire.compare import compare
from ccpin.wire.fingerprint import PARTS, PROMPT, About, Fingerprint, Sent, fingerprint, from_json, sent
from ccpin.wire.headers import normal_headers
from ccpin.wire.history import history_page, points
from ccpin.wire.kept import all_kept, keep, kept
from ccpin.wire.loopback import Api
from ccpin.wire.page import page
from ccpin.wire.proxy import Proxy
from ccpin.wire.rooms import furnish
from ccpin.wire.sizes import blocks, characters, tokens, tool_names
from ccpin.wire.traces import common, file_name, files_below, hosts_of, paths_of

UUID = "cfeb3247-cba0-4756-a359-f47d93c0ce09"


class TestHeaders:
    def test_ids_and_keys_are_words(self) -> None:
        found = normal_headers({"x-client-request-id": UUID, "x-api-key": "sk", "authorization": "Bearer x"})
        assert found.sent == {"authorization": "<key>", "x-api-key": "<key>", "x-client-request-id": "<id>"}

    def test_what_the_connection_needs_is_left_out(self) -> None:
        names = ("host", "connection", "content-length", "transfer-encoding", "anthropic-beta")
        assert normal_headers(dict.fromkeys(names, "x")).sent == {}

    def test_the_order_in_which_they_were_sent_makes_no_other_digest(self) -> None:
        assert list(normal_headers({"x-b": "1", "x-a": "2"}).sent) == ["x-a", "x-b"]

    def test_the_platform_is_apart(self) -> None:
        found = normal_headers({"x-stainless-os": "Linux", "x-app": "cli", "accept-encoding": "br"})
        assert (found.sent, found.platform) == (
            {"x-app": "cli"},
            {"accept-encoding": "br", "x-stainless-os": "Linux"},
        )


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        (f".claude/projects/-tmp-x-work/{UUID}.jsonl", ".claude/projects/<project>/<id>.jsonl"),
        (".claude/projects/-tmp-x-work/agent-d0ce2c0b.jsonl", ".claude/projects/<project>/agent-<id>.jsonl"),
        (f".claude/todos/{UUID}-agent-{UUID}.json", ".claude/todos/<id>-agent-<id>.json"),
        (".claude/backups/.claude.json.backup.1795435221321", ".claude/backups/.claude.json.backup.<time>"),
        (".npm/_logs/2026-11-23T12_00_16_911Z-debug-0.log", ".npm/_logs/<time>-debug-0.log"),
        (".claude/statsig/statsig.session_id.2656274335", ".claude/statsig/statsig.session_id.<id>"),
        (".claude/plugins/store/agents-md_builtin-b049b47b3618.json",) * 2,
        (".claude.json",) * 2,
        (".claude/my-projects/x/agent-7.jsonl",) * 2,
    ],
)
def test_the_names_of_files(path: str, normal: str) -> None:
    assert file_name(path) == normal


def test_files_below_a_home(tmp_path: Path) -> None:
    for name in (f"b/{UUID}.json", "a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert files_below(str(tmp_path)) == ["a", "b/<id>.json"]


def test_files_below_a_home_that_holds_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_MOST", 3)
    for number in range(5):
        (tmp_path / str(number)).write_text("")
    assert len(files_below(str(tmp_path))) == 3


def test_what_came_with_all_and_what_with_some() -> None:
    assert common([["a", "b"], ["b", "c"]]) == (("b",), ("a", "c"))
    assert common([]) == ((), ())


def request(path: str = MESSAGES, host: str = "api.anthropic.com", said: str = PROMPT, **body: Any) -> Request:
    whole = {"model": "m", "stream": True, "messages": [{"role": "user", "content": said}], "tools": [], **body}
    headers = frozen([("Anthropic-Beta", "b,a"), ("X-App", "cli")])
    return Request(0, "first-party", "POST", host, path, "", headers, json.dumps(whole).encode(), arrived=5.5)


def capture(*requests: Request) -> Capture:
    refused = tuple(Refused(authority, "host") for authority in ("x.example:443", "y.example:80"))
    return Capture("first-party", "network namespace", ("x",), 0, "", "", 2.0, requests, refused, started=5.0)


def test_paths_and_hosts() -> None:
    found = capture(request(), request("/api/eval/sdk-1"), request(f"/v1/x/{UUID}"), request(host="127.0.0.1:9"))
    assert paths_of(found) == ["POST /api/eval/<key>", "POST /v1/messages", "POST /v1/x/<id>"]
    assert hosts_of(found) == ["<gateway>", "api.anthropic.com", "x.example", "y.example:80"]


ABOUT = About("2.0.14", "ab" * 32, "node", "first-party", {"DISABLE_UPDATES": "1"}, False, 7, ("DISABLE_UPDATES",))


def made(*systems: str, about: About = ABOUT) -> Fingerprint:
    return fingerprint(about, [run(system) for system in systems or ("one",)])


def run(system: str) -> Sent:
    return sent(capture(request(system=system)), {}, "/nowhere at all")


class TestFingerprint:
    def test_of_a_run(self) -> None:
        found = run("one")
        assert tuple(found.parts) == PARTS
        assert (found.parts["betas"], found.parts["headers"]) == (["a", "b"], {"x-app": "cli"})
        assert (found.startup, found.seconds, found.files) == (0.5, 2.0, [])

    def test_the_query_counts(self) -> None:
        asked = dataclasses.replace(request(), query="beta=true")
        one, other = (sent(capture(each), {}, "/nowhere at all") for each in (request(), asked))
        assert other.parts["headers"] == {":query": "beta=true", "x-app": "cli"}
        assert [part for part in PARTS if one.digests()[part] != other.digests()[part]] == ["headers"]

    def test_one_without_the_prompt(self) -> None:
        with pytest.raises(NoMainRequest):
            sent(capture(request(said="other")), {}, "/")

    def test_of_several(self) -> None:
        found = made("one", "two", "one")
        assert (found.runs, found.unstable, found.model) == (3, {"system": 2}, "m")
        assert made("one", "one").unstable == {}
        assert made("one").all == made("one", "two").all != made("two").all

    def test_what_comes_with_some_runs_and_the_fastest_of_them(self) -> None:
        one = dataclasses.replace(run("one"), startup=0.7, seconds=1.0, hosts=["a", "b"])
        found = fingerprint(ABOUT, [one, dataclasses.replace(one, startup=0.5, seconds=3.0, hosts=["b", "c"])])
        assert (found.startup, found.seconds) == (0.5, 1.0)
        assert (found.hosts, found.sometimes) == (("b",), {"hosts": ("a", "c")})

    def test_how_it_was_isolated(self) -> None:
        found = made()
        assert (found.isolated, found.how) == (True, "in a network namespace")
        open_one = dataclasses.replace(found, isolation="proxies only (x)")
        assert (open_one.isolated, open_one.how) == (False, "with proxies only (x)")

    def test_through_json(self) -> None:
        found = made("one", "two")
        again = from_json(json.loads(json.dumps(found.to_json())))
        assert (again, again.all) == (found, found.all)


class TestKept:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Home:
        return Home(str(tmp_path / "ccpin"))

    def test_comes_back_for_the_same_release_mode_and_flags(self, home: Home) -> None:
        found = made()
        keep(home, found)
        assert kept(home, ABOUT) == found
        assert kept(home, dataclasses.replace(ABOUT, size=8)) == found
        others: list[dict[str, Any]] = [
            {"env": {}}, {"clean": True}, {"mode": "gateway"}, {"release": "cd" * 32}, {"normaliser": 0},
        ]  # fmt: skip
        for change in others:
            assert kept(home, dataclasses.replace(ABOUT, **change)) is None
        assert list(all_kept(home)) == [found]

    def test_a_newer_one_takes_its_place(self, home: Home) -> None:
        for system in ("one", "two"):
            path = keep(home, made(system))
        assert kept(home, ABOUT) == made("two")
        assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"3", b'{"about": {}}', b'{"about": 1}', b"[" * 100_000])
    def test_what_cannot_be_read_is_not_there(self, home: Home, data: bytes) -> None:
        Path(keep(home, made())).write_bytes(data)
        assert kept(home, ABOUT) is None
        assert list(all_kept(home)) == []

    @pytest.mark.parametrize(
        "path",
        ["about.version", "about.runtime", "about.env", "about.size", "about.names", "parts.betas", "parts.headers",
         "parts.tools", "unstable", "platform", "isolation", "startup", "seconds", "hosts", "about.clean"],
    )  # fmt: skip
    @pytest.mark.parametrize("value", [3.5, "<b>", True, [3], [[]], {"x": []}, -1, float("inf")])
    def test_values_of_other_kinds_are_not_there_or_can_be_shown(self, home: Home, path: str, value: Any) -> None:
        whole = json.loads(json.dumps(made().to_json()))
        *above, name = path.split(".")
        (whole[above[0]] if above else whole)[name] = value
        Path(keep(home, made())).write_text(json.dumps(whole))
        for found in all_kept(home):
            assert "<b>" not in page(compare(made(), found)) + history_page(points([found]), "")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("betas", None), ("parameters", {"parameters": []}), ("more", {"more": 1})],
    )
    def test_of_other_parts_is_not_there(self, home: Home, name: str, value: Any) -> None:
        path = Path(keep(home, made()))
        whole = json.loads(path.read_text())
        if value is None:
            del whole["parts"][name]
        else:
            whole["parts"].update(value)
        path.write_text(json.dumps(whole))
        assert kept(home, ABOUT) is None

    def test_by_other_rules_is_not_there(self, home: Home) -> None:
        keep(home, made(about=dataclasses.replace(ABOUT, normaliser=0)))
        assert list(all_kept(home)) == []


def test_only_the_oldest_get_a_prepared_home(tmp_path: Path) -> None:
    furnish("1.0.51", str(tmp_path), "/w")
    assert os.listdir(tmp_path) == []
    furnish("0.2.35", str(tmp_path), "/w")
    state = json.loads((tmp_path / ".claude.json").read_text())
    assert state["hasCompletedOnboarding"]
    assert state["projects"]["/w"]["hasTrustDialogAccepted"]


def test_sizes() -> None:
    system = [{"type": "text", "text": "abc"}, {"type": "text", "text": "de"}]
    assert (blocks(system), blocks("abc"), blocks(None)) == (["abc", "de"], ["abc"], [])
    assert (characters(system), characters("abc")) == (5, 3)
    assert (tokens(0), tokens(36), tokens(28_511)) == (0, 10, 7900)
    assert tool_names([{"name": "Bash"}, {"type": "web_search_1"}, 3]) == ["Bash", "web_search_1"]


def test_a_gateway_can_be_reached_through_a_tunnel() -> None:
    """As 0.2.35 and 1.0.51 do, which ask the proxy for the base URL too."""
    api = Api()
    with Proxy(gateway=("127.0.0.1:9", api)) as proxy:
        client = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
        client.set_tunnel("127.0.0.1", 9)
        client.request("POST", MESSAGES, json.dumps({"stream": False}))
        assert client.getresponse().status == 200
        client.close()
    assert [(request.mode, request.path) for request in api.requests] == [("gateway", MESSAGES)]
