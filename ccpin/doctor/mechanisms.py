"""Why sessions of one release differ, and what of it this lock decides: `controlled`, `reduced` or `out of reach`.

`controlled` stands only where it was measured with this very release (`ccpin.doctor.measured`), where the flags that
were measured are held and nothing stands above them. What was only read in a release's code is `reduced` at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ccpin.doctor import measured
from ccpin.doctor.context import Context
from ccpin.doctor.standing import client_data, own_keys, reaching, standing_above
from ccpin.pinning import flags
from ccpin.pinning.head import version_key
from ccpin.store.effect import does_read

State = Literal["controlled", "reduced", "out of reach"]

ALWAYS = "always out of reach: what the server does with a request (routing, the model behind an id, account policy)"

_STRICT = "ccpin env profile strict"
_BY_CLIENT_DATA = (1, 2, 3, 5)


@dataclass(frozen=True)
class Mechanism:
    """One of `flags.MECHANISMS`, for this project and this release. `held` are the flags of the lock that it rests on,
    the other fields are as in a Finding."""

    number: int
    state: State
    reason: str
    held: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    command: str | None = None

    @property
    def name(self) -> str:
        return flags.MECHANISMS[self.number]


def mechanisms(context: Context) -> tuple[Mechanism, ...]:
    """All of them, in order."""
    if context.pin is None:
        unusable = any(fault.code != "no-lock" for fault in context.faults)  # a finding says why, and what mends it
        reason = "what is pinned here cannot be used" if unusable else "nothing is pinned here"
        command = None if unusable else "ccpin use 2.0.14"
        return tuple(Mechanism(number, "out of reach", reason, command=command) for number in _RULES)
    return tuple(_held_back(context, rule(context)) for rule in _RULES.values())


def _held_back(context: Context, found: Mechanism) -> Mechanism:
    """`found`, no better than what stands in its way allows."""
    obstacles = tuple(_obstacles(context, found.number))
    if not obstacles or found.state == "out of reach":
        return found
    evidence = tuple(dict.fromkeys((*found.evidence, *obstacles[1:])))
    if found.state == "reduced":
        return replace(found, evidence=tuple(dict.fromkeys((*evidence, obstacles[0]))))
    return replace(found, state="reduced", reason=obstacles[0], evidence=evidence, command=None)


def _obstacles(context: Context, number: int) -> Iterator[str]:
    yield from _other_program(context)
    if number == 6:
        if any(fault.code == "entry-changed" for fault in context.faults):
            yield "what is installed is not as it was verified"
        return
    if context.receipt is None:
        yield f"{context.version} is not installed here, so which flags it reads is not known"
    if number in _BY_CLIENT_DATA and context.pin is not None and not context.pin.head.clean:
        yield from (f"{where}: counts whatever is switched off" for where in client_data(context))
    answers = {name for name, flag in flags.TABLE.items() if number in flag.mechanisms}
    for said in standing_above(context):
        if not said.name or said.name in answers:
            yield f"{said.where}: stands above the lock" + (f" ({said.name})" if said.name else ": it cannot be read")
    for name, where in reaching(context):
        if number in flags.TABLE[name].mechanisms and isinstance(flags.TABLE[name].kind, flags.Cleared):
            yield f"{name} is set ({where}), and this lock takes it away from no launch"


def _other_program(context: Context) -> Iterator[str]:
    shim = context.shim
    if shim is None or not shim.ours:
        found = shim.resolves if shim else None
        yield f"`claude` is {found} here, not the shim" if found else "`claude` is not found here"
    for name in ("CCPIN_DISABLE", "CCPIN_VERSION"):
        if context.env.get(name):
            yield f"{name} is set: another release may run"


def _slicing(context: Context) -> Mechanism:
    held = _held(context, measured.FLAG_SWITCHES)
    if not held:
        return _nothing(context, 1, "no switch for feature flags is held", measured.FLAG_SWITCHES)
    if context.version in measured.SLICES and _holds_all(context, measured.STRICT):
        reason = f"measured with {context.version}, headlessly: users with different feature flags send one request"
        return Mechanism(1, "controlled", reason, held)
    if context.version in measured.SLICES and context.receipt is not None:
        reason = f"feature flags are switched off; with {context.version}, more flags were on together when measured"
        read = (name for name in measured.STRICT if does_read(context.receipt, name))
        missing = sorted(name for name in read if context.locked.get(name) != flags.ON)
        return Mechanism(1, "reduced", reason, held, (f"not held: {', '.join(missing)}",), _STRICT)
    reason = _unmeasured(context, "what it sends")
    return Mechanism(1, "reduced", reason, held)


def _sticky(context: Context) -> Mechanism:
    held = _held(context, measured.FLAG_SWITCHES)
    if not held:
        return _nothing(context, 2, "feature flags decide what sticks, and are on", measured.FLAG_SWITCHES)
    reason = "feature flags are switched off; that a session begun before lets go of what it keeps was not measured"
    return Mechanism(2, "reduced", reason, held)


def _prompt(context: Context) -> Mechanism:
    switches = (*measured.FLAG_SWITCHES, "CLAUDE_CODE_SIMPLE_SYSTEM_PROMPT")
    held = _held(context, switches)
    if not held:
        return _nothing(context, 3, "feature flags choose the system prompt, and are on", switches)
    reason = "experiments are switched off; CLAUDE.md, output style, plugins and MCP servers stay yours"
    return Mechanism(3, "reduced", reason, held, own_keys(context, "outputStyle"))


def _updates(context: Context) -> Mechanism:
    held = _held(context, measured.UPDATE_SWITCHES)
    if not held:
        return _nothing(context, 4, "no switch for updates is held", measured.UPDATE_SWITCHES)
    background = _background(context)
    if background:
        return Mechanism(4, "reduced", f"updates are off, but {background}", held, (), _closes(context))
    if context.version in measured.UPDATES and _holds_all(context, measured.UPDATE_SWITCHES[:2]):
        reason = f"measured with {context.version}: offered a newer release, it changes nothing; no background work"
        return Mechanism(4, "controlled", reason, held)
    reason = _unmeasured(context, "what it does when a newer one is offered")
    return Mechanism(4, "reduced", reason, held)


_VIEW = "CLAUDE_CODE_DISABLE_AGENT_VIEW"


def _background(context: Context) -> str | None:
    """What background work may do to a session, or None where there is none."""
    if version_key(context.version) <= version_key(measured.NO_SUPERVISOR_UNTIL):
        return None
    if _held(context, (_VIEW,)):
        return None
    if does_read(context.receipt, _VIEW):
        return "background work is done by whatever release its supervisor is of"
    return f"{context.version} may have a background supervisor, and reads no switch for it"


def _closes(context: Context) -> str | None:
    return f"ccpin env set {_VIEW}" if does_read(context.receipt, _VIEW) else None


def _betas(context: Context) -> Mechanism:
    betas = "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"
    held = _held(context, (betas, *measured.FLAG_SWITCHES))
    if not held:
        return _nothing(context, 5, "no switch for betas or feature flags is held", (betas, *measured.FLAG_SWITCHES))
    evidence = []
    if context.version in measured.BETAS:
        before, after = measured.BETAS[context.version]
        evidence.append(f"measured with {context.version}: {before} beta headers with nothing set, {after} in `strict`")
    if betas in held:
        evidence.append(f"read in 2.1.330, these stay: {', '.join(measured.BETAS_THAT_STAY)}")
        reason = "experimental betas are off; others stay, by account and model"
        return Mechanism(5, "reduced", reason, held, tuple(evidence))
    reason = "feature flags decide no header; the release's own betas stay"
    command = f"ccpin env set {betas}" if does_read(context.receipt, betas) else None
    return Mechanism(5, "reduced", reason, held, tuple(evidence), command)


def _churn(context: Context) -> Mechanism:
    return Mechanism(6, "controlled", "the lock names the bytes: these run, checked, or nothing does")


def _drift(context: Context) -> Mechanism:
    names = [name for name, flag in flags.TABLE.items() if 7 in flag.mechanisms]
    held = _held(context, names)
    yours = own_keys(context, "model", "effortLevel")
    if not held:
        reason = "no flag for model or effort is held: what the server and the catalog say counts"
        return Mechanism(7, "out of reach", reason, (), yours, "ccpin env list --all --mechanism 7")
    reason = "what the lock holds is fixed; `--model`, `/model` and the settings `model` and `effortLevel` stay yours"
    return Mechanism(7, "reduced", reason, held, yours)


_RULES: dict[int, Callable[[Context], Mechanism]] = {
    1: _slicing,
    2: _sticky,
    3: _prompt,
    4: _updates,
    5: _betas,
    6: _churn,
    7: _drift,
}


def _held(context: Context, names: Iterable[str]) -> tuple[str, ...]:
    """Those that the lock holds, and that the release is not known to ignore."""
    return tuple(n for n in names if n in context.locked and does_read(context.receipt, n) is not False)


def _holds_all(context: Context, names: Iterable[str]) -> bool:
    """Whether the lock has all those on that the release reads; not where nobody has looked which."""
    read = [name for name in names if does_read(context.receipt, name)]
    return bool(read) and all(context.locked.get(name) == flags.ON for name in read)


def _unmeasured(context: Context, what: str) -> str:
    if context.receipt is None:
        return f"a switch is held, but {context.version} is not installed here, so whether it reads it is not known"
    return f"{context.version} reads the switch, but {what} was not measured"


def _nothing(context: Context, number: int, reason: str, switches: Iterable[str]) -> Mechanism:
    if context.receipt is not None and not any(context.receipt.reads.get(name) for name in switches):
        return Mechanism(
            number, "out of reach", f"{context.version} has no switch for it", command="ccpin list --remote"
        )
    return Mechanism(number, "out of reach", reason, command=_STRICT)
