"""The targets, by name."""

from __future__ import annotations

from tests.fuzz.archives import ARCHIVE, BUNDLE
from tests.fuzz.locks import IN_SHELLS, READER
from tests.fuzz.manifests import MANIFEST
from tests.fuzz.packuments import PACKUMENT
from tests.fuzz.rc import NPMRC
from tests.fuzz.requests import REQUEST
from tests.fuzz.settings import SETTINGS

TARGETS = {
    target.name: target
    for target in (READER, IN_SHELLS, REQUEST, PACKUMENT, MANIFEST, NPMRC, SETTINGS, BUNDLE, ARCHIVE)
}
