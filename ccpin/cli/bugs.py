"""What ccpin did not expect: a report that can be pasted, and exit code 3."""

from __future__ import annotations

import platform
import sys
import traceback

from ccpin import __version__


def report(error: Exception) -> int:
    """Writes the report to stderr. It holds no environment, no settings and no arguments."""
    trace = "".join(traceback.format_exception(error))
    sys.stderr.write(
        "ccpin: this is a bug in ccpin, not in what you did. Please report it with these lines:\n\n"
        f"    ccpin {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        + "".join(f"    {line}\n" for line in trace.splitlines())
    )
    return 3
