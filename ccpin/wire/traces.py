"""What a run leaves besides its main request: files in its home, other requests, hosts that it tried. In a form that
two runs can be compared in.

Which of them come is partly a matter of milliseconds, when a release is about to end: so they are told, and not part
of a fingerprint's digest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from ccpin.wire.capture import Capture
from ccpin.wire.loopback import FLAGS

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAMES = (
    (rf"(?<=agent-){_UUID}|{_UUID}", "<id>"),
    (r"(?<=/agent-)[0-9a-f]{7,17}(?=\.)", "<id>"),
    (r"^(\.claude/projects/)[^/]+", r"\1<project>"),
    (r"\d{4}-\d\d-\d\dT\d\d_\d\d_\d\d_\d{3}Z", "<time>"),
    (r"(?<=\.)\d{13}$", "<time>"),
    (r"(?<=statsig\.)(session_id|stable_id|failed_logs|cached\.[a-z]+|last_modified_time\.[a-z]+)\.\d+$", r"\1.<id>"),
)
_MOST = 2000  # files


def files_below(home: str) -> list[str]:
    """The files below `home`, with `/`, sorted, without ids and times in their names."""
    found = set()
    for folder, _, names in os.walk(home):
        for name in names:
            found.add(file_name(os.path.relpath(os.path.join(folder, name), home).replace(os.sep, "/")))
            if len(found) >= _MOST:
                return sorted(found)
    return sorted(found)


def file_name(path: str) -> str:
    """A path below a home as it is for every user: `.claude/projects/<project>/<id>.jsonl`."""
    for pattern, instead in _NAMES:
        path = re.sub(pattern, instead, path)
    return path


def paths_of(capture: Capture) -> list[str]:
    """`METHOD /path` of every request, once each, sorted; the key in the path of the flags is `<key>`."""
    return sorted({f"{request.method} {_path(request.path)}" for request in capture.requests})


def hosts_of(capture: Capture) -> list[str]:
    """Every host that it tried, sorted: those that the proxy refused, and those that were answered for. Port 443 is
    left out; the loopback API of gateway mode is `<gateway>`."""
    asked = {_host(request.host) for request in capture.requests}
    return sorted(asked | {authority.removesuffix(":443") for authority in capture.refused_hosts})


def common(lists: Iterable[list[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands in all of some lists, and what in some of them only; both sorted."""
    sets = [set(each) for each in lists]
    every = set.intersection(*sets) if sets else set()
    return tuple(sorted(every)), tuple(sorted(set().union(*sets) - every))


def _path(path: str) -> str:
    return re.sub(r"[^/]+$", "<key>", path) if FLAGS.fullmatch(path) else re.sub(_UUID, "<id>", path)


def _host(host: str) -> str:
    return "<gateway>" if host.startswith("127.0.0.1") else host.removesuffix(":443")
