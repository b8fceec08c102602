"""A wheel of this checkout, made without a build backend or an index: its packages are those of the Python that runs
the tests, which a `.pth` file in it names."""

from __future__ import annotations

import zipfile
from pathlib import Path

import requests

from ccpin import __version__
from tests.fakes.pythons import REPOSITORY

NAME = f"ccpin-{__version__}-py3-none-any.whl"


def build(folder: Path, version: str = __version__) -> Path:
    """The wheel, in `folder`; `version` is what its metadata claim."""
    info = f"ccpin-{version}.dist-info"
    packages = str(Path(requests.__file__).parent.parent)
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: ccpin\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nccpin = ccpin.__main__:main\n",
        "ccpin-tests.pth": f"import site; site.addsitedir({packages!r})\n",
    }
    files = {path.relative_to(REPOSITORY).as_posix(): path for path in _files(REPOSITORY / "ccpin")}
    files |= {f"ccpin/shims/{path.name}": path for path in _files(REPOSITORY / "shims")}
    target = folder / f"ccpin-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as wheel:
        for name, path in files.items():
            wheel.write(path, name)
        for name, text in texts.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, *texts, f"{info}/RECORD"]))
    return target


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
