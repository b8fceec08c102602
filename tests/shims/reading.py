"""The shim's reader of locks, alone: thousands of locks in one process of a shell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ccpin.launching.shims import render_posix
from ccpin.pinning.head import Head
from tests.shims.world import SHIMS, UTF8

HANDED_OVER = "handed over"


def describe(head: Head | None) -> str:
    """What a launch takes from a head, as `read_in_sh` tells it."""
    if head is None:
        return HANDED_OVER
    names = "".join(f" {name}={value}" for name, value in head.env.items())
    slate = "clean" if head.clean else ""
    return f"{head.version} {head.request} {head.runtime} {head.node or ''} {head.digest} {slate}{names}"


def write_locks(root: Path, texts: Sequence[bytes]) -> list[Path]:
    """One folder per text, each with its `.ccpin.lock`."""
    folders = [root / f"{number:06}" for number in range(len(texts))]
    for folder, text in zip(folders, texts, strict=True):
        folder.mkdir()
        (folder / ".ccpin.lock").write_bytes(text)
    return folders


def read_in_sh(scratch: Path, interpreter: str, folders: Sequence[Path], locale: str = UTF8) -> list[str]:
    """What the shim makes of each folder's lock. Its reader is run as it is; where it would leave, it prints."""
    shim = render_posix((SHIMS / "claude").read_text(), python="/python", home="/nowhere", platform="any")
    reader = cut(shim, "ccpin_hand_over() {\n", "}\n", f'ccpin_hand_over() {{ echo "{HANDED_OVER}"; exit; }}\n')
    tell = 'echo "$ccpin_version $ccpin_request $ccpin_runtime $ccpin_node $ccpin_digest $ccpin_slate$ccpin_flags"\n'
    reader = cut(reader, "# The store entry:", "\nexit 126\n", tell)
    reader = cut(reader, "unset -f test", "\n", "\n")  # in a subshell, ksh93 takes the builtins away with it
    scratch.mkdir(exist_ok=True)
    (scratch / "reader").write_text(reader)
    harness = f'while read -r folder; do (cd "$folder" && . {scratch}/reader </dev/null); done\n'
    (scratch / "harness").write_text(harness)
    (scratch / "sh").symlink_to(os.path.realpath(interpreter))
    run = subprocess.run(
        [scratch / "sh", scratch / "harness"],
        input="".join(f"{folder}\n" for folder in folders),
        env={"LC_ALL": locale, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, encoding="latin-1", check=True,
    )  # fmt: skip
    assert run.stderr == ""
    return run.stdout.split("\n")[:-1]


def cut(text: str, start: str, end: str, instead: str) -> str:
    """`text` with what is between `start` and the next `end`, both included, replaced."""
    assert text.count(start) == 1
    before, _, rest = text.partition(start)
    found, mark, after = rest.partition(end)
    assert mark, found
    return before + instead + after
