"""docs/json.md: the shape of what each verb answers with `--json`, as it was seen.

The shapes come from answers to commands that were run (`tests.docs.recording`). What a key means is written into the
page by hand, in the last column, and stays there.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.docs.generated.tables import rows, table
from tests.docs.marked import Generator, names, part
from tests.docs.pages import Page

Shape = dict[str, set[str]]
"""Path of a key -> the kinds of value that were seen there. `releases[].version` is in the members of a list, `flags.*`
the values of an object whose keys are names of something."""

KEYS = ("text", "number", "true-false", "null", "list", "object")

_NAMED = {
    "flags", "parts", "headers", "parameters", "parameters.*", "unstable", "sometimes", "platform", "passed",
    "profiles", "profiles.*.flags", "settings", "files", "tools.changed", "before.parts", "after.parts",
    "before.unstable", "after.unstable", "rows[].models", "rows[].efforts", "stats.releases[].tools",
    "stats.releases[].spreads",
}  # fmt: skip
"""Objects whose keys are names of something, and not words of ccpin's own."""


def section(command: str) -> str:
    """Under which heading of the page the answer to a command stands: `use 2.0.14` under `use`."""
    words = shlex.split(command)
    sub = words[1] if len(words) > 1 and not words[1].startswith("-") else ""
    if words[0] == "env":
        changing = sub in ("set", "unset") or (sub == "profile" and len(words) > 2)
        return "env set" if changing else f"env {sub}".strip() if sub != "list" else "env"
    if words[0] == "config":
        return "config NAME" if sub else "config"
    return "list --remote" if "--remote" in words else words[0]


def shape(data: Mapping[str, Any]) -> Shape:
    found: Shape = {}
    for key, value in data.items():
        _see(found, key, value)
    return found


def _see(found: Shape, path: str, value: Any) -> None:
    kind = _kind(value)
    found.setdefault(path, set()).add(kind)
    if kind == "list":
        for member in value:
            if isinstance(member, (dict, list)):
                _below(found, f"{path}[]", member)
            else:
                found.setdefault(f"{path}[]", set()).add(_kind(member))
    if kind == "object":
        _below(found, path, value)


def _below(found: Shape, path: str, value: Any) -> None:
    if isinstance(value, list):
        _see(found, path, value)
        return
    named = path in _NAMED
    for key, member in value.items():
        _see(found, f"{path}.*" if named else f"{path}.{key}", member)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "true-false", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return kinds[type(value)]


def merged(shapes: Iterable[Shape]) -> Shape:
    """All of them as one; what belongs to one key stands together."""
    whole: Shape = {}
    for one in shapes:
        for path, kinds in one.items():
            whole.setdefault(path, set()).update(kinds)
    tops = list(dict.fromkeys(map(_top, whole)))
    return dict(sorted(whole.items(), key=lambda item: tops.index(_top(item[0]))))


def _top(path: str) -> str:
    return path.partition(".")[0].removesuffix("[]")


def written(shape_: Shape, kept: str) -> str:
    """The table of a shape; the last column of the same keys in the table `kept` stays."""
    words = {row[0].strip("`"): row[2] for row in rows(kept) if len(row) == 3}
    found = ((f"`{path}`", said, words.get(path, "")) for path, said in spelled(shape_).items())
    return table(("key", "value", "what it is"), found)


def spelled(shape_: Shape) -> dict[str, str]:
    """Path -> the kinds in words; the members of a list of plain values stand in the list's own row."""
    found: dict[str, str] = {}
    for path, kinds in shape_.items():
        if path.endswith("[]"):
            continue
        words = [_listed(shape_, path) if kind == "list" else kind for kind in KEYS if kind in kinds]
        found[path] = " or ".join(words).replace("true-false", "true or false")
    return found


def _listed(shape_: Shape, path: str) -> str:
    inside = shape_.get(f"{path}[]", set())
    words = [kind for kind in KEYS if kind in inside]
    return f"list of {' or '.join(words)}" if words else "list"


def undocumented(page: Page, command: str, data: Mapping[str, Any]) -> Iterator[str]:
    """What an answer has, and the page does not say of it. Raises LookupError where the page has no part for it."""
    said = {row[0].strip("`"): row[1] for row in rows(part(page.text, f"answer {section(command)}"))}
    for path, words in spelled(shape(data)).items():
        for word in words.replace("true or false", "true-false").split(" or "):
            known = said.get(path, "").replace("true or false", "true-false")
            if path not in said:
                yield f"{path} is not there"
            elif word not in ("list", *known.split(" or ")):
                yield f"{path} is {word}, and there it is {said[path]}"


def generators(seen: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, Generator]:
    """`seen` maps commands to answers."""
    by: dict[str, list[Shape]] = {}
    for command, answers in seen.items():
        by.setdefault(section(command), []).extend(shape(data) for data in answers)
    return {f"answer {name}": _generator(merged(shapes)) for name, shapes in by.items()}


def with_all_answers(text: str, generators_: Mapping[str, Generator]) -> str:
    """The page with a part for every answer; what is missing is put at its end."""
    missing = [name for name in generators_ if name.startswith("answer ") and name not in names(text)]
    new = (f"\n## {name.removeprefix('answer ')}\n\n<!-- generated: {name} -->\n<!-- end -->\n" for name in missing)
    return text + "".join(new)


def _generator(whole: Shape) -> Generator:
    return lambda kept: written(whole, kept)
