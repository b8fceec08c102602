"""The sources as this user has configured them, in the order that was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from ccpin.errors import BadSource
from ccpin.net import Http
from ccpin.paths import Home
from ccpin.pinning import settings
from ccpin.releases.channel import Channel
from ccpin.releases.keys import read_keys
from ccpin.releases.native import Native
from ccpin.releases.npm import Npm
from ccpin.releases.npmrc import read_config
from ccpin.releases.registry import Registry
from ccpin.releases.source import Source
from ccpin.releases.sources import Sources
from ccpin.releases.transport import network, strict_note


def configured(
    env: Mapping[str, str],
    home: Home,
    *,
    source: str | None = None,
    registry: str | None = None,
    bundle: str | None = None,
    folder: str | None = None,
    offline: bool = False,
) -> Sources:
    """The sources that `source` names (`auto`, `npm`, `native,npm`), else the setting of that name.

    A `bundle` (a path) is the only source where it is given; so is npm where a `registry` (an address) is, unless
    `source` says otherwise. `folder` is the current one, for notes on its .npmrc. Nothing is asked yet. Raises
    BadSource, BadVariable, BrokenSetting, BadBundle.
    """
    if bundle is not None:
        from ccpin.releases.bundle import open_bundle

        opened = open_bundle(bundle)
        return Sources({"bundle": lambda: opened})
    if source is not None and (reason := settings.source_problem(source)):
        raise BadSource(reason=reason)
    said = source or ("npm" if registry else settings.read("source", env, home).value) or "auto"
    offline = settings.is_offline(env, offline)
    makers: dict[str, Callable[[], Source]] = {
        "npm": partial(_npm, env, home, registry, folder, offline),
        "native": partial(_native, env, home, offline),
    }
    return Sources({kind: makers[kind] for kind in settings.source_order(said)})


def _npm(env: Mapping[str, str], home: Home, registry: str | None, folder: str | None, offline: bool) -> Npm:
    return Npm(Registry.configured(env, registry, folder, home=home, offline=offline))


def _native(env: Mapping[str, str], home: Home, offline: bool) -> Native:
    # The proxy and the authorities that npm's configuration names are the way out of here for everybody; its
    # credentials are for its registry, and never go to a channel.
    config = read_config(env)
    http = Http(network=network(config, "", env), offline=offline)
    channel = Channel.configured(env, home=home, http=http)
    unchecked = strict_note(config, channel.base)
    return Native(channel, partial(read_keys, home.keys), (unchecked,) if unchecked else ())
