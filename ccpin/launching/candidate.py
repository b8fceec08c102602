"""The release that a bisection tests, in a file: the head of a lock, without the artifacts, which were verified when it
was installed. Its flags may be what those of a lock may be, for this user. The shim never reads it, so a value may hold
brackets, and a name that the user allows may stand there.
"""

from __future__ import annotations

from ccpin.errors import LockInvalid
from ccpin.paths import Home
from ccpin.pinning import flags
from ccpin.pinning.find import Pin, read_bytes
from ccpin.pinning.head import FORMAT, Head, read_head
from ccpin.pinning.own import allowed_flags


def candidate_text(head: Head) -> str:
    """What `read_candidate` reads."""
    node = f'node = "{head.node}"\n' if head.node is not None else ""
    clean = "clean = true\n" if head.clean else ""
    env = "".join(f'{name} = "{value}"\n' for name, value in head.env.items())
    return (
        f'lock-version = {FORMAT}\n\n[claude]\nversion = "{head.version}"\nrequest = "{head.version}"\n'
        f'runtime = "{head.runtime}"\n{node}digest = "sha256:{head.digest}"\n{clean}\n[env]\n{env}\n[artifacts]\n'
    )


def read_candidate(home: Home, path: str) -> Pin:
    """The pin that such a file names. Raises LockUnreadable, LockInvalid, BrokenSetting."""
    data = read_bytes(path)
    allowed = allowed_flags(home)
    head = read_head(data, lambda name, value: not flags.problem(name, value, allowed))
    if head is None:
        raise LockInvalid(where=path, reason="it is not what `ccpin bisect` writes, or sets what you do not allow")
    return Pin(head, path, "asked", data)
