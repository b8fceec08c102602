"""`ccpin doctor`: all the checks, in the order in which their findings are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ccpin.doctor import editors, machine, onpath, pinned, settings, shells, storage
from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding
from ccpin.doctor.mechanisms import Mechanism, mechanisms


@dataclass(frozen=True)
class Check:
    """`id` is that of every finding that `run` gives, none or several; `group` the heading that they stand under."""

    id: str
    group: str
    run: Callable[[Context], Iterator[Finding]]


CHECKS = (
    Check("pin", "the pin", pinned.check_pin),
    Check("override", "the pin", pinned.check_override),
    Check("own-settings", "the pin", pinned.check_own_settings),
    Check("install", "the pin", pinned.check_install),
    Check("node", "the pin", pinned.check_node),
    Check("server-floor", "the pin", pinned.check_server_floor),
    Check("required-versions", "the pin", pinned.check_required_versions),
    Check("pin-age", "the pin", pinned.check_age),
    Check("ignored-flags", "flags and settings", pinned.check_ignored_flags),
    Check("settings", "flags and settings", settings.check_settings),
    Check("environment", "flags and settings", settings.check_environment),
    Check("on-although-zero", "flags and settings", settings.check_zero),
    Check("dead-keys", "flags and settings", settings.check_dead_keys),
    Check("cached-flags", "flags and settings", settings.check_cached_flags),
    Check("client-data", "flags and settings", settings.check_client_data),
    Check("yours", "flags and settings", settings.check_yours),
    Check("plugins", "flags and settings", settings.check_plugins),
    Check("path", "what `claude` is", onpath.check_path),
    Check("other-claudes", "what `claude` is", onpath.check_other_claudes),
    Check("native-install", "what `claude` is", onpath.check_native_install),
    Check("shell-names", "what `claude` is", shells.check_names),
    Check("shell-path", "what `claude` is", shells.check_shell_path),
    Check("shell-not-interactive", "what `claude` is", shells.check_not_interactive),
    Check("editor", "what `claude` is", editors.check_editors),
    Check("supervisor", "this machine", machine.check_supervisor),
    Check("cpu-avx", "this machine", machine.check_cpu),
    Check("libc", "this machine", machine.check_libc),
    Check("rosetta", "this machine", machine.check_rosetta),
    Check("store", "this machine", storage.check_store),
    Check("shared-stores", "this machine", storage.check_shared),
)
"""Ids stay what they are: scripts ask for them."""


@dataclass(frozen=True)
class Diagnosis:
    """What there is to say about a folder, a release and a machine."""

    mechanisms: tuple[Mechanism, ...]
    findings: tuple[Finding, ...]


def examine(context: Context) -> Diagnosis:
    """Runs all the checks. They read, and nothing else; Node.js is asked for its version, no Claude Code is started."""
    return Diagnosis(mechanisms(context), tuple(finding for check in CHECKS for finding in check.run(context)))
