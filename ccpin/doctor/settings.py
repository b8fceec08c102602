"""Checks of settings files and of the environment: what they say of the lock's flags, and what of that counts.

Of settings files, `env` entries of ccpin's table are shown, and of other keys the few that are named here.
"""

from __future__ import annotations

from collections.abc import Iterator

from ccpin.doctor.context import Context
from ccpin.doctor.finding import Finding, counted, edit, shown
from ccpin.doctor.mechanisms import mechanisms
from ccpin.doctor.reading import line_of, read_object
from ccpin.doctor.standing import NON_EMPTY, client_data, own_keys, standing_above, standing_below
from ccpin.launching.clientdata import state_files
from ccpin.launching.contradictions import Said, most_of, settings_files
from ccpin.pinning import flags

_OFF = ("0", "false", "no", "off")
_DEAD = ("autoUpdates", "autoUpdaterStatus")
_CACHES = ("cachedFeatureFlags", "cachedGrowthBookFeatures", "cachedStatsigGates")
_YOURS = ("model", "effortLevel", "outputStyle")
_UPDATERS = ("DISABLE_UPDATES", "DISABLE_AUTOUPDATER")
_FORCED = "FORCE_AUTOUPDATE_PLUGINS"


def check_settings(context: Context) -> Iterator[Finding]:
    """Settings files that name flags of the lock, or what its clean slate takes away; and who wins."""
    unreadable = [said for said in context.said if not said.name]
    above = [said for said in standing_above(context) if said.name]
    below = [said for said in standing_below(context) if said.name]
    for said in unreadable:
        line = f"this settings file cannot be read: {said.value}"
        yield Finding("settings", "warning", line, (f"{said.where} ({said.level})",), edit(said.where))
    if above:
        clean = context.pin is not None and context.pin.head.clean
        stand = counted(len(above), "settings entry stands", "settings entries stand")
        line = f"{stand} above the lock" + (": a launch from a clean slate ends there" if clean else "")
        ours = [said for said in above if said.level != "policy"]
        command = edit(ours[0].where) if ours else None
        yield Finding("settings", "problem" if clean else "warning", line, tuple(map(_entry, above)), command)
    if below:
        line = (
            f"{counted(len(below), 'settings entry speaks', 'settings entries speak')} against the lock: the lock wins"
        )
        yield Finding("settings", "note", line, tuple(map(_entry, below)), edit(below[0].where))
    if context.pin is not None and not (unreadable or above or below):
        yield Finding("settings", "ok", "no settings file speaks against the lock")


def _entry(said: Said) -> str:
    return f"{said.where}: {shown(said.name, said.value)} ({said.level})"


def check_environment(context: Context) -> Iterator[Finding]:
    """Flags that are exported here: the lock's win, a clean slate takes others away, the rest reaches the release."""
    if context.pin is None:
        return
    here = {name: context.env[name] for name in sorted(flags.TABLE) if context.env.get(name)}
    beaten = [n for n in here if context.locked.get(n, here[n]) != here[n]]
    gone = [n for n in here if n in context.cleared]
    left = [n for n in here if n not in context.locked and n not in gone]
    if left:
        reach = counted(len(left), "flag reaches", "flags reach")
        line = f"{reach} the release from this environment; the lock holds no such flag"
        evidence = tuple(shown(name, here[name]) for name in left)
        yield Finding("environment", "note", line, evidence, f"unset {' '.join(left)}")
    if beaten or gone:
        names = (*(f"{n}: the lock's value counts" for n in beaten), *(f"{n}: taken away" for n in gone))
        line = f"the lock wins over {counted(len(names), 'flag')} of this environment"
        yield Finding("environment", "ok", line, names)


def check_zero(context: Context) -> Iterator[Finding]:
    """Values that look like off, of variables for which any text is on."""
    found = [_entry(said) for said in context.said if said.name in NON_EMPTY and said.value.lower() in _OFF]
    found += [
        f'in this environment: {n} = "{v}"' for n in NON_EMPTY if (v := context.env.get(n, "")).lower() in _OFF and v
    ]
    if found:
        line = f"{counted(len(found), 'value that looks like off counts', 'values that look like off count')} as on"
        yield Finding("on-although-zero", "note", f"{line}: any text means on", tuple(found))


