"""Verdaccio, as companies run it: it asks for a token, and stands in front of the registry that npm is configured for.

It comes from that registry itself, through npm, into the cache of the live tests: once, and about 75 MB.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from ccpin.releases.npmrc import read_config
from ccpin.releases.registry import CLAUDE, Registry
from tests.fakes.channel import Channel
from tests.fakes.upstream import usual
from tests.live.machine import JAVASCRIPT, Environment, User, reaching, require

pytestmark = pytest.mark.live

VERSION = "6.1.2"  # newer ones want a newer Node.js than Debian's
_PACKAGE = {
    "private": True,
    "dependencies": {"verdaccio": VERSION},
    # verdaccio-audit wants a tag of it, which mirrors do not always have
    "overrides": {"node-fetch": "^2.6.7"},
}
_SERVER = """
const { runServer } = require(process.argv[1])
runServer(JSON.parse(process.env.COMPANY_CONFIG)).then((app) => app.listen(Number(process.argv[2]), "127.0.0.1"))
"""


@dataclass(frozen=True)
class Mirror:
    url: str
    token: str

    @property
    def place(self) -> str:
        """What the keys for it begin with."""
        return self.url.partition(":")[2]


@pytest.fixture
def verdaccio(env: Environment, registry: Registry) -> Path:
    """The folder of the package. `registry` is asked for, so that the test is skipped or failed without one."""
    base = env.get("XDG_CACHE_HOME") or os.path.join(env["HOME"], ".cache")
    folder = Path(base, "ccpin-tests", f"verdaccio-{VERSION}")
    package = folder / "node_modules/verdaccio"
    if not package.is_dir():
        staging = Path(f"{folder}.{os.getpid()}")
        staging.mkdir(parents=True)
        (staging / "package.json").write_text(json.dumps(_PACKAGE))
        argv = [require("npm", env), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        done = subprocess.run(argv, cwd=staging, env=env, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, "npm could not install verdaccio"  # its words name addresses
        try:
            staging.rename(folder)
        except OSError:  # another worker was first
            shutil.rmtree(staging)
    return package


@pytest.fixture
def mirror(verdaccio: Path, env: Environment, registry: Registry) -> Iterator[Mirror]:
    """Running, with one user. The upstream's address and credentials go through the environment into no file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    header = read_config(env).authorization(registry.address)
    with tempfile.TemporaryDirectory(prefix="ccpin-verdaccio-") as folder:
        config = {
            "configPath": f"{folder}/config.yaml",  # what is relative is so to this
            "self_path": f"{folder}/config.yaml",
            "storage": f"{folder}/storage",
            "auth": {"htpasswd": {"file": f"{folder}/htpasswd"}},
            "uplinks": {
                "up": {
                    "url": registry.address,
                    "timeout": "60s",
                    "strict_ssl": True,
                    "headers": {"authorization": header} if header else {},
                }
            },
            "packages": {"**": {"access": "$authenticated", "proxy": "up"}},
            "log": {"type": "stdout", "level": "fatal"},
        }
        more = {"COMPANY_CONFIG": json.dumps(config), "HOME": folder, "PATH": env["PATH"]}
        node = require("node", env)
        process = subprocess.Popen(
            [node, "-e", _SERVER, str(verdaccio), str(port)],
            env=reaching(env, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Mirror(url, _sign_up(url, process))
        finally:
            process.kill()
            process.wait()


def _sign_up(url: str, process: subprocess.Popen[bytes]) -> str:
    """The token of a new user, once the server answers."""
    user = {"name": "somebody", "password": secrets.token_hex(16)}
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(300):
            assert process.poll() is None, "verdaccio did not start"
            try:
                answer = session.put(f"{url}-/user/org.couchdb.user:somebody", json=user, timeout=10)
            except requests.ConnectionError:
                time.sleep(0.1)
                continue
            assert answer.status_code == 201
            return str(answer.json()["token"])
    raise AssertionError("verdaccio did not answer")


@pytest.fixture
def employee(tmp_path: Path, env: Environment, mirror: Mirror) -> User:
    """Somebody whose npm knows the mirror and nothing else, with a store of their own."""
    user = User(tmp_path / "employee", env)
    for name in [name for name in user.env if re.match(r"npm_config_|ccpin_|\w+_proxy", name, re.IGNORECASE)]:
        del user.env[name]
    (user.home / ".npmrc").write_text(f"registry={mirror.url}\n")
    return user


def test_a_release_through_an_authenticated_mirror(employee: User, mirror: Mirror) -> None:
    project = employee.project()
    denied = employee.ccpin("use", JAVASCRIPT, cwd=project).failed(1)
    line = f"{mirror.place}:_authToken=${{NPM_TOKEN}}"
    assert "answered 401" in denied.err
    assert f"write `{line}` into ~/.npmrc" in denied.err
    assert os.listdir(project) == []

    with (employee.home / ".npmrc").open("a") as npmrc:
        npmrc.write(f"{line}\n")
    unset = employee.ccpin("use", JAVASCRIPT, cwd=project).failed(1)
    assert "`${NPM_TOKEN}` stands for nothing: it is not set" in unset.err

    employee.env["NPM_TOKEN"] = mirror.token
    done = employee.ccpin("use", JAVASCRIPT, cwd=project).ok()
    lock = (project / ".ccpin.lock").read_text()
    assert f'version = "{JAVASCRIPT}"' in lock
    assert "127.0.0.1" not in lock
    listed = employee.ccpin("list", "--remote", cwd=project).ok()
    with Channel(usual()) as channel:  # another host, asked in the same breath
        employee.env |= {"CCPIN_CHANNEL": channel.url, "CCPIN_SOURCE": "native,npm"}
        unknown = employee.ccpin("use", "2.1.999", "--json", cwd=project).failed(1)
        settings = employee.ccpin("config", "--json", cwd=project).ok()
        told = [f"{name}: {value}" for seen in channel.requests for name, value in seen.headers.items()]
    assert told
    said = [text for each in (denied, unset, done, listed, unknown, settings) for text in (each.out, each.err)]
    assert mirror.token not in "\n".join((*said, *told))
    assert _holding(employee.root, mirror.token) == []


def test_what_the_mirror_hands_out_is_upstream_s(employee: User, mirror: Mirror, registry: Registry) -> None:
    """The digest that a lock holds is the same through it, and the tarball is the mirror's own."""
    keys = {"HOME": str(employee.home), "PATH": "", f"npm_config_{mirror.place}:_authToken": mirror.token}
    found = Registry.configured(keys)
    through = found.tarball(CLAUDE, found.version(CLAUDE, JAVASCRIPT))
    assert through.integrity == registry.tarball(CLAUDE, registry.version(CLAUDE, JAVASCRIPT)).integrity
    assert through.address.startswith(mirror.url)


def _holding(folder: Path, text: str) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
