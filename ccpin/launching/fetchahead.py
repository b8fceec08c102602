"""One download ahead: while a release is tested, the one that may be next is installed by another process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping

from ccpin.paths import Home
from ccpin.store.receipt import all_installs

_PATIENCE = 10  # seconds for it to put back what it has begun


class FetchAhead:
    """To be closed, as a context. Nothing that fails here matters: whoever wants the release installs it, and hears of
    it then. `python` is an interpreter that has ccpin."""

    def __init__(self, home: Home, env: Mapping[str, str], python: str) -> None:
        self._home = home
        self._env = {**env, "CCPIN_HOME": home.root}
        self._argv = [python, "-I", "-m", "ccpin", "install"]
        self._running: tuple[str, subprocess.Popen[bytes]] | None = None

    def __enter__(self) -> FetchAhead:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def begin(self, versions: Iterable[str]) -> str | None:
        """Begins with the first of these that is not installed; which one that is, None where there is none."""
        self.stop()
        installed = {one.receipt.version for _, one in all_installs(self._home)}
        version = next((version for version in versions if version not in installed), None)
        if version is not None:
            quiet = subprocess.DEVNULL
            try:
                process = subprocess.Popen(
                    [*self._argv, version], env=self._env, stdin=quiet, stdout=quiet, stderr=quiet
                )
            except OSError:
                return None
            self._running = version, process
        return version

    def want(self, version: str) -> None:
        """Waits for it where it is the one that is under way; else that one is not wanted any more."""
        if self._running is not None and self._running[0] == version:
            self._running[1].wait()
        self.stop()

    def stop(self) -> None:
        if self._running is None:
            return
        (_, process), self._running = self._running, None
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
