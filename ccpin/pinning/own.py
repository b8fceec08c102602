"""What this user says about flags, beyond every lock: two lists in ccpin's home, one name a line.

`allow-flags`: names off the table that locks may set all the same. `keep-flags`: names that a clean slate leaves as
the user has set them. A project cannot write either.
"""

from __future__ import annotations

from ccpin.errors import BrokenSetting
from ccpin.paths import Home
from ccpin.pinning import flags
from ccpin.pinning.find import read_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BYTES = 64 * 1024


def allowed_flags(home: Home) -> frozenset[str]:
    """The names that locks may set beyond the table. Raises BrokenSetting with file and line."""
    return _names(home.allow_flags, "allow-flag", cannot_allow)


def kept_flags(home: Home) -> frozenset[str]:
    """The names of the table that a clean slate leaves alone. Raises BrokenSetting with file and line."""
    return _names(home.keep_flags, "keep-flag", cannot_keep)


def cannot_allow(name: str) -> str | None:
    """Why no user can allow `name`, or None. A name of the table needs no allowing, and does no harm here: the table
    grows."""
    if name in flags.TABLE:
        return None
    from ccpin.pinning.never import never

    return never(name)


def cannot_keep(name: str) -> str | None:
    """Why `name` cannot be kept from a clean slate, or None: it touches no other names than the table's."""
    return None if name in flags.TABLE else "it is not in the table of flags (`ccpin env list --all`)"


def _names(path: str, setting: str, problem: Callable[[str], str | None]) -> frozenset[str]:
    try:
        text = read_plain(path, MOST_BYTES).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise BrokenSetting(where=path, name=setting, reason=reason, example="NAME") from None
    names = text.split("\n")
    for number, name in enumerate(names, 1):
        if name and (why := problem(name)):
            raise BrokenSetting(where=f"{path}:{number}", name=setting, reason=f"`{name}`: {why}", example="NAME")
    return frozenset(filter(None, names))
