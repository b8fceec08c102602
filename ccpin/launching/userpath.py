"""PATH on Windows: it stands in the registry, per user, and not in any file that a shell reads."""

from __future__ import annotations

import ntpath
import sys
from typing import Protocol

KEY = r"HKEY_CURRENT_USER\Environment\Path"
REG_SZ = 1
REG_EXPAND_SZ = 2


class UserPath(Protocol):
    """The user's part of PATH; the system's part always comes before it."""

    def read(self) -> tuple[str, int] | None:
        """Its text and registry type, or None where there is none. Raises OSError."""

    def write(self, text: str, kind: int) -> None:
        """Sets it, and tells the desktop, so that the next terminal sees it. Raises OSError."""


class Registry:
    """The real one."""

    def read(self) -> tuple[str, int] | None:
        if sys.platform != "win32":
            raise OSError(0, "there is no registry here")
        import winreg

        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Environment") as key:
            try:
                text, kind = winreg.QueryValueEx(key, "Path")
            except FileNotFoundError:
                return None
        if kind not in (REG_SZ, REG_EXPAND_SZ):
            raise OSError(0, f"it is of registry type {kind}, not text")
        return text, kind

    def write(self, text: str, kind: int) -> None:
        if sys.platform != "win32":
            raise OSError(0, "there is no registry here")
        import ctypes
        import winreg

        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Environment", 0, winreg.KEY_SET_VALUE) as key:
            winreg.SetValueEx(key, "Path", 0, kind, text)
        # HWND_BROADCAST, WM_SETTINGCHANGE, SMTO_ABORTIFHUNG: a window that hangs must not hang setup.
        ctypes.windll.user32.SendMessageTimeoutW(0xFFFF, 0x1A, 0, "Environment", 2, 1000, None)


def with_folder(text: str, folder: str) -> str:
    """`text` with `folder` first; other entries stay as they are written, `%NAME%` included."""
    rest = without_folder(text, folder)
    return f"{folder};{rest}" if rest else folder


def without_folder(text: str, folder: str) -> str:
    """`text` without `folder`, however it is spelt."""
    return ";".join(entry for entry in text.split(";") if _spelling(entry) != _spelling(folder))


def _spelling(entry: str) -> str:
    return ntpath.normcase(entry.strip().strip('"')).rstrip("\\")
