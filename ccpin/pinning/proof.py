"""What stands in a lock's [fingerprint]: digests of what the release sends under the lock's flags, part by part.

    [fingerprint]
    mode = "first-party"
    normaliser = 1
    all = "sha256:…"
    betas = "sha256:…"
    …

It stands behind [artifacts], where no launch reads: it says how the lock can be checked, and nothing about what runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccpin.pinning import head

MODES = ("first-party", "gateway")
ALL = "all"
_PART = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MOST = 40  # parts


@dataclass(frozen=True)
class Proof:
    """`digests` maps the names of parts, and `all`, to `sha256:` and 64 hex digits; `normaliser` is the number of the
    rules that they were made by (`ccpin.wire.normal`), `mode` one of MODES."""

    mode: str
    normaliser: int
    digests: Mapping[str, str]

    def lines(self) -> str:
        """The canonical text of the table."""
        rest = {name: value for name, value in sorted(self.digests.items()) if name != ALL}
        said = "".join(f'{name} = "{value}"\n' for name, value in {ALL: self.digests[ALL], **rest}.items())
        return f'[fingerprint]\nmode = "{self.mode}"\nnormaliser = {self.normaliser}\n{said}'

    def table(self) -> dict[str, Any]:
        """The same as values."""
        return {
            "mode": self.mode,
            "normaliser": self.normaliser,
            ALL: self.digests[ALL],
            **dict(sorted(self.digests.items())),
        }


def read_proof(table: Any) -> Proof | tuple[str, str]:
    """The proof in a table of TOML; or the key that is wrong (`""` for the table), and what is wrong with it."""
    if not isinstance(table, dict):
        return "", "`fingerprint` is not a table"
    digests = {name: value for name, value in table.items() if name not in ("mode", "normaliser")}
    if len(digests) > _MOST or ALL not in digests:
        return "", f"[fingerprint] has no digest `{ALL}`" if ALL not in digests else f"it has more than {_MOST} parts"
    for name, value in digests.items():
        if not _PART.fullmatch(name) or not isinstance(value, str) or not head.is_digest(value):
            return name, "a part of [fingerprint] is not sha256: and 64 hex digits"
    number = table.get("normaliser")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1_000_000:
        return "normaliser", "`normaliser` is not a number of rules"
    mode = table.get("mode")
    if mode not in MODES:
        return "mode", '`mode` is neither "first-party" nor "gateway"'
    return Proof(mode, number, dict(sorted(digests.items())))
