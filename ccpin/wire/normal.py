"""The main request of a run without what belongs to the user, the machine and the day: what two users can compare.

    ours, theirs = (normalised(capture.main("hi"), {home: "home", cwd: "cwd"}) for capture, home, cwd in runs)
    ours == theirs, ours.digest("tools") == theirs.digest("tools")

What `RULES` names is replaced by a word in angle brackets, or left out; each rule looks at one place only. Everything
else counts, down to a single character, the order of names in a schema, and 1 against 1.0. Only the order of the beta
names does not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ccpin.wire.capture import Request
from ccpin.wire.places import Change, Place, billing, calls, each_text, environment, metadata, prompt, web_search

Part = Literal["betas", "parameters", "system", "tools", "messages"]
PARTS: tuple[Part, ...] = get_args(Part)

NORMALISER = 1
"""Which rules these are. It grows with every change that makes another digest of a request that somebody may have kept
the digest of: what different ones made is never compared."""


@dataclass(frozen=True, eq=False)
class Normal:
    """A request in comparable form, of JSON values. `parameters` is the body without the three parts after it, each
    of which is None when the request had none."""

    betas: list[str]
    parameters: dict[str, Any]
    system: Any
    tools: Any
    messages: Any

    def part(self, name: Part) -> Any:
        return getattr(self, name)

    def as_json(self) -> dict[str, Any]:
        """By part, in the order of PARTS."""
        return {name: self.part(name) for name in PARTS}

    def digest(self, part: Part | None = None) -> str:
        """`sha256:` and 64 digits, of one part or of all."""
        return digest(self.as_json() if part is None else self.part(part))

    def __eq__(self, other: object) -> bool:  # values of Python would hold True and 1 for the same
        return isinstance(other, Normal) and canonical(self.as_json()) == canonical(other.as_json())

    def __hash__(self) -> int:
        return hash(canonical(self.as_json()))


def normalised(request: Request, folders: Mapping[str, str]) -> Normal:
    """Applies every rule. `folders` are those of the run: absolute paths, and the words to put in their place, like
    `{home: "home", cwd: "cwd", temp: "temp"}`; of two that fit, the longer one counts.

    Raises ValueError for a body that is no JSON object, and for a folder that is relative or the root.
    """
    if not isinstance(request.json, dict):
        raise ValueError(f"the body of request {request.order} is not a JSON object")
    if odd := [path for path in folders if not path.startswith("/") or not path.strip("/")]:
        raise ValueError(f"not to be replaced as a folder: {odd[0]!r}")
    body = each_text(request.json, _without(folders))
    for rule in RULES:
        body = rule.apply(body)
    parts = {name: body.get(name) for name in ("system", "tools", "messages")}
    parameters = {name: value for name, value in body.items() if parts.get(name) is None}  # so null is not absent
    return Normal(sorted(request.betas), parameters, **parts)


def canonical(value: object) -> str:
    """JSON without white space, in ASCII, the names in the order in which they came."""
    return json.dumps(value, separators=(",", ":"))


def digest(value: object) -> str:
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()


# --- the rules


@dataclass(frozen=True)
class Rule:
    """In one place, `pattern` (lines are lines for `^` and `$`) becomes `instead`; `#` there stands for a number, the
    same for equal texts. `read_in` are the releases in whose requests it was seen."""

    name: str
    what: str
    read_in: str
    place: Place
    pattern: str
    instead: str

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        numbers: dict[str, int] = {}

        def replaced(found: re.Match[str]) -> str:
            number = numbers.setdefault(found[0], len(numbers) + 1)
            return found.expand(self.instead.replace("#", str(number)))

        return self.place(body, lambda text: re.sub(self.pattern, replaced, text, flags=re.MULTILINE))


_FIRST = "0.2.9, 0.2.35"
_LATER = "2.1.112, 2.1.113, 2.1.200, 2.1.330"
_EARLY = "1.0.51, 1.0.100, 2.0.14, 2.0.64, 2.1.0"
_ALL = f"{_EARLY}, {_LATER}"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DATE = r"\d{4}-\d\d-\d\d"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_SNAPSHOT = (
    r"This is the git status at the start of the conversation\. Note that this status is a snapshot in time,"
    r" and will not update during the conversation\.\n"
)
_GIT = (
    r"Current branch: .*\n\n"
    r"Main branch \(you will usually use this for PRs\): .*\n\n(?:Git user: .*\n\n)?"
    r"Status:\n(?:.+\n)+\nRecent commits:\n(?:[0-9a-f]{4,64} .*(?:\n[0-9a-f]{4,64} .*)*)?"
)
_CONTEXT = r"<system-reminder>\nAs you answer the user's questions, you can use the following context:\n"
_ATTACHED = (
    r"Claude Code attached this context automatically; it isn't part of the user's message\."
    r" It describes the user's own account and workspace, so they don't need it reported back\.\n</system-reminder>\n*"
)

RULES = (
    Rule(
        "user",
        "the device, the account and the session, in one word",
        "1.0.100, 2.0.14, 2.0.64, 2.1.0",
        metadata,
        rf"\Auser_[0-9a-f]{{64}}_account_(?:{_UUID})?_session_{_UUID}\Z",
        "user_<id>_account_<id>_session_<id>",
    ),
    Rule(
        "user, as digits",
        "the device, and in the first releases the session",
        f"{_FIRST}, 1.0.51",
        metadata,
        rf"\A[0-9a-f]{{64}}(_{_UUID})?\Z",
        "<id>",
    ),
    Rule(
        "user, as JSON",
        "the same three, by name; other names in it count",
        _LATER,
        metadata,
        r'"(device_id|account_uuid|session_id)":"[0-9a-f-]*"',
        r'"\1":"<id>"',
    ),
    # cc_version=2.1.330.d01 stays: its last part is the same for all users of one prompt.
    Rule(
        "billing hash",
        "a hash of the body, the session's id included (2.1.112 sends zeros, gateway mode none)",
        _LATER,
        billing,
        r"; cch=[0-9a-f]{5};",
        "; cch=<hash>;",
    ),
    Rule(
        "billing prompt",
        "the id of the prompt",
        "2.1.330",
        billing,
        rf"; cc_prompt_id={_UUID};",
        "; cc_prompt_id=<id>;",
    ),
    Rule(
        "git repository",
        "whether the working directory is in one",
        f"{_FIRST}, {_ALL}",
        environment,
        r"^( *- Is a git repository|Is directory a git repo): (?:true|false|Yes|No)$",
        r"\1: <git>",
    ),
    Rule(
        "git status, first form",
        "branches, changes and commits of the working directory, after the system prompt",
        "2.0.14, 2.0.64, 2.1.0",
        prompt,
        rf"\ngitStatus: {_SNAPSHOT}{_GIT}",
        "",
    ),
    Rule(
        "git status",
        "the same, after an empty line",
        "2.1.112, 2.1.113, 2.1.200",
        prompt,
        rf"\n\ngitStatus: {_SNAPSHOT}\n{_GIT}",
        "",
    ),
    Rule(
        "git status reminder",
        "the same, as a reminder of its own",
        "2.1.330",
        prompt,
        rf"\A{_CONTEXT}# gitStatus\n{_SNAPSHOT}\n{_GIT}\n\n{_ATTACHED}\Z",
        "",
    ),
    Rule(
        "platform",
        "linux, darwin, win32",
        f"{_FIRST}, {_ALL}",
        environment,
        r"^( - |)Platform: \S+$",
        r"\1Platform: <os>",
    ),
    Rule("shell", "the user's shell", _LATER, environment, r"^ - Shell: .+$", " - Shell: <shell>"),
    Rule("kernel", "its name and release", _ALL, environment, r"^( - |)OS Version: .+$", r"\1OS Version: <os>"),
    Rule(
        "date in <env>",
        "the day",
        f"{_FIRST}, {_EARLY}",
        environment,
        rf"^Today's date: (?:{_DATE}|\d\d?/\d\d?/\d{{4}})$",
        "Today's date: <date>",
    ),
    Rule(
        "date of a search",
        "the day, in the description of the tool",
        "2.0.64, 2.1.0",
        web_search,
        rf"^  - Today's date is {_DATE}\.(?= You MUST use this year)",
        "  - Today's date is <date>.",
    ),
    Rule("date", "the day", _LATER, prompt, rf"^Today's date is {_DATE}\.$", "Today's date is <date>."),
    Rule(
        "month",
        "the month, for searches (2.1.330 leaves it to the conversation)",
        "2.1.112, 2.1.113, 2.1.200",
        web_search,
        rf"The current month is (?:{_MONTHS}) \d{{4}}(?=\. You MUST| — use)",
        "The current month is <month>",
    ),
    Rule(
        "project",
        "the folder of memories and transcripts, named after the path of the working directory or its repository",
        _LATER,
        prompt,
        r"/\.claude/projects/[A-Za-z0-9-]+/memory/",
        "/.claude/projects/<project>/memory/",
    ),
    Rule("tool call", "the ids that the API gave to calls, by their order", _ALL, calls, r"\A.+\Z", "<call #>"),
)


def _without(folders: Mapping[str, str]) -> Change:
    """Folders become `<name>` where they are whole: `/home/al` is not in `/home/alice`, nor in `/mnt/home/al`."""
    names = {path.rstrip("/"): f"<{name}>" for path, name in folders.items()}
    if not names:
        return lambda text: text
    choice = "|".join(re.escape(path) for path in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w.~-])(?:{choice})(?![\w@+~-]|\.\w)")
    return lambda text: pattern.sub(lambda found: names[found[0]], text)
