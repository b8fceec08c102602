"""The headers of a request in comparable form: what the release chose to send, and, apart from it, the platform.

What the connection needs (`host`, `content-length`, …) is left out, and so is `anthropic-beta`, a part of its own.
Values that are ids, and the key, become words in angle brackets. Seen in the main requests of 0.2.9 to 2.1.330.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LEFT_OUT = frozenset(("host", "connection", "content-length", "transfer-encoding", "anthropic-beta"))
PLATFORM = frozenset(
    (
        "x-stainless-os",
        "x-stainless-arch",
        "x-stainless-runtime-version",
        "accept-encoding",
        "accept-language",
        "sec-fetch-mode",
    )
)
"""Facts of the machine: its system, its processor, and what the HTTP of the runtime says: of 2.1.112, whose
JavaScript on Node.js and whose executable send the same but for these."""

_KEYS = frozenset(("x-api-key", "authorization"))
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Headers:
    """Two maps by lower-case name, sorted: what counts, and what belongs to the machine."""

    sent: Mapping[str, str]
    platform: Mapping[str, str]


def normal_headers(headers: Mapping[str, str]) -> Headers:
    """`headers` by lower-case name, as a `Request` has them."""
    kept = {name: _value(name, headers[name]) for name in sorted(headers) if name not in LEFT_OUT}
    return Headers(
        {name: value for name, value in kept.items() if name not in PLATFORM},
        {name: value for name, value in kept.items() if name in PLATFORM},
    )


def _value(name: str, value: str) -> str:
    return "<key>" if name in _KEYS else _ID.sub("<id>", value)
