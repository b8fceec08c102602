"""What the table of flags says of the eleven releases, and what is found in their own files."""

from __future__ import annotations

import pytest

from ccpin.pinning.flags import TABLE
from ccpin.pinning.lock import parse
from ccpin.store.entry import install_folder, takes_settings
from ccpin.store.receipt import Install, read_install
from ccpin.store.scan import Reads, scan
from tests.live.machine import ERAS, User

pytestmark = pytest.mark.live

WITHOUT_SETTINGS = {"0.2.9", "0.2.35", "1.0.51"}
BOTH_KINDS = "2.1.112"


@pytest.mark.parametrize("version", ERAS)
def test_a_release_names_the_flags_that_the_table_says(user: User, version: str) -> None:
    install = _installed(user, version)
    receipt = install.receipt
    assert {name for name, found in receipt.reads.items() if found} == _claimed(version)
    assert list(receipt.reads) == sorted(TABLE)  # as the receipt is written
    assert receipt.takes_settings is takes_settings(install.folder) is (version not in WITHOUT_SETTINGS)
    assert scan(install.folder, receipt.executable) == Reads(dict(receipt.reads), receipt.takes_settings)


@pytest.mark.parametrize("version", ERAS[ERAS.index(BOTH_KINDS) :])
def test_the_first_half_of_an_executable_names_no_other(user: User, version: str) -> None:
    """Which is why it is not read at an install."""
    install = _installed(user, version, "--runtime", "native")
    whole = user.root / "whole" / "cli.js"  # of a script, all is read
    whole.parent.mkdir()
    whole.symlink_to(install.executable)
    assert scan(str(whole.parent), "cli.js") == Reads(dict(install.receipt.reads), settings=True)


def test_a_release_of_both_kinds_says_the_same_as_either(user: User) -> None:
    one, other = (_installed(user, BOTH_KINDS, "--runtime", kind).receipt for kind in ("node", "native"))
    assert (one.runtime, other.runtime) == ("node", "native")
    assert (one.reads, one.takes_settings) == (other.reads, other.takes_settings)


def _claimed(version: str) -> set[str]:
    """The flags that the table says are in `version`: from `first` on, and up to `last`."""
    at = ERAS.index(version)
    return {f.name for f in TABLE.values() if ERAS.index(f.first) <= at <= ERAS.index(f.last or ERAS[-1])}


def _installed(user: User, version: str, *options: str) -> Install:
    """What `ccpin use` installs, or finds in the cache."""
    project = user.project("-".join(("project", *options)))
    user.ccpin("use", version, *options, cwd=project).ok()
    path = project / ".ccpin.lock"
    lock = parse(path.read_bytes(), str(path))
    install = read_install(install_folder(user.layout, lock))
    assert install is not None
    return install
