"""Replacing a file: whoever reads it meanwhile finds the old one or the new one, whole."""

from __future__ import annotations

import os
import tempfile


def replace_file(path: str, data: bytes, mode: int | None = None) -> None:
    """Makes `path` hold `data`, with `mode`, else with what the umask leaves of 0666. Raises OSError.

    A failure, or an interruption, leaves the old file, and no draft.
    """
    folder, name = os.path.split(path)
    descriptor, draft = tempfile.mkstemp(dir=folder or ".", prefix=f".{name.lstrip('.')}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.chmod(draft, _new_mode() if mode is None else mode)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def _new_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
