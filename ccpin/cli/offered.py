"""What a shell offers for words that ccpin knows: releases that are installed, and profiles."""

from __future__ import annotations

import os

from ccpin.errors import CcpinError
from ccpin.paths import find_home
from ccpin.pinning import flags
from ccpin.store.receipt import all_installs


def installed_versions(incomplete: str) -> list[str]:
    """Those that begin so, each once; none where nothing can be found, for a shell shows no errors."""
    try:
        found = dict.fromkeys(one.receipt.version for _, one in all_installs(find_home(dict(os.environ))))
    except (CcpinError, OSError):
        return []
    return [version for version in found if version.startswith(incomplete)]


def offered_profiles(incomplete: str) -> list[str]:
    """Those that begin so."""
    return [name for name in flags.PROFILES if name.startswith(incomplete)]
