"""A question about what a release sends, that has yes or no for an answer:

beta:NAME       whether that beta header is sent
tool:NAME       whether that tool is offered
prompt~REGEX    whether it is found in the system prompt
model=ID        whether that model is asked for
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass

from ccpin.errors import BadOption
from ccpin.wire.fingerprint import Fingerprint
from ccpin.wire.sizes import blocks, tool_names

_FORM = re.compile(r"(beta:|tool:|prompt~|model=)(.+)", re.DOTALL)
_LONGEST = 1000  # characters of a regular expression
_SECONDS = 10
_FOUND, _NOT_FOUND = 10, 11  # exit codes; 1 is that of what failed
_SEARCH = (
    "import json, re, sys\n"
    "pattern, texts = json.load(sys.stdin)\n"
    f"sys.exit({_FOUND} if any(re.search(pattern, text) for text in texts) else {_NOT_FOUND})\n"
)
_COMMAND = "ccpin bisect"


@dataclass(frozen=True)
class Predicate:
    """`kind` is one of beta, tool, prompt, model; `value` what stands behind it."""

    kind: str
    value: str

    def holds(self, found: Fingerprint) -> bool:
        """Raises BadOption for a regular expression that takes too long."""
        if self.kind == "beta":
            return self.value in found.parts["betas"]
        if self.kind == "tool":
            return self.value in tool_names(found.parts["tools"])
        if self.kind == "model":
            return found.model == self.value
        return _searched(self.value, blocks(found.parts["system"]))

    def said(self, holds: bool) -> str:
        """Half a sentence on what that answer means."""
        if self.kind == "model":
            return f"the model is {'' if holds else 'not '}{self.value}"
        if self.kind == "prompt":
            return f"the prompt {'matches' if holds else 'does not match'} `{self.value}`"
        return f"the {self.kind} {self.value} is {'' if holds else 'not '}sent"


def parse_predicate(text: str) -> Predicate:
    """Raises BadOption."""
    found = _FORM.fullmatch(text)
    if found is None:
        reason = f"`--wire {text}` is none of beta:NAME, tool:NAME, prompt~REGEX, model=ID"
        raise BadOption(reason=reason, command=_COMMAND)
    kind, value = found[1][:-1], found[2]
    if kind == "prompt":
        _require_regex(value)
    return Predicate(kind, value)


def _require_regex(pattern: str) -> None:
    if len(pattern) > _LONGEST:
        reason = f"a regular expression of {len(pattern):,} characters; {_LONGEST:,} are the most"
        raise BadOption(reason=reason, command=_COMMAND)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else one day
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadOption(reason=f"`{pattern}` is no regular expression: {error}", command=_COMMAND) from None


def _searched(pattern: str, texts: list[str]) -> bool:
    """In a process of its own, which can be ended: some expressions take for ever."""
    argv = [sys.executable, "-I", "-S", "-W", "ignore", "-c", _SEARCH]
    try:
        done = subprocess.run(
            argv, input=json.dumps([pattern, texts]).encode(), timeout=_SECONDS, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        reason = f"`{pattern}` takes more than {_SECONDS} s; write one that does not go back so often"
        raise BadOption(reason=reason, command=_COMMAND) from None
    if done.returncode not in (_FOUND, _NOT_FOUND):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise BadOption(reason=f"`{pattern}` cannot be searched for: {''.join(said)}", command=_COMMAND)
    return done.returncode == _FOUND
