"""Lines of any length, in bounded memory."""

from __future__ import annotations

import errno
import io
import os
import tracemalloc
from pathlib import Path

import pytest

from ccpin.sessions.lines import CUT, END, MOST, lines, open_plain


def split(data: bytes) -> list[bytes]:
    return list(lines(io.BufferedReader(io.BytesIO(data))))


def test_short_ones_are_whole() -> None:
    data = b"one\n\n\0two\r\n\xff\nlast"
    assert split(data) == [b"one\n", b"\n", b"\0two\r\n", b"\xff\n", b"last"]
    assert split(b"") == []


@pytest.mark.parametrize("size", [MOST - 1, MOST, MOST + 1, 2 * MOST - 1, 2 * MOST, 2 * MOST + 7])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_long_ones_are_their_ends(size: int, end: bytes) -> None:
    body = (b"%09d," % size) * (size // 10 + 1)
    line = body[: size - len(end)] + end
    found = split(line + b"next\n" * bool(end))
    assert found[1:] == [b"next\n"] * bool(end)
    assert found[0] == (line if size < MOST or (size == MOST and end) else line[:END] + CUT + line[-END:])


def test_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.write(b"front")
        file.seek(300 << 20)  # a hole, in which nothing is stored
        file.write(b"back\n")
    tracemalloc.start()
    try:
        with open_plain(str(path)) as opened:
            (found,) = lines(opened)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found[:5], found[-5:]) == (b"front", b"back\n")
    assert peak < 6 * MOST


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("{}\n")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        open_plain(str(tmp_path / "link"))
