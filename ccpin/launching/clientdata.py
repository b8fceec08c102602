"""Client data that an earlier session fetched: the one input that no variable keeps a release from using.

Releases after 2.1.0 cache it in their state file, `~/.claude.json`, and it changes the system prompt and the headers of
a request even where everything else is switched off (measured with 2.1.200 and 2.1.330: `tengu_heron_brook`,
`remove_prompt_strings`, `atis`). A clean slate is without it: the cached copy is taken out before the launch, under
the lock that Claude Code itself takes for this file. An unpinned session fetches it again.
"""

from __future__ import annotations

import contextlib
import os
import time

from ccpin.errors import ClientDataKept
from ccpin.pinning.find import read_plain
from ccpin.pinning.head import version_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEYS = ("clientDataCache", "clientDataCacheSlots")

_READ_AFTER = (2, 1, 0)  # found in 2.1.112 to 2.1.330, not in 2.1.0 and before; the shim holds the same bound
_MOST = 256 << 20  # bytes
_PATIENCE = 3  # seconds that Claude Code's own lock is waited for
_STALE = 10  # seconds without a sign of life, and a lock is nobody's any more (read in 2.1.112 to 2.1.330)


def forget(env: Mapping[str, str], version: str) -> None:
    """Takes cached client data out of the state files that `version` reads. Raises ClientDataKept, with the file."""
    if version_key(version) <= _READ_AFTER:
        return
    for path in state_files(env):
        try:
            if os.path.exists(path) and _holds(read_plain(path, _MOST)):
                with _held(path):
                    _rewrite(path)
        except FileNotFoundError:  # gone meanwhile
            continue
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or str(error) or "unknown reason"
            raise ClientDataKept(where=path, reason=reason.lower(), version=version) from None


def config_folder(env: Mapping[str, str]) -> str:
    """Where a user's settings lie."""
    return env.get("CLAUDE_CONFIG_DIR") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".claude")


def project_name(folder: str) -> str:
    """How a folder is called among those below `projects` there: a `-` for every character but A-Z, a-z and 0-9, as
    JavaScript counts them."""
    return "".join(c if c.isascii() and c.isalnum() else "-" * (1 + (c > "\uffff")) for c in folder)


def state_files(env: Mapping[str, str]) -> tuple[str, str]:
    """Where a release keeps its state: the old place counts where it is there (2.0.14 to 2.1.330)."""
    home = env.get("HOME") or os.path.expanduser("~")
    config = env.get("CLAUDE_CONFIG_DIR")
    old = os.path.join(config_folder(env), ".config.json")
    own = "-custom-oauth" if env.get("CLAUDE_CODE_CUSTOM_OAUTH_URL") else ""  # read in 2.1.112 and 2.1.330
    return old, os.path.join(config or home, f".claude{own}.json")


def _holds(data: bytes) -> bool:
    """Whether there may be any: cheaply, for these files have megabytes, and most launches find none."""
    return any(f'"{key}"'.encode() in data for key in KEYS)


def _rewrite(path: str) -> None:
    import json

    from ccpin.files import replace_file

    target = os.path.realpath(path)
    before = os.stat(target)
    data = read_plain(target, _MOST)
    state = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    if not isinstance(state, dict):
        raise ValueError("it is not an object")
    if not state.keys() & set(KEYS):
        return
    rest = {name: value for name, value in state.items() if name not in KEYS}
    text = json.dumps(rest, indent=2, allow_nan=False)  # 1e999 is read as infinity
    now = os.stat(target)
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (before.st_ino, before.st_size, before.st_mtime_ns):
        raise ValueError("a running session wrote it without a lock")
    replace_file(target, text.encode(), now.st_mode & 0o777, (now.st_uid, now.st_gid))


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


@contextlib.contextmanager
def _held(path: str) -> Iterator[None]:
    """Claude Code's lock for a file: a folder beside it, beside the link where the file is one (read in 2.1.112 and
    2.1.330). What a session or a launch left that was killed is taken over, as Claude Code itself does."""
    lock = f"{path}.lock"
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            os.mkdir(lock)
            break
        except FileExistsError:
            if _is_stale(lock):
                with contextlib.suppress(FileNotFoundError):
                    os.rmdir(lock)
            elif time.monotonic() > end:
                raise ValueError(f"a running session holds {lock}") from None
            else:
                time.sleep(0.02)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(lock)


def _is_stale(lock: str) -> bool:
    try:
        return os.lstat(lock).st_mtime < time.time() - _STALE
    except FileNotFoundError:  # let go just now
        return False
