"""The options that say where a release may come from, and how old it must be.

A `ccpin sync` with everything there has them too, so what asks servers is imported when somebody is about to ask one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from ccpin.errors import BadOption, BadSource
from ccpin.paths import Home
from ccpin.pinning import settings

if TYPE_CHECKING:
    from ccpin.releases.choose import Age
    from ccpin.releases.sources import Sources

SOURCE = Annotated[
    str | None,
    typer.Option("--source", metavar="NAME", help="npm, native, an order such as native,npm; else auto."),
]
FROM = Annotated[
    str | None, typer.Option("--from", metavar="FILE", help="A bundle (`ccpin bundle`), and nothing else.")
]
MIN_AGE = Annotated[
    str | None, typer.Option("--min-age", metavar="AGE", help="Pass over releases younger than, say, 7d or 36h.")
]
NODE = Annotated[
    str | None,
    typer.Option("--node", metavar="SPEC", help="Lock a Node.js too, such as 22, for a JavaScript release; or none."),
]

FINGERPRINT = Annotated[
    bool, typer.Option("--fingerprint", help="Lock what the release sends, too, as it is seen on this machine.")
]

_TELLING = "ccpin use"  # its --help has all of these options


def asked(
    env: dict[str, str],
    home: Home,
    *,
    source: str | None = None,
    registry: str | None = None,
    bundle: str | None = None,
    offline: bool = False,
) -> Callable[[], Sources]:
    """What makes the sources that the options of a command name: some commands turn out to need none. What cannot be
    meant is refused all the same: raises BadSource, and BadOption for two that contradict each other. What `configured`
    raises comes when they are made."""
    if source is not None and (reason := settings.source_problem(source)):
        raise BadSource(reason=reason)
    if bundle is not None and (source or registry):
        raise BadOption(reason="`--from` is a source by itself, without `--source` and `--registry`", command=_TELLING)
    if registry and source and "npm" not in settings.source_order(source):
        raise BadOption(reason="`--registry` is npm's, and `--source` leaves npm out", command=_TELLING)

    def made() -> Sources:
        from ccpin.releases.configured import configured

        return configured(env, home, source=source, registry=registry, bundle=bundle, folder=_folder(), offline=offline)

    return made


def least_age(env: dict[str, str], home: Home, said: str | None) -> Age | None:
    """What `--min-age` asks for, else the setting of that name; None where nobody asks. Raises BadAge, BadVariable,
    BrokenSetting."""
    from ccpin.releases.choose import Age

    text = said if said is not None else settings.read("min-age", env, home).value
    if text is None:
        return None
    least = settings.parse_age(text)
    return Age(least, datetime.now(timezone.utc)) if least else None


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None
