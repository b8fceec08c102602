"""Making the lock win: exporting a flag is not enough, for `env` in a settings file overrides the environment.

A release that knows `--settings` puts what it finds there above the user's, the project's and the local settings, so
the flags go there too. Exactly one `--settings` reaches the release, first of all arguments, where every release
looks for it; one of the user's own is merged into it, in a file that only they can read. What still stands above the
lock (`ccpin.launching.contradictions`) ends a launch that is to start from a clean slate, and is a warning otherwise.

On the launch path: what is not the plain case is imported where it is needed.
"""

from __future__ import annotations

from ccpin.errors import OwnSettings, SettingsAbove
from ccpin.launching.environment import to_clear
from ccpin.pinning.head import version_key
from ccpin.store.entry import takes_settings

OPTION = "--settings"
POLICY = "--managed-settings"
"""Hidden, for programs that embed a release (2.1.200, 2.1.330): what it gives stands above `--settings`."""

MEASURED: frozenset[str] = frozenset(
    ("1.0.100", "2.0.14", "2.0.64", "2.1.0", "2.1.112", "2.1.113", "2.1.200", "2.1.330")
)
"""The releases that were seen to take "" in their settings for unset, for every name of the table
(`tests/live/test_clean_slate.py`). `ccpin setup` writes them into the shim."""

WITHOUT = (
    ("--version",),
    ("-v",),
    ("-V",),
    ("--update",),
    ("--upgrade",),
    ("plugin", "test"),
    ("plugin", "validate"),
    ("daemon",),
    ("attach",),
    ("logs",),
    ("stop",),
    ("kill",),
    ("respawn",),
    ("rm",),
    ("self-hosted-runner",),
    ("--ripgrep",),
    ("--mcp-cli",),
    ("--claude-in-chrome-mcp",),
    ("--chrome-native-host",),
    ("--computer-use-mcp",),
    ("--daemon-worker",),
    ("--bg-pty-host",),
    ("--bg-spare",),
    ("--preload",),
    ("--gh-standin",),
    ("--eval-mock-server",),
)
"""First words that one release or another knows in the first place only (read in 1.0.100 to 2.1.330). Behind
`--settings`, some of them would become a prompt that is sent to the model."""

REMOTE = ("remote-control", "rc", "remote", "sync", "bridge")
"""First words that take `--settings` only behind them and only as a file, and before 2.1.330 not at all (read in
2.1.112, 2.1.200 and 2.1.330; what lies between was not read)."""

_REMOTE_FROM = (2, 1, 330)
_FIRST_UNTIL = (2, 1, 113)  # of several `--settings` the first counts (measured in 1.0.100 to 2.1.113)
_LAST_FROM = (2, 1, 200)  # the last counts (measured in 2.1.200 and 2.1.330)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ccpin.paths import Home
    from ccpin.pinning.find import Pin
    from ccpin.pinning.head import Head


def with_settings(
    args: Sequence[str],
    env: dict[str, str],
    home: Home,
    pin: Pin,
    folder: str,
    kept: frozenset[str],
    say: Callable[[str], None],
) -> list[str]:
    """`args` with the flags of `pin` in their one `--settings`. `env` is the user's, `folder` the install's, `kept` the
    names that a clean slate leaves to the user; `say` takes a warning.

    Raises SettingsAbove and ClientDataKept where a clean slate cannot be had, and OwnSettings for `--settings` of the
    user's own that cannot be read.
    """
    head = pin.head
    cleared = to_clear(head, kept)
    if not (head.env or cleared) or any(tuple(args[: len(words)]) == words for words in WITHOUT):
        return list(args)
    remote = bool(args) and args[0] in REMOTE
    known = takes_settings(folder) and (not remote or version_key(head.version) >= _REMOTE_FROM)
    measured = known and head.version in MEASURED
    if head.clean:
        from ccpin.launching.clientdata import forget

        forget(env, head.version)
        if any(arg.partition("=")[0] == POLICY for arg in args):
            raise SettingsAbove(what=f"`{POLICY}` is given", level="what it says", version=head.version, pin=pin.source)
    if head.clean or not known:
        from ccpin.launching.contradictions import require_none

        require_none(env, pin, cleared, beaten=known, unset=measured, say=say)
    if not known:
        return list(args)
    wanted = _wanted(head, cleared, measured=measured)
    own, rest = split(args)
    if not own and not remote:
        return [OPTION, _inline(wanted), *rest]
    from ccpin.launching.merge import merged

    path = merged(one_of(own, head.version), wanted, cleared, home)
    return [*rest[:remote], OPTION, path, *rest[remote:]]


def passed(head: Head, folder: str, kept: frozenset[str]) -> list[str]:
    """What `with_settings` puts before the arguments of a plain launch, in a home where nothing stands above it."""
    cleared = to_clear(head, kept)
    if not (head.env or cleared) or not takes_settings(folder):
        return []
    return [OPTION, _inline(_wanted(head, cleared, measured=head.version in MEASURED))]


def _wanted(head: Head, cleared: Sequence[str], *, measured: bool) -> dict[str, str]:
    return {**dict.fromkeys(cleared if measured else (), ""), **head.env}


def _inline(wanted: dict[str, str]) -> str:
    text = ",".join(f'"{name}":"{value}"' for name, value in wanted.items())  # plain words all of them
    return f'{{"env":{{{text}}}}}'


def split(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """The values of the user's own `--settings`, and all other arguments. What stands behind `--` is a prompt."""
    own: list[str] = []
    rest: list[str] = []
    left = list(args)
    while left:
        arg = left.pop(0)
        if arg == "--":
            return own, [*rest, arg, *left]
        if arg == OPTION and left:
            own.append(left.pop(0))
        elif arg.startswith(f"{OPTION}="):
            own.append(arg.partition("=")[2])
        else:
            rest.append(arg)
    return own, rest


def one_of(own: Sequence[str], version: str) -> str:
    """The one that the release would take; no settings at all where there is none. Raises OwnSettings."""
    key = version_key(version)
    if len(own) > 1 and _FIRST_UNTIL < key < _LAST_FROM:
        raise OwnSettings(settings="several", reason=f"whether the first or the last counts is not known of {version}")
    if not own:
        return "{}"
    return own[0] if key <= _FIRST_UNTIL else own[-1]
