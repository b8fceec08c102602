"""The fake packages and the fake Claude Code do what they say."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ccpin import platforms
from tests.fakes import claude
from tests.fakes.packages import SDK, WRAPPER, entry, tarball
from tests.fakes.upstream import Upstream, usual

posix = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {info.name: info for info in tar}


def executable(folder: Path, data: bytes) -> Path:
    path = folder / "claude"
    path.write_bytes(data)
    path.chmod(0o755)
    return path


class TestPackages:
    def test_the_same_bytes_every_time(self) -> None:
        one, two = Upstream(), Upstream()
        assert one.add_js("2.0.14", pad=9000, hard=True).tarball == two.add_js("2.0.14", pad=9000, hard=True).tarball

    def test_javascript(self) -> None:
        package = usual().get("2.0.14")
        found = members(package.tarball)
        assert found["package/vendor/ripgrep/x64-linux/rg"].mode == 0o755
        assert b"// Version: 2.0.14\n" in package.file("package/cli.js")
        assert package.fields["engines"] == {"node": ">=18.0.0"}
        old = usual().get("0.2.9")
        assert old.fields["bin"] == {"claude": "cli.mjs"}
        assert b"// Version" not in old.file("package/cli.mjs")
        assert usual().get("0.2.90").fields["dependencies"] == {"better-sqlite3": "^11.9.1"}

    def test_native(self) -> None:
        upstream = usual()
        manifest = json.loads(upstream.sdk("2.1.330").file("package/manifest.json"))
        assert sorted(manifest["platforms"]) == sorted(platforms.ALL)
        for platform, line in manifest["platforms"].items():
            assert line["checksum"] == upstream.sha256("2.1.330", platform)
            assert line["size"] == len(upstream.executable("2.1.330", platform))
            assert f"package/{line['binary']}" in members(upstream.get("2.1.330", platform).tarball)
        assert len(set(map(str, manifest["platforms"].values()))) == 8
        wrapper = upstream.get("2.1.330").fields
        assert wrapper["bin"] == {"claude": "bin/claude.exe"}
        assert set(wrapper["optionalDependencies"].values()) == {"2.1.330"}
        assert upstream.get("2.1.330", "linux-x64-musl").fields["libc"] == ["musl"]

    def test_the_usual_oddities(self) -> None:
        upstream = usual()
        assert "2.1.206" not in upstream.packages[f"{WRAPPER}-linux-arm64-musl"]
        assert "0.3.166" not in upstream.packages[SDK]
        assert upstream.get("2.1.112").fields["bin"] == {"claude": "cli.js"}
        assert "2.1.112" in upstream.packages[f"{WRAPPER}-darwin-x64"]
        assert upstream.sdk("2.1.112").version == "0.2.112"

    def test_knobs(self) -> None:
        upstream = Upstream()
        assert len(upstream.add_js("2.0.1", pad=200_000).tarball) < 20_000
        assert 140_000 < len(upstream.add_js("2.0.1", pad=200_000, hard=True).tarball) < 260_000
        assert b"// Version: 2.0.9\n" in upstream.add_js("2.0.1", inside="2.0.9").file("package/cli.js")
        upstream.add_native("2.1.200", checksums={"linux-x64": "0" * 64}, sizes={"linux-arm64": 1})
        lines = json.loads(upstream.sdk("2.1.200").file("package/manifest.json"))["platforms"]
        assert (lines["linux-x64"]["checksum"], lines["linux-arm64"]["size"]) == ("0" * 64, 1)
        hostile = entry("../../x", kind=tarfile.SYMTYPE, link="/etc/passwd")
        assert members(upstream.add_js("2.0.2", extra=[hostile]).tarball)["../../x"].issym()
        assert upstream.change(upstream.get("2.0.2"), raw=b"not gzip").tarball == b"not gzip"
        assert upstream.change(upstream.get("2.0.2"), integrity_lie="sha512-AA==").integrity == "sha512-AA=="
        assert members(tarball([entry("a", b"1"), entry("a", b"22")]))["a"].size == 2

    def test_withdrawing(self) -> None:
        upstream = usual()
        upstream.withdraw("2.1.200", "claude-code-linux-x64")
        assert "2.1.200" in upstream.packages[WRAPPER]
        upstream.withdraw("2.1.200")
        assert upstream.tags == {"latest": "2.1.330"}
        assert "2.1.200" in usual().packages[f"{WRAPPER}-linux-x64"]


@posix
class TestClaude:
    @pytest.fixture(params=["native", "long path", "fake node", "real node"])
    def argv(self, request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
        """Each kind of fake release, unpacked."""
        kind: str = request.param
        if kind == "native":
            return [str(executable(tmp_path, claude.native("2.1.330")))]
        if kind == "long path":
            folder = tmp_path / "with a blank, and long" / ("x" * 120)
            folder.mkdir(parents=True)
            (folder / "python").symlink_to(claude.any_python())
            source = claude.native("2.1.330").decode().split("\n", 1)[1]
            return [str(executable(tmp_path, claude.python_script(source, str(folder / "python"))))]
        package = Upstream().add_js("2.1.330")
        with tarfile.open(fileobj=io.BytesIO(package.tarball)) as tar:
            tar.extractall(tmp_path, filter="data")
        node = str(claude.fake_node(tmp_path)) if kind == "fake node" else shutil.which("node")
        if node is None:
            pytest.skip("no node on this machine")
        return [node, str(tmp_path / "package/cli.js")]

    @staticmethod
    def run(argv: list[str], *args: str, env: dict[str, str] | None = None, stdin: str = "") -> Any:
        return subprocess.run([*argv, *args], env=env or {}, input=stdin, capture_output=True, text=True, check=False)

    def test_says_what_it_was_given(self, argv: list[str], tmp_path: Path) -> None:
        said = json.loads(self.run(argv, "-p", "a b", "", "é\n", env={"A": "1 2", "B": ""}).stdout)
        assert said["argv"] == ["-p", "a b", "", "é\n"]
        assert {"A": "1 2", "B": ""}.items() <= said["env"].items()
        if b"/bin/sh" not in Path(argv[0]).read_bytes()[:20]:
            assert set(said["env"]) == {"A", "B"}
        assert (said["version"], said["cwd"]) == ("2.1.330", os.getcwd())
        assert said["runtime"] == ("node" if len(argv) > 1 else "native")
        assert said["program"] == argv[-1]

    def test_version(self, argv: list[str]) -> None:
        assert self.run(argv, "--version").stdout == "2.1.330 (Claude Code)\n"

    def test_knobs(self, argv: list[str], tmp_path: Path) -> None:
        env = {"FAKE_STDIN": "1", "FAKE_EXIT": "7", "FAKE_OUT": str(tmp_path / "out"), "PATH": os.defpath}
        done = self.run(argv, env=env | {"FAKE_RUN": "echo $A; exit 4", "A": "nested"}, stdin="x\ny")
        said = json.loads(done.stdout)
        assert (done.returncode, said["stdin"], said["ran"], said["ran_status"]) == (7, "x\ny", "nested\n", 4)
        assert json.loads((tmp_path / "out").read_text()) == said

    def test_signals(self, argv: list[str]) -> None:
        assert self.run(argv, env={"FAKE_KILL": "TERM"}).returncode == -signal.SIGTERM
        for trap, sent, code, more in (("TERM,INT", "INT", 130, ["SIGINT"]), ("", "INT", -2, [])):
            env = {"FAKE_SLEEP": "60", "FAKE_TRAP": trap}
            with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout
                assert json.loads(process.stdout.readline())["pid"] == process.pid
                process.send_signal(getattr(signal, "SIG" + sent))
                rest = process.stdout.read().splitlines()
            assert (process.returncode, [json.loads(line)["signal"] for line in rest]) == (code, more)

    def test_fake_node(self, tmp_path: Path) -> None:
        node = str(claude.fake_node(tmp_path / "a b", version="18.1.0"))
        assert self.run([node, "--version"]).stdout == "v18.1.0\n"
        assert self.run([node, "nothing.js"]).returncode == 1
        (tmp_path / "package.json").write_text('{"version": "1.0.20"}')
        (tmp_path / "cli.js").touch()
        said = json.loads(self.run([node, "--no-warnings", str(tmp_path / "cli.js"), "x"]).stdout)
        assert (said["node_options"], said["argv"], said["node"]) == (["--no-warnings"], ["x"], "18.1.0")

    def test_padding_does_not_hinder(self, tmp_path: Path) -> None:
        path = executable(tmp_path, claude.native("2.1.330", pad=5_000_000, hard=True))
        assert path.stat().st_size > 5_000_000
        assert self.run([str(path), "--version"]).stdout == "2.1.330 (Claude Code)\n"
