"""A comparison in a few rows, each a label and a sentence: for a screen, and for the head of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ccpin.pinning.profile import profile_of
from ccpin.wire.compare import Comparison, Names, ToolChange, Value
from ccpin.wire.fingerprint import Fingerprint, Part
from ccpin.wire.lines import TextDiff
from ccpin.wire.normal import canonical
from ccpin.wire.sizes import tokens

RUNTIMES = {"node": "JavaScript, on Node.js", "native": "an executable"}
_FEW = 6  # names in a row
_FEWER = 3  # of those that matter less
_FORM = "the same names and values, in another order or form"
_LONG = 60  # characters of a value


class Row(NamedTuple):
    """`same`: there is nothing to tell but that it did not change."""

    label: str
    text: str
    same: bool = False


def title(found: Comparison) -> str:
    """What is compared: releases, or the flags of one."""
    before, after = found.before.about, found.after.about
    profiles = [profile_of(about.env, clean=about.clean) for about in (before, after)]
    flags = profiles[0] if before.env == after.env and before.clean == after.clean else f"{profiles[0]} → {profiles[1]}"
    versions = before.version if before.version == after.version else f"{before.version} → {after.version}"
    return f"Claude Code {versions}, profile {flags}, {after.mode}"


def rows(found: Comparison, few: int | None = _FEW) -> list[Row]:
    """In the order of what people ask first. `few` names stand in a row, all of them with None."""
    return [*_sent(found, few), *_release(found, few), *_runs(found)]


def _sent(found: Comparison, few: int | None) -> Iterator[Row]:
    yield _pair("model", found.before.model, found.after.model)
    parameters = _values("parameters", found.parameters, few)
    yield Row("parameters", _FORM) if parameters.same and _reordered(found) else parameters
    betas = _named("betas", found.betas, few)
    yield Row("betas", f"{found.betas.after:,}: {_FORM}") if betas.same and "betas" in found.parts else betas
    yield _tools(found, few)
    yield _text("system", found.system, found)
    yield _text("messages", found.messages, found)
    yield _values("headers", found.headers, few and _FEWER)


def _release(found: Comparison, few: int | None) -> Iterator[Row]:
    before, after = found.before.about, found.after.about
    if (before.version, before.release) != (after.version, after.release):
        yield _named("variables", found.variables, _FEWER)  # they may be a thousand
        yield _pair("runtime", *(RUNTIMES.get(about.runtime, about.runtime) for about in (before, after)))
        yield _pair("on disk", *(f"{about.size / 1e6:,.0f} MB" for about in (before, after)))
    yield _named("hosts", found.hosts, few)


def _runs(found: Comparison) -> Iterator[Row]:
    startup = [f"{one.startup:.2f} s" for one in (found.before, found.after)]
    yield Row("start-up", f"{startup[0]} → {startup[1]}, from the start to the request")
    for one in (found.before, found.after):
        if one.unstable:
            yield Row("unstable", f"{_who(one, found)}: {', '.join(one.unstable)}, over {one.runs} runs")


def shown(value: Any) -> str:
    """A JSON value in a sentence."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {shown(member)}" for name, member in value.items()) + "}"
    said = value if isinstance(value, str) else json.dumps(value)
    return said if len(said) <= _LONG else f"({len(said):,} characters)"


def sentence(value: Value) -> str:
    """`+ name value`, `- name value`, or `name before → after`."""
    if value.kind == "came":
        return f"+ {value.name} {shown(value.after)}"
    if value.kind == "went":
        return f"- {value.name} {shown(value.before)}"
    return f"{value.name} {shown(value.before)} → {shown(value.after)}"


def tool_sentences(change: ToolChange) -> list[str]:
    """What is another in a tool, a sentence each, without the text of its description."""
    text = change.description
    said = [f"description {_size(text)}"] if text else []
    return said + [sentence(value) for value in change.schema]


def _who(one: Fingerprint, found: Comparison) -> str:
    if found.before.about.version != found.after.about.version:
        return one.about.version
    return f"profile {profile_of(one.about.env, clean=one.about.clean)}"


def _pair(label: str, before: str | None, after: str | None) -> Row:
    same = before == after
    return Row(label, f"{before or 'none'}" if same else f"{before or 'none'} → {after or 'none'}", same)


def _values(label: str, values: Sequence[Value], few: int | None) -> Row:
    return Row(label, "; ".join(_cut([sentence(value) for value in values], few)) or "the same", not values)


def _named(label: str, names: Names, few: int | None) -> Row:
    if not names.added and not names.removed:
        return Row(label, f"{names.after:,}, the same", same=True)
    said = [_counted(sign, each, few) for sign, each in (("+", names.added), ("-", names.removed)) if each]
    return Row(label, f"{names.before:,} → {names.after:,}: {'; '.join(said)}")


def _tools(found: Comparison, few: int | None) -> Row:
    row = _named("tools", found.tools, few)
    changed = [change.name for change in found.changed_tools]
    more = [f"changed: {_few(changed, few)}"] if changed else []
    more += ["in another order"] if found.moved else []
    if row.same and not more and "tools" in found.parts:  # the order of names in a schema counts
        more = ["written in another form"]
    head = f"{found.tools.after:,}, of the same names" if row.same else row.text
    return Row("tools", "; ".join([head, *more]), same=False) if more else row


def _reordered(found: Comparison) -> bool:
    """Whether parameters stand in another order or form: it is a part of their digest."""
    if found.before.model == found.after.model:
        return "parameters" in found.parts
    sides = [one.parts["parameters"] for one in (found.before, found.after)]
    old, new = (canonical({name: value for name, value in side.items() if name != "model"}) for side in sides)
    return old != new


def _counted(sign: str, names: Sequence[str], few: int | None) -> str:
    count = f"{len(names):,}: " if few is not None and len(names) > few else ""
    return f"{sign} {count}{_few(names, few)}"


def _few(names: Sequence[str], few: int | None) -> str:
    return ", ".join(_cut(names, few))


def _cut(said: Sequence[str], few: int | None) -> Iterable[str]:
    if few is None or len(said) <= few:
        return said
    return [*said[:few], f"and {len(said) - few:,} more"]


def _text(label: Part, text: TextDiff, found: Comparison) -> Row:
    if not text and label in found.parts:
        return Row(label, f"{_tokens(text.after)}, the same text, cut or marked in another way")
    if not text:
        return Row(label, f"{_tokens(text.after)}, the same", same=True)
    return Row(label, f"{_size(text)}; {_lines(text.gone)} went, {text.come:,} came")


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def _size(text: TextDiff) -> str:
    return (
        f"{text.before:,} → {text.after:,} characters (about {tokens(text.before):,} → {tokens(text.after):,} tokens)"
    )


def _tokens(count: int) -> str:
    return f"{count:,} characters (about {tokens(count):,} tokens)"
