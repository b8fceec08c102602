"""Version requests: what people type behind `ccpin use`, and which releases it admits.

`2.0.14` is exact, `2.0` or `2` a prefix, `>=2.0,<2.1` a range (PEP 440's operators, which read as one would
expect), `latest` and `stable` channels. Claude Code has no prereleases and no other tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from ccpin.errors import BadRequest
from ccpin.pinning.head import is_request, is_version, version_key

CHANNELS = ("latest", "stable")
_MAX_LENGTH = 100
_PREFIX = re.compile(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8}))?(\.[*x])?", re.ASCII)
_CLAUSE = re.compile(r"(>=|<=|==|!=|~=|>|<)v?[0-9]{1,9}(\.[0-9]{1,9}){0,2}(\.\*)?", re.ASCII)


@dataclass(frozen=True)
class Request:
    """What was asked for. `text` is canonical (it stands in the lock), `kind` exact, prefix, range or channel."""

    text: str
    kind: str

    def admits(self, version: str) -> bool:
        """Whether `version` (`N.N.N`) satisfies this request; a channel admits none by itself."""
        if self.kind == "exact":
            return version == self.text
        if self.kind == "prefix":
            return version.startswith(self.text + ".")
        if self.kind == "range":
            from packaging.specifiers import SpecifierSet

            return version in SpecifierSet(self.text)
        return False

    def newest(self, versions: Iterable[str]) -> str | None:
        """The newest of `versions` that satisfies this request: by number, never by time."""
        return max((v for v in versions if self.admits(v)), key=version_key, default=None)


def parse_request(spec: str) -> Request:
    """The request in `spec`. Raises BadRequest."""
    text = "".join(spec.split()).lower()
    if not text:
        _refuse(spec, "it is empty")
    if len(text) > _MAX_LENGTH:
        _refuse(spec, f"it has more than {_MAX_LENGTH} characters")
    if text in CHANNELS:
        return Request(text, "channel")
    if re.match(r"v[0-9]", text):
        text = text[1:]
    if is_version(text):
        return Request(text, "exact")
    if _PREFIX.fullmatch(text):
        return Request(re.sub(r"\.[*x]$", "", text), "prefix")
    if text[0] in "<>=!~":
        return _parse_range(spec, text)
    return _refuse(spec, _guess(text))


def _parse_range(spec: str, text: str) -> Request:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = re.sub(r"(?<=[0-9*])(?=[<>=!~])", ",", text)  # `>=2.0 <2.1`
    for clause in text.split(","):
        if not _CLAUSE.fullmatch(clause):
            _refuse(spec, f"`{clause}` is not a comparison such as `>=2.0`")
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        _refuse(spec, "the range cannot be read")
    if not is_request(text):
        _refuse(spec, "it holds a character that a lock cannot")
    return Request(text, "range")


def _guess(text: str) -> str:
    if text[0] == "^":
        return "npm's `^` is not understood; say `'>=2.0,<3'`"
    if re.match(r"[0-9]+(\.[0-9]+){3,}$", text):
        return "it has more than three numbers"
    if re.match(r"[0-9.]+[-+]", text):
        return "Claude Code has no prereleases"
    return "it is none of the forms that a version can have"


def _refuse(spec: str, reason: str) -> NoReturn:
    raise BadRequest(spec=spec if len(spec) <= _MAX_LENGTH else spec[:40] + "…", reason=reason)
