"""Profiles as things that a lock has: which one its flags are, and a lock with those of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ccpin.errors import UnknownProfile
from ccpin.pinning.flags import PROFILES, Profile
from ccpin.pinning.lock import Lock

CUSTOM = "custom"


def find_profile(name: str) -> Profile:
    """Raises UnknownProfile."""
    found = PROFILES.get(name)
    if found is None:
        raise UnknownProfile(profile=name, known=", ".join(PROFILES))
    return found


def with_profile(lock: Lock, name: str) -> Lock:
    """`lock` with the flags of a profile and no others. Raises UnknownProfile."""
    profile = find_profile(name)
    return replace(lock, env=dict(profile.env), clean=profile.clean)


def profile_of(env: Mapping[str, str], *, clean: bool) -> str:
    """What to call the flags of a lock: `strict`, `strict with changes` (it has more than half of that profile's
    flags), or `custom`."""
    near = CUSTOM
    for name, profile in PROFILES.items():
        if profile.clean != clean:
            continue
        if profile.env == env:
            return name
        if 2 * len(profile.env.items() & env.items()) > len(profile.env):
            near = f"{name} with changes"
    return near
