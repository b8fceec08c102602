"""Values of every kind of flag, at the edges of what fits, and just beyond them.

Told from the kinds' own numbers and words, but not by their own checks: those are what is tested.
"""

from __future__ import annotations

from ccpin.pinning import flags
from ccpin.pinning.flags import Cleared, Flag, Model, Number, Words

_IDS = (
    "a", "0", "Z", "opus", "claude-opus-4-1-20250805", "us.anthropic.claude-opus-4-1-20250805-v1:0",
    "claude-opus-4-1@20250805", "a/b:c.d_e-f@g", "projects/p-1/models/m", "a--", "a//", "x" * 128,
)  # fmt: skip
_NO_WORDS = ("", "!", "@", "#", "|", "=", "*", "?", "1|0", "#1-9", '"', "\\", "$(id)", "`id`", "yes", "on", "2", "01")
_NO_NUMBERS = (
    "", "+1", "-1", "1.0", "1e3", "0x10", "1_000", "00", "07", "#1", "*", "?", "1000000000", "4294967297",
    "18446744073709551617", "\N{SUPERSCRIPT TWO}", "\N{DEVANAGARI DIGIT ONE}", "a[0]", "1-2",
)  # fmt: skip
_NO_IDS = (
    "", "-a", ".a", "/a", "_a", ":a", "@a", "@", "!", "#a", "a#b", "a!b", "a|b", "a*b", "a?b", "a$b", "a`b", "a\\b",
    "a'b", "a,b", "a=b", "a;b", "a&b", "a~b", "a+b", "a%b", "~", "{a}", "(a)", "<a>", "x" * 129,
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
)  # fmt: skip
BRACKETS = ("opus[1m]", "a[", "a]", "claude-opus-4-1[1m]")
"""Ids that a lock may hold, but which sh hands over: in a shell, brackets are patterns."""


def fitting(flag: Flag) -> tuple[str, ...]:
    """What a lock may set it to."""
    kind = flag.kind
    if isinstance(kind, Words):
        return kind.words
    if isinstance(kind, Number):
        between = (kind.low + kind.high) // 2
        return tuple(str(number) for number in sorted({kind.low, kind.low + 1, between, kind.high - 1, kind.high}))
    return _IDS if isinstance(kind, Model) else ()


def unfitting(flag: Flag) -> tuple[str, ...]:
    """What neither a lock nor sh may take for a value of it."""
    kind = flag.kind
    if isinstance(kind, Words):
        near = (w + x for w in kind.words for x in ("x", "0", "|", " "))
        others = ("0", "1", "true", "false", "off", "auto", "low", "5m", "baseline")
        upper = (word.upper() for word in kind.words if word.upper() != word)
        cut = (word[:-1] for word in kind.words)
        return tuple(sorted({*near, *others, *upper, *cut, *_NO_WORDS, "|".join(kind.words)[:-1]} - set(kind.words)))
    if isinstance(kind, Number):
        beyond = (str(number) for number in (kind.low - 1, kind.high + 1))
        zeros = (f"0{number}" for number in (kind.low, kind.high))
        return (*_NO_NUMBERS, *beyond, *zeros, f"{kind.low} ", f"#{kind.low}-{kind.high}")
    if isinstance(kind, Model):
        return _NO_IDS
    assert isinstance(kind, Cleared)
    return ("1", "0", "", "!", "x", "true", "claude-opus-4-1")


EVERY = {name: fitting(flag)[-1] for name, flag in flags.TABLE.items() if fitting(flag)}
"""Every flag that a lock may hold, each with a value."""
