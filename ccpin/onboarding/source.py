"""Where this very ccpin came from, as far as somebody else could get it from there."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any


def own_source() -> str | None:
    """What pip takes to install the same again (PEP 610): a commit, or an archive with its sha256, at an address. None
    where it was a folder or a file of this machine, or an index: there anybody may hold the name one day."""
    try:
        said = metadata.distribution("ccpin").read_text("direct_url.json")
        found = json.loads(said) if said else {}
    except (metadata.PackageNotFoundError, ValueError):
        return None
    return _from(found) if isinstance(found, dict) else None


def _from(found: dict[str, Any]) -> str | None:
    url = str(found.get("url", ""))
    if (
        not url.startswith("https://") or "@" in url.partition("://")[2].partition("/")[0]
    ):  # credentials are nobody else's
        return None
    match found:
        case {"vcs_info": {"vcs": "git", "commit_id": str(commit)}}:
            return f"git+{url}@{commit}"
        case {"archive_info": {"hashes": {"sha256": str(digest)}}}:
            return f"{url}#sha256={digest}"
    return None