def check_dead_keys(context: Context) -> Iterator[Finding]:
    """Keys that people set against updates, and that no release asks any more where updates are decided."""
    read = [(level, path, read_object(path, most_of(level))) for level, path in settings_files(context.env, ".")]
    found = [
        f"{line_of(path, key)}: `{key}`"
        for level, path, said in read
        for key in _DEAD
        if key in said and (level != "global" or _is_dead(said, key))
    ]
    if found:
        held = any(name in context.locked for name in _UPDATERS)
        does = "what keeps this release from updating is the lock" if held else "DISABLE_UPDATES is what counts"
        yield Finding(
            "dead-keys", "note", f"{counted(len(found), 'key')} about updates without effect; {does}", tuple(found)
        )


def _is_dead(state: dict[str, object], key: str) -> bool:
    """In `.claude.json`, `autoUpdates` counts unless a native install protects itself from it; true is what releases
    write there themselves. `autoUpdaterStatus` is asked only while there is no `installMethod` (1.0.51 to 2.1.330)."""
    if key == "autoUpdates":
        return state.get(key) is False and state.get("autoUpdatesProtectedForNative") is True
    return "installMethod" in state


def check_yours(context: Context) -> Iterator[Finding]:
    """Settings that ccpin leaves to the user, and that differ from person to person."""
    found = own_keys(context, *_YOURS)
    if context.pin is not None and found:
        yield Finding("yours", "note", "these settings stay yours; sessions of others may have other ones", found)


def check_cached_flags(context: Context) -> Iterator[Finding]:
    """Feature flags that a server assigned to this user, and whether the lock keeps them from deciding anything."""
    counts = {
        (path, key): len(found)
        for path in state_files(context.env)
        for key in _CACHES
        if isinstance(found := read_object(path).get(key), dict) and found
    }
    total = sum(counts.values())
    evidence = tuple(f"{line_of(path, key)}: {key} holds {count:,}" for (path, key), count in counts.items())
    if not total or context.pin is None:
        if context.pin is not None:
            yield Finding("cached-flags", "ok", "no feature flag is cached for this user")
        return
    slicing = mechanisms(context)[0]
    cached = f"{counted(total, 'feature flag is', 'feature flags are')} cached for this user"
    if slicing.state == "controlled":
        yield Finding(
            "cached-flags", "ok", f"{cached}; with this lock, they made no difference when measured", evidence
        )
    elif slicing.state == "reduced":
        yield Finding("cached-flags", "note", f"{cached}; {slicing.reason}", evidence, slicing.command)
    else:
        yield Finding("cached-flags", "warning", f"{cached}, and decide: {slicing.reason}", evidence, slicing.command)


def check_client_data(context: Context) -> Iterator[Finding]:
    """Client data that an earlier session cached: it counts whatever is switched off."""
    found = client_data(context)
    if found and context.pin is not None and context.pin.head.clean:
        yield Finding("client-data", "ok", "cached client data is taken out before a launch", found)
    elif found:
        line = f"client data of an earlier session is cached, and {context.version} uses it, whatever is switched off"
        yield Finding("client-data", "warning", line, found, "ccpin env profile strict")


def check_plugins(context: Context) -> Iterator[Finding]:
    """The price of updates that are off: plugins are not updated by themselves either."""
    found = [
        f"{line_of(path, 'enabledPlugins')}: {counted(len(plugins), 'plugin')}"
        for level, path in settings_files(context.env, ".")
        if isinstance(plugins := read_object(path, most_of(level)).get("enabledPlugins"), dict) and plugins
    ]
    if not found or not any(name in context.locked for name in _UPDATERS):
        return
    forced = [said.where for said in context.said if said.name == _FORCED] or [_FORCED] * (_FORCED in context.env)
    if forced and _FORCED not in context.cleared:
        line = f"plugins update themselves ({_FORCED}), and with them what they put into the prompt"
        yield Finding("plugins", "note", line, (*found, *forced), "ccpin env profile strict")
    else:
        line = "with updates off, plugins do not update themselves either"
        yield Finding("plugins", "note", line, tuple(found), "claude plugin update NAME")
