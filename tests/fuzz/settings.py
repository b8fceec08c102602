"""A user's own `--settings`, merged with a lock's flags: the flags win, and nothing of theirs is lost or shown."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

from ccpin.errors import OwnSettings
from ccpin.launching.merge import merged
from ccpin.launching.settings import split
from ccpin.paths import Home
from tests.fuzz.mutate import Mutator, deep, tree
from tests.fuzz.target import Target, refused

_WANTED = {"DISABLE_UPDATES": "1", "DISABLE_TELEMETRY": ""}
_GONE = ("ANTHROPIC_MODEL", "DISABLE_GROWTHBOOK")
_GOOD: tuple[dict[str, Any], ...] = (
    {},
    {"env": {"DISABLE_UPDATES": "0", "ANTHROPIC_MODEL": "x", "MINE": "s3cret"}, "model": "opus"},
    {"permissions": {"allow": ["Read(/x)", "Read(//x)", "Edit(/a/**)", "Bash(ls)", 1], "deny": [], "mode": "x"}},
    {"sandbox": {"filesystem": {"allowWrite": ["//x", "~/y"], "deny": "x"}}, "hooks": {"Stop": [{"hooks": []}]}},
    {"env": {}, "apiKeyHelper": "s3cret", "deep": [[[{"a": [None, True, 1.5, "é\u2028"]}]]]},
)
_WORDS = (
    b'"env"', b'"permissions"', b'"allow"', b'"sandbox"', b'"filesystem"', b"Read(/", b"NaN", b"Infinity", b"1e999",
    b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\u0000", b"\\ud800", b"\\", b"\xef\xbb\xbf", b"\xff", b"//", b"/*",
    b"-0", b'"DISABLE_UPDATES"', b'"ANTHROPIC_MODEL"', b"null", b"\n", b" ", b'"__proto__"', b"\xc3\xa9", b"9" * 4400,
)  # fmt: skip


def _corpus() -> list[bytes]:
    source = random.Random(11)
    texts = [json.dumps(value, indent=source.choice((None, 1))).encode() for value in _GOOD for _ in range(3)]
    return [*texts, b"", b"/no/such/file", b"settings.json", b"\xef\xbb\xbf{}", b'"{}"', b"[]"]


def check(folder: Path, data: bytes) -> str:
    """As JSON in the argument, and as a file."""
    home = Home(str(folder / "home"))
    try:
        given = data.replace(b"\0", b"").decode("utf-8", "surrogateescape")  # as an argument is
        assert split(["--settings", given, "-p"]) == ([given], ["-p"])
        said = _merged(given, given, home) if given.strip().startswith("{") else "not as an argument"
        path = folder / "settings.json"
        path.write_bytes(data)
        return f"{said}; {_merged(str(path), data.decode('utf-8-sig', 'surrogateescape'), home)}"
    finally:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _merged(own: str, text: str, home: Home) -> str:
    try:
        path = Path(merged(own, _WANTED, _GONE, home))
    except OwnSettings as error:
        if "s3cret" in str(error).replace(own, ""):  # its path, or not
            raise AssertionError(error) from None
        return refused(error, "own-settings")
    assert path.stat().st_mode & 0o777 == 0o600
    written = json.loads(path.read_bytes())
    theirs: dict[str, Any] = json.loads(text) if text else {}
    env = theirs.get("env", {})
    assert written["env"] == {**{name: value for name, value in env.items() if name not in _GONE}, **_WANTED}
    if "permissions" not in theirs:  # whose paths may be written otherwise
        assert {**written, "env": 0} == {**theirs, "env": 0}
    assert written.keys() - {"env"} == theirs.keys() - {"env"}
    path.unlink()
    return f"merged, {len(theirs)} keys"


SETTINGS = Target("settings", _corpus, Mutator(_WORDS, (tree, tree, deep)), check)
