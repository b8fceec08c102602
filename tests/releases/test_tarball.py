"""Tarball addresses as npm rewrites them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ccpin.releases.tarball import at_registry

OTHER = "https://upstream.example/@anthropic-ai/claude-code/-/claude-code-2.0.14.tgz"
PATH = "@anthropic-ai/claude-code/-/claude-code-2.0.14.tgz"


@pytest.mark.parametrize(
    ("tarball", "registry", "rule", "asked"),
    [
        (OTHER, "https://h.example/", "", OTHER),
        (OTHER, "https://h.example/", "npmjs", OTHER),
        (OTHER, "https://h.example/", "never", OTHER),
        (OTHER, "https://h.example/", "always", f"https://h.example/{PATH}"),
        (OTHER, "https://h.example/npm/team/", "always", f"https://h.example/npm/team/{PATH}"),
        (f"http://up.example/npm/team/{PATH}", "https://h.example/npm/team/", "always", f"https://h.example/npm/team/{PATH}"),
        (f"http://up.example/npm/teams/{PATH}", "https://h.example/npm/team/", "always",
         f"https://h.example/npm/team/npm/teams/{PATH}"),
        (f"http://h.example/{PATH}", "https://h.example:8443/", "always", f"https://h.example:8443/{PATH}"),
        (OTHER, "https://h.example/", "upstream.example", f"https://h.example/{PATH}"),
        (OTHER, "https://h.example/", "Upstream.Example", f"https://h.example/{PATH}"),
        (OTHER, "https://h.example/", "example", OTHER),
        (OTHER, "https://h.example/", "stream.example", OTHER),
        (f"https://up.example:8443/{PATH}", "https://h.example/", "up.example", f"https://h.example/{PATH}"),
        (f"https://up.example:8443/{PATH}", "https://h.example/", "up.example:8443", f"https://h.example/{PATH}"),
        (f"https://up.example/old/npm/{PATH}", "https://h.example/npm/", "https://up.example/old/npm", f"https://h.example/npm/{PATH}"),
        (f"https://up.example/old/npm/{PATH}", "https://h.example/npm/", "https://up.example/old/npm/", f"https://h.example/npm/{PATH}"),
        (f"https://up.example/older/{PATH}", "https://h.example/npm/", "https://up.example/old",
         f"https://up.example/older/{PATH}"),
        (OTHER, "https://h.example/npm/", "https://upstream.example", f"https://h.example/npm/{PATH}"),
        (OTHER + "?a=b#c", "https://h.example/", "always", f"https://h.example/{PATH}?a=b"),
        ("https://me:s3cret@up.example/x.tgz", "https://h.example/", "always", "https://h.example/x.tgz"),
        ("https://up.example/x.tgz", "https://me:own@h.example/", "always", "https://me:own@h.example/x.tgz"),
        ("file:///etc/passwd", "https://h.example/", "always", "file:///etc/passwd"),
        ("https://[/x.tgz", "https://h.example/", "always", "https://[/x.tgz"),
        (OTHER, "https://h.example/", "https://[", OTHER),
    ],
)  # fmt: skip
def test_rules(tarball: str, registry: str, rule: str, asked: str) -> None:
    assert at_registry(tarball, registry, rule) == asked


def test_the_default_s_host_is_the_one_that_npm_knows() -> None:
    npm = shutil.which("npm", path="/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
    node = shutil.which("node", path="/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
    if npm is None or node is None:
        pytest.skip("no npm on this machine")
    modules = Path(os.path.realpath(npm)).parent.parent / "node_modules"
    source = modules / "npm-registry-fetch/lib/default-opts.js"
    if not source.is_file():
        pytest.skip("npm is put together in another way here")
    script = f"console.log(JSON.stringify(require({json.dumps(str(source))}).registry))"
    done = subprocess.run([node, "-e", script], env={}, capture_output=True, encoding="utf-8", check=True, timeout=60)
    default = f"https://{urlsplit(json.loads(done.stdout)).hostname}/{PATH}"
    for rule in ("", "npmjs"):
        asked = at_registry(default, "https://h.example/npm/", rule)
        assert asked == f"https://h.example/npm/{PATH}"
    assert at_registry(default, "https://h.example/npm/", "never") == default
