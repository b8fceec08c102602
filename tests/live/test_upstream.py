"""What the registry holds, gaps included, is what ccpin locks or refuses. Nothing is installed but what is cached."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.errors import PlatformMissing
from ccpin.pinning.lock import parse
from ccpin.pinning.request import parse_request
from ccpin.releases.npm import Npm
from ccpin.releases.registry import Registry
from tests.live.machine import NATIVE, Environment, User, require, run

pytestmark = pytest.mark.live

GAPS = {  # release -> what the registry lacks of it
    "2.1.120": ("darwin-arm64", "darwin-x64", "linux-arm64", "linux-arm64-musl", "win32-arm64", "win32-x64"),
    "2.1.206": ("linux-arm64-musl",),
    "2.1.310": ("win32-arm64", "win32-x64"),
}


def test_all_eight_platforms_are_locked_as_the_manifest_says(user: User, env: Environment) -> None:
    project = user.project()
    user.ccpin("use", NATIVE, cwd=project).ok()
    lock = parse((project / ".ccpin.lock").read_bytes(), "")
    manifest = _manifest(user, env)
    assert {name: (it.sha256, it.size) for name, it in lock.artifacts.items()} == {
        name: (it["checksum"], it["size"]) for name, it in manifest.items()
    }
    assert tuple(lock.artifacts) == platforms.ALL


@pytest.mark.parametrize("version", GAPS)
def test_platforms_that_the_registry_lacks_are_named(registry: Registry, version: str) -> None:
    release = Npm(registry).resolve(version, "linux-x64")
    assert release.absent == GAPS[version]
    assert set(release.artifacts) | set(release.absent) == set(platforms.ALL)
    with pytest.raises(PlatformMissing) as refused:
        Npm(registry).resolve(version, GAPS[version][0])
    assert GAPS[version][0] in str(refused.value)


def test_the_remote_list_names_them_as_well(user: User) -> None:
    listed = user.ccpin("list", "--remote", "--json", cwd=user.root).ok().json["data"]["releases"]
    missing = {release["version"]: tuple(release["missing"]) for release in listed}
    assert {version: missing[version] for version in GAPS} == GAPS
    assert not missing[NATIVE]


def test_a_release_without_manifest_is_locked_by_its_tarballs(registry: Registry) -> None:
    request = parse_request("2.1.166")
    lock = Npm(registry).resolve("2.1.166", "linux-x64").to_lock(request)
    assert tuple(lock.artifacts) == platforms.ALL
    for artifact in lock.artifacts.values():
        assert artifact.sha256 is None
        assert artifact.npm is not None
        assert artifact.npm.startswith("sha512-")
    assert len({artifact.npm for artifact in lock.artifacts.values()}) == len(platforms.ALL)


def test_a_release_that_needs_a_compiled_module_is_refused(user: User) -> None:
    project = user.project()
    refused = user.ccpin("use", "0.2.90", "--json", cwd=project).failed(1).json
    assert [error["code"] for error in refused["errors"]] == ["needs-native-module"]
    assert list(project.iterdir()) == []


def _manifest(user: User, env: Environment) -> dict[str, dict[str, object]]:
    """The manifest's platforms, fetched with npm itself."""
    folder = user.project("npm")
    package = f"@anthropic-ai/claude-agent-sdk@{NATIVE.replace('2.1.', '0.3.')}"
    run([require("npm", env), "pack", "--silent", package], folder, user.env).ok()
    with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
        file = archive.extractfile("package/manifest.json")
        assert file is not None
        platforms_of: dict[str, dict[str, object]] = json.load(file)["platforms"]
    return platforms_of
