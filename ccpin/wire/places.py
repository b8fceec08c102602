"""Where in the body of a request the texts are that a rule of `ccpin.wire.normal` looks at.

A place is a function: `prompt(body, change)` is the body with `change` applied to every text there. It changes nothing
else, and it takes a body of any kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Change = Callable[[str], str]
Place = Callable[[dict[str, Any], Change], dict[str, Any]]
_BILLING = "x-anthropic-billing-header: "
_REMINDER = "<system-reminder>"
_ENVIRONMENT = re.compile(
    r"^<env>\n(?s:.*?)^</env>$"
    r"|^# Environment\nYou have been invoked in the following environment: \n(?: +- .*(?:\n|\Z))+",
    re.MULTILINE,
)


def metadata(body: dict[str, Any], change: Change) -> dict[str, Any]:
    """`metadata.user_id`."""
    found = body.get("metadata")
    if not isinstance(found, dict) or not isinstance(found.get("user_id"), str):
        return body
    return {**body, "metadata": {**found, "user_id": change(found["user_id"])}}


def billing(body: dict[str, Any], change: Change) -> dict[str, Any]:
    """The line for the billing, a text of its own at the head of the system prompt."""
    blocks = body.get("system")
    if not isinstance(blocks, list) or not blocks or not _text_of(blocks[0]).startswith(_BILLING):
        return body
    return {**body, "system": [{**blocks[0], "text": change(blocks[0]["text"])}, *blocks[1:]]}


def prompt(body: dict[str, Any], change: Change) -> dict[str, Any]:
    """What the release itself tells the model: system prompt, messages of role `system`, reminders to the user's.

    A text that nothing is left of goes.
    """

    def message(found: Any) -> Any:
        role = found.get("role") if isinstance(found, dict) else None
        if role not in ("system", "user") or "content" not in found:
            return found
        return {**found, "content": _texts(found["content"], change, "" if role == "system" else _REMINDER)}

    result = {**body, "system": _texts(body["system"], change)} if "system" in body else body
    messages = body.get("messages")
    return {**result, "messages": [message(each) for each in messages]} if isinstance(messages, list) else result


def environment(body: dict[str, Any], change: Change) -> dict[str, Any]:
    """The lines about the machine: `<env>` in 2.0.14, the section `# Environment` from 2.1.112 on."""
    return prompt(body, lambda text: _ENVIRONMENT.sub(lambda found: change(found[0]), text))


def web_search(body: dict[str, Any], change: Change) -> dict[str, Any]:
    """The description of the tool WebSearch."""

    def tool(found: Any) -> Any:
        ours = (
            isinstance(found, dict) and found.get("name") == "WebSearch" and isinstance(found.get("description"), str)
        )
        return {**found, "description": change(found["description"])} if ours else found

    tools = body.get("tools")
    return {**body, "tools": [tool(each) for each in tools]} if isinstance(tools, list) else body


def calls(body: dict[str, Any], change: Change) -> dict[str, Any]:
    """The ids of tool calls in the history: `id` of a block `…tool_use`, `tool_use_id` of its result."""

    def block(found: Any) -> Any:
        kind = str(found.get("type")) if isinstance(found, dict) else ""
        name = "id" if kind.endswith("tool_use") else "tool_use_id" if kind.endswith("tool_result") else ""
        return {**found, name: change(found[name])} if name and isinstance(found.get(name), str) else found

    def message(found: Any) -> Any:
        content = found.get("content") if isinstance(found, dict) else None
        return {**found, "content": [block(each) for each in content]} if isinstance(content, list) else found

    messages = body.get("messages")
    return {**body, "messages": [message(each) for each in messages]} if isinstance(messages, list) else body


def each_text(value: Any, change: Change) -> Any:
    """Every text in it changed, names of members excepted."""
    if isinstance(value, dict):
        return {name: each_text(member, change) for name, member in value.items()}
    if isinstance(value, list):
        return [each_text(member, change) for member in value]
    return change(value) if isinstance(value, str) else value


def _texts(content: Any, change: Change, start: str = "") -> Any:
    """A text, or the texts among blocks, that begin with `start`, changed. A block that is empty now is left out."""
    if isinstance(content, str):
        return change(content) if content.startswith(start) else content
    if not isinstance(content, list):
        return content
    return [after for block in content if (after := _block(block, change, start)) is not None]


def _block(block: Any, change: Change, start: str) -> Any:
    before = _text_of(block)
    if not before or not before.startswith(start):
        return block
    after = change(before)
    return {**block, "text": after} if after else None


def _text_of(block: Any) -> str:
    text = block.get("text") if isinstance(block, dict) and block.get("type") == "text" else None
    return text if isinstance(text, str) else ""
