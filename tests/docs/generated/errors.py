"""docs/exit-codes.md and docs/troubleshooting.md, out of `ccpin.errors`: code, text, hint and ends of each error."""

from __future__ import annotations

import re

from ccpin.errors import CcpinError
from tests.cli.arrange import all_errors
from tests.docs.generated.tables import table
from tests.docs.marked import Generator


def generators() -> dict[str, Generator]:
    return {"errors": _errors, **{f"messages {group}": _messages(kind) for group, kind in groups().items()}}


def groups() -> dict[str, type[CcpinError]]:
    """What stands below CcpinError, by a word; those that are no family are one together."""
    families = {kind.code: kind for kind in CcpinError.__subclasses__() if kind.__subclasses__()}
    return {**families, "rest": CcpinError}


def members(kind: type[CcpinError]) -> list[type[CcpinError]]:
    if kind is CcpinError:
        return [leaf for leaf in kind.__subclasses__() if not leaf.__subclasses__()]
    return all_errors(kind)


def _errors(_: str) -> str:
    heads = ("code", "exit code", "as `claude`", "what it says", "what mends it")
    found = [
        (f"[`{error.code}`](troubleshooting.md#{error.code})", *map(str, (error.exit_code, error.launch_code)),
         safe(error.text), safe(error.hint))
        for error in all_errors()
    ]  # fmt: skip
    return table(heads, found)


def _messages(kind: type[CcpinError]) -> Generator:
    return lambda _: "\n\n".join(
        f"### {error.code}\n\n{safe(error.text)}\n\n→ {safe(error.hint)}" for error in members(kind)
    )


def safe(text: str) -> str:
    """A format string as Markdown shows it: `{name}` stands for what it is about. A `*` or `_` outside of backticks
    would be emphasis."""
    parts = text.replace("{{", "{").replace("}}", "}").split("`")
    parts[::2] = [re.sub(r"([*<])|(?<![\w{])_|_(?![\w}])", lambda found: "\\" + found[0], part) for part in parts[::2]]
    return "`".join(parts)
