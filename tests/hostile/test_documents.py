"""Hostile documents and answers through all of `ccpin use`: refused with a reason, in time, and nothing changed."""

from __future__ import annotations

import contextlib
import os

import pytest

from tests.fakes import faults
from tests.hostile.documents import DOCUMENTS, RELEASE, Document
from tests.hostile.rude import Rude
from tests.hostile.scene import Scene

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="processes are measured as POSIX does"),
]


def test_there_are_many() -> None:
    assert len({document.name for document in DOCUMENTS}) == len(DOCUMENTS) >= 35


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_refused(scene: Scene, document: Document, record_property: object) -> None:
    scene.restore()
    document.put(scene)
    with Rude(document.rude) if document.rude else contextlib.nullcontext() as rude:
        if rude and document.rude_at == "registry":
            scene.box.env["CCPIN_NPM_REGISTRY"] = rude.url
        elif rude:
            said = scene.upstream.get("2.0.14").document(scene.registry.url)
            said["dist"]["tarball"] = f"{rude.url}x.tgz"
            scene.registry.fault(RELEASE, faults.json_body(said))
        done = scene.refused(*document.args, codes=document.codes, names=document.names)
    record_property("hostile", ("document", done.memory, done.seconds))  # type: ignore[operator]
