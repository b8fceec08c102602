"""Times: as rows give them, as people do, and as seconds."""

from __future__ import annotations

import calendar
import re
import time

from ccpin.errors import BadAge, BadSince
from ccpin.pinning.settings import parse_age

_LAST = 253_402_300_799  # 9999-12-31T23:59:59Z


def seconds(text: str) -> float:
    """Since 1970, of `2026-11-23T14:32:33.188Z`; 0 for what is no time."""
    try:
        whole = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return 0.0
    fraction = re.match(r"\.[0-9]{1,9}", text[19:])
    return whole + float(fraction[0]) if fraction else float(whole)


def iso(when: float) -> str:
    """`2026-11-23T14:32:33Z`. A commit may say any time; what is beyond four digits of years is told as their end."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(max(when, 0), _LAST)))


def since(text: str, now: float) -> float:
    """Seconds since 1970 of `7d`, `36h` (ago) or of a day, `2026-11-23` (its beginning, UTC). Raises BadSince."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return float(calendar.timegm(time.strptime(text, "%Y-%m-%d")))
        except ValueError:
            raise BadSince(value=text) from None
    try:
        return now - parse_age(text).total_seconds()
    except BadAge:
        raise BadSince(value=text) from None
