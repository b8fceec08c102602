"""What the loopback API answers: turns of a conversation, and the little that releases ask besides.

Shapes as in the public documentation of the Messages API (streaming events, tool use, count_tokens).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccpin.wire.capture import Request


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class ToolUse:
    """The model calls a tool of the release's own: `ToolUse("Bash", {"command": "true"})`."""

    name: str
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """What the model says in one answer: a text (left out when empty), then tool calls."""

    text: str = "ok"
    tools: tuple[ToolUse, ...] = ()

    @property
    def stop_reason(self) -> str:
        return "tool_use" if self.tools else "end_turn"


def as_json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode())


def failure(status: int, kind: str, message: str) -> Answer:
    """An error as the API words it; `kind` is like `not_found_error`."""
    return as_json(status, {"type": "error", "error": {"type": kind, "message": message}})


def message(turn: Turn, request: Request) -> Answer:
    """The answer to `/v1/messages`, as a stream when that was asked for. The model is the one that was asked."""
    if not request.streaming:
        return as_json(200, _message(turn, request, _blocks(turn, request.order)))
    events = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in _events(turn, request))
    return Answer(200, events.encode(), "text/event-stream; charset=utf-8")


def count_tokens(request: Request) -> Answer:
    """About one token for four bytes: the same for the same body."""
    return as_json(200, {"input_tokens": max(1, len(request.body) // 4)})


def flag_assignment(flags: Mapping[str, Any]) -> Answer:
    """What the feature-flag endpoint says to a client that takes values and works out no rules.

    Measured: 2.1.330 keeps them as `cachedGrowthBookFeatures` and `cachedFeatureFlags` in its `.claude.json`.
    """
    features = {name: {"defaultValue": value} for name, value in flags.items()}
    return as_json(200, {"status": 200, "features": features, "dateUpdated": "2026-01-01T00:00:00.000Z"})


def _blocks(turn: Turn, order: int) -> list[dict[str, Any]]:
    calls = [
        {"type": "tool_use", "id": f"toolu_loopback_{order}_{index}", "name": tool.name, "input": dict(tool.input)}
        for index, tool in enumerate(turn.tools)
    ]
    return [{"type": "text", "text": turn.text}, *calls] if turn.text or not calls else calls


def _message(turn: Turn, request: Request, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"msg_loopback_{request.order}",
        "type": "message",
        "role": "assistant",
        "model": request.model or "unknown",
        "content": content,
        "stop_reason": turn.stop_reason if content else None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": max(1, len(request.body) // 4),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
        },
    }


def _events(turn: Turn, request: Request) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": _message(turn, request, [])}
    for index, block in enumerate(_blocks(turn, request.order)):
        if block["type"] == "text":
            start, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            said = json.dumps(block["input"])
            start, delta = block | {"input": {}}, {"type": "input_json_delta", "partial_json": said}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    delta = {"stop_reason": turn.stop_reason, "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 1}}
    yield {"type": "message_stop"}
