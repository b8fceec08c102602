"""Every failure that ccpin expects: what it says, what mends it, and how it ends the process.

    CcpinError                      1, or 126 in the place of `claude`
    ├── UsageError                  2
    ├── LockError                   the project's lock cannot be used as it is
    ├── ReleaseError                upstream has no such release, or not for this machine
    ├── RegistryError               the registry cannot be asked, or answered something else
    ├── ChannelError                the native channel cannot be asked, or answered something else
    ├── SignatureError              what upstream signed, or the key to it, is not as it must be
    ├── StoreError                  the bytes could not be fetched, verified or kept
    ├── LaunchError                 there is a pin, but it cannot run here (126; nothing to run: 127)
    ├── WireError                   what a release sends could not be seen, or is not what the lock says
    ├── BisectError                 which release changed something could not be found
    ├── OutputLost                  what was found could not be said
    ├── Interrupted                 130
    ├── Terminated                  143
    └── Bug                         3

A class is one kind of failure: `text` and `hint` are format strings over the keyword arguments it is
raised with, and `hint` names one command (or one line to write) that mends it; `quoted` in it is `path` as a shell
takes it. `where` is `file:line`.
Tests and JSON compare `code`, never the sentence.
"""

from __future__ import annotations


class CcpinError(Exception):
    """An expected failure. `facts` are the values that the sentence is made of."""

    code = "failed"
    exit_code = 1
    launch_code = 126  # the exit code when ccpin stands in the place of `claude`
    text = "{message}"
    hint = "`ccpin --help` lists what ccpin can do"
    besides: tuple[CcpinError, ...] = ()
    """What else was tried, and failed too."""

    def __init__(self, *, where: str | None = None, **facts: object) -> None:
        self.where = where
        self.facts = dict(facts)
        self.message = short(printable(self.text.format(**facts)))
        if "{quoted}" in self.hint and "quoted" not in facts:
            facts["quoted"] = _quoted(facts.get("path"))
        self.hint = printable(self.hint.format(**facts), also="\n")  # a command, and a path may hold a line end
        super().__init__(f"{printable(where)}: {self.message}" if where else self.message)


class Stopped(BaseException):
    """SIGTERM came. Like KeyboardInterrupt it is no failure, and passes by whoever handles those."""


def short(text: str, most: int = 4000) -> str:
    """`text` as long as somebody may want to read it: what others wrote can go on for a million characters."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def _quoted(path: object) -> str:
    import shlex  # which no launch needs that goes well

    return shlex.quote(str(path))


def printable(text: str, also: str = "") -> str:
    """`text` as a terminal may have it: what a lock, an archive or a server says may hold control sequences."""
    return "".join(c if c.isprintable() or c in also else "?" for c in text)


class UsageError(CcpinError):
    code = "usage"
    exit_code = 2
    launch_code = 2


class BadNodeRequest(UsageError):
    code = "bad-node-request"
    text = "`{spec}` is not a version of Node.js: {reason}"
    hint = "write `--node 22`, `--node 22.23` or `--node 22.23.2`"


class BadRequest(UsageError):
    code = "bad-request"
    text = "`{spec}` is not a version: {reason}"
    hint = "write `ccpin use 2.0.14`, a prefix (`2.0`), a range in quotes (`'>=2.0,<2.1'`), `latest` or `stable`"


class NothingAsked(UsageError):
    code = "nothing-asked"
    text = "there is no lock here whose request could be read again"
    hint = "name a version: `ccpin use 2.0.14`"


class BadRuntime(UsageError):
    code = "bad-runtime"
    text = "`{runtime}` is not a runtime: a release is `native` (an executable) or `node` (JavaScript)"
    hint = "leave the option away to take the release's own: `ccpin use {version}`"


class FolderGone(UsageError):
    code = "folder-gone"
    launch_code = 126
    text = "the current folder does not exist any more"
    hint = "go to one that does: `cd`"


class BadOption(UsageError):
    code = "bad-option"
    text = "{reason}"
    hint = "`{command} --help` shows how it is used"


class BadBundleName(UsageError):
    code = "bad-bundle-name"
    text = "`{path}` is not what ccpin writes: a bundle is a folder, or a `.tar`"
    hint = "write `ccpin bundle -o {tar}`, and pack that yourself: it shrinks to less than half"


class BadSource(UsageError):
    code = "bad-source"
    text = "`--source` is not one: {reason}"
    hint = "write `--source npm`, `--source native`, an order (`native,npm`), or `auto`"


class BadSetting(UsageError):
    code = "bad-setting"
    text = "`{value}` is not a value for `{name}`: {reason}"
    hint = "write `ccpin config {name} {example}`; `ccpin config --help` tells what each setting takes"


class BadVersion(UsageError):
    code = "bad-version"
    text = "`{value}` is not one version: it takes three numbers"
    hint = "write them out: `ccpin history --from 2.0.14 --to 2.1.330`"


class BadAge(UsageError):
    code = "bad-age"
    text = "`{value}` is not an age: it takes a number of days or hours"
    hint = "write days or hours: `--min-age 7d`, `--min-age 36h`"


class BadSince(UsageError):
    code = "bad-since"
    text = "`{value}` is neither a day nor an age"
    hint = "write a day or an age: `--since 2026-11-01`, `--since 30d`, `--since 36h`"


class NoSuchFolder(UsageError):
    code = "no-such-folder"
    text = "`{path}` is no folder"
    hint = "name the folder that the sessions were started in, or take those of all: `ccpin sessions --all`"


class BadVariable(UsageError):
    code = "bad-variable"
    launch_code = 126
    text = "{name} cannot be used: {reason}"
    hint = "set it to a value, `export {name}={example}`, or take it away: `unset {name}`"


class UnknownProfile(UsageError):
    code = "unknown-profile"
    text = "`{profile}` is not a profile; there are {known}"
    hint = "`ccpin env profile` shows what they hold"


class UnknownFlag(UsageError):
    code = "unknown-flag"
    text = "`{name}` is not one of ccpin's behaviour flags{more}"
    hint = "`ccpin env list --all` lists them"


class BadFlagValue(UsageError):
    code = "bad-flag-value"
    text = "`{flag}` cannot stand in a lock: {reason}"
    hint = "`ccpin env explain {name}` shows what it takes and what it does"


class NothingToChange(UsageError):
    code = "nothing-to-change"
    text = "there is no lock whose flags could be changed: {path} does not exist"
    hint = "write one first: `{command}`"


class NothingPinned(UsageError):
    code = "nothing-pinned"
    text = "there is no lock whose pin could be moved: {path} does not exist"
    hint = "write one first: `{command}`"


# --- the lock ---------------------------------------------------------------------------------------


class LockError(CcpinError):
    code = "lock"


class NoLock(LockError):
    code = "no-lock"
    launch_code = 127
    text = "no `.ccpin.lock` in this folder or above it, and no default is set"
    hint = "pin this project: `ccpin use 2.0.14` (or for this user: `ccpin use 2.0.14 --global`)"


class NoDefault(LockError):
    code = "no-default"
    text = "this user has no default lock: {path} does not exist"
    hint = "set one: `ccpin use 2.0.14 --global`"


class LockUnreadable(LockError):
    code = "lock-unreadable"
    text = "the lock cannot be read: {reason}"
    hint = "look at it, `ls -ld {quoted}`; a committed one comes back with `git checkout -- {quoted}`"


class LockConflict(LockError):
    code = "lock-conflict"
    text = "the lock holds conflict markers: two branches pinned different releases, and git kept both"
    hint = "choose one of them: `ccpin use VERSION` writes the lock anew"


class LockFromTheFuture(LockError):
    code = "lock-version"
    text = "the lock is of format {found}; this ccpin ({ccpin}) reads format {known}"
    hint = "get a newer ccpin, at least {needed}: `sh install.sh` from its newest release"


class LockInvalid(LockError):
    code = "lock-invalid"
    text = "the lock is not valid: {reason}"
    hint = "put back the committed one, `git checkout -- .ccpin.lock`, or write it anew: `ccpin use VERSION`"


class FlagRefused(LockError):
    code = "flag-refused"
    text = "`{name}` may not stand in a lock: {reason}"
    hint = "delete that line; `ccpin env list --all` lists the flags, and what a lock may set them to"


class DigestMismatch(LockError):
    code = "digest-mismatch"
    text = "`digest` does not fit the artifacts: the lock says {said}, its [artifacts] make {made}"
    hint = "put back the committed lock, `git checkout -- .ccpin.lock`, or write it anew: `ccpin use {version}`"


class LockWouldChange(LockError):
    code = "lock-would-change"
    text = "`ccpin use` would not write this lock, which `--locked` asks for: {reason}"
    hint = "write it anew and commit it: `ccpin use {request}`"


class LockNotWritable(LockError):
    code = "lock-not-writable"
    text = "the lock cannot be written: {reason}"
    hint = "make its folder writable for you (`ls -ld .` shows whose it is), then repeat the command"


class NodeNotLocked(LockError):
    code = "node-not-locked"
    text = "the lock has its own Node.js {node}, for {locked}, and none for this machine ({platform})"
    hint = "leave the choice to each machine's PATH, `ccpin use {version} --node none`, or pin a native release"


class NoPrevious(LockError):
    code = "no-previous"
    text = "no previous pin of this lock is known: {reason}"
    hint = "name the release that you want back: `ccpin use VERSION`"


class SessionsOff(LockError):
    code = "sessions-off"
    text = "{off} of {all} sessions do not fit the lock, {changed} changed their release in the middle"
    hint = "`ccpin sessions --every` names them; `ccpin check` tells whether `claude` starts the lock's release now"


class PlatformNotLocked(LockError):
    code = "platform-not-locked"
    text = "Claude Code {version} is locked for {locked}, not for this machine ({platform})"
    hint = "choose a release that has this platform: `ccpin list --remote` shows which do"


class NotLockedFor(LockError):
    code = "not-locked-for"
    text = "Claude Code {version} is locked for {locked}, not for {platform}"
    hint = "take all that the lock has: `ccpin bundle -o FILE --platform all`"


# --- releases ---------------------------------------------------------------------------------------


class ReleaseError(CcpinError):
    code = "release"


class UnknownRelease(ReleaseError):
    code = "unknown-release"
    text = "there is no Claude Code {version} in the registry {registry}{nearest}"
    hint = "`ccpin list --remote` lists what there is"


class NothingSatisfies(ReleaseError):
    code = "nothing-satisfies"
    text = "no release in the registry {registry} satisfies `{request}`; the newest is {newest}"
    hint = "`ccpin list --remote` lists what there is"


class NoSuchChannel(ReleaseError):
    code = "no-such-channel"
    text = "the registry {registry} has no tag `{channel}`; it has {tags}"
    hint = "name a version instead: `ccpin use {newest}`"


class PlatformMissing(ReleaseError):
    code = "platform-missing"
    text = "Claude Code {version} was not published for {platform}; it is there for {present}"
    hint = "choose another release: `ccpin list --remote` shows which platforms each one has"


class Incomplete(ReleaseError):
    code = "incomplete"
    text = "Claude Code {version} lacks {absent}"
    hint = "take it all the same: `ccpin use {version}`"


class NothingFits(ReleaseError):
    code = "nothing-fits"
    text = "no release that `{request}` means can be taken: {passed}"
    hint = "name one: `ccpin use VERSION`; `ccpin list --remote` shows what each one has"


class Behind(ReleaseError):
    code = "behind"
    text = "Claude Code {version} is pinned, and {newer}"
    hint = "move the pin up: `{command}`"


class WouldMoveDown(ReleaseError):
    code = "would-move-down"
    text = "`{request}` means {version} today{passed}, which is older than the pinned {pinned}"
    hint = "an upgrade only moves up; `ccpin use {version}` moves down"


class TooYoung(ReleaseError):
    code = "too-young"
    text = "Claude Code {version} is too young: {reason}"
    hint = "take it all the same: `ccpin use {version} --min-age 0d`"


class AgeUnknown(ReleaseError):
    code = "age-unknown"
    text = "nobody tells when Claude Code {version} was built: it has no manifest, and a registry's dates may lie"
    hint = "take it all the same: `ccpin use {version} --min-age 0d`"


class NotServed(ReleaseError):
    code = "not-served"
    text = "{source} cannot have {what}: {reason}"
    hint = "let ccpin choose where it comes from: leave `--source`, or `--from`, away"


class NotInBundle(ReleaseError):
    code = "not-in-bundle"
    text = "the bundle {path} has no {what}; it holds {held}"
    hint = "make one that has it where there is a network, and copy it here: `ccpin bundle -o FILE{chosen}`"


class UnsupportedPlatform(ReleaseError):
    code = "unsupported-platform"
    text = "Claude Code is not published for {platform}"
    hint = "it runs on Linux, macOS and Windows, x64 or arm64; `ccpin list --remote` shows the platforms"


class NeedsNativeModule(ReleaseError):
    code = "needs-native-module"
    text = "Claude Code {version} needs {modules}, compiled at install; ccpin runs no install scripts"
    hint = "0.2.90 to 0.2.113 are like that; choose a neighbour: `ccpin use 0.2.114`"


class RuntimeMissing(ReleaseError):
    code = "runtime-missing"
    text = "Claude Code {version} does not exist as runtime `{runtime}`"
    hint = "take the runtime it has: `ccpin use {version} --runtime {other}`"


class NoSuchNode(ReleaseError):
    code = "no-such-node"
    text = "the registry {registry} has no Node.js `{spec}` for {platform}{said}"
    hint = "name another: `ccpin use VERSION --node 22`"


class NodeTooOld(ReleaseError):
    code = "node-too-old"
    text = "Node.js `{spec}` is {version} at most, and the release wants {engines}"
    hint = "name a newer one: `ccpin use VERSION --node 22`"


class NodeNotPublished(ReleaseError):
    code = "node-not-published"
    text = "npm has no Node.js for {platform} that a lock could hold, only for {present}"
    hint = "pin a native release, `ccpin use 2.1`, or install a Node.js and leave `--node` away"


class BadMetadata(ReleaseError):
    code = "bad-metadata"
    text = "what the registry says of {what} cannot be used: {reason}"
    hint = "try again later, or ask another registry: `ccpin use VERSION --registry URL`"


# --- the registry -----------------------------------------------------------------------------------


class RegistryError(CcpinError):
    code = "registry"


class NoRegistry(RegistryError):
    code = "no-registry"
    text = "no npm registry is configured: none in the environment, in {files}, and npm {npm}"
    hint = "write `registry=https://…/` into {user_file}, or name it once: `ccpin use VERSION --registry URL`"


class BadRegistryAddress(RegistryError):
    code = "bad-registry-address"
    text = "the registry's address cannot be used: {reason}"
    hint = "write `registry=https://…/` into ~/.npmrc, or name it once: `ccpin use VERSION --registry URL`"


class BadCredentials(RegistryError):
    code = "bad-credentials"
    text = "the npm configuration's credentials for `{place}` cannot be sent: they hold what no header can carry"
    hint = "write them anew, `npm login`, or look for a line end in the variable that they are read from"


class RegistryUnreachable(RegistryError):
    code = "registry-unreachable"
    text = "{address} cannot be reached: {reason}"
    hint = "check address, network and proxy; another registry for once: `ccpin list --remote --registry URL`"


class Offline(RegistryError):
    code = "offline"
    text = "{address} is not asked, for `--offline` or CCPIN_OFFLINE is set; {unknown}"
    hint = "repeat the command without `--offline`, and after `unset CCPIN_OFFLINE`"


class CertificateRefused(RegistryError):
    code = "certificate-refused"
    text = "the certificate of {address} is not one that {source} trusts: {reason}"
    hint = "does a company's proxy or registry answer? name its authority's file in {names}`npm config set cafile=FILE`"


class BadCertificate(RegistryError):
    code = "bad-certificate"
    text = "`{key}` cannot be used: {reason}"
    hint = "name a file that can be read, `npm config set '{key}=FILE'`, or take it away: `{delete}`"


class BadProxy(RegistryError):
    code = "bad-proxy"
    text = "the proxy {source} cannot be used: {reason}"
    hint = "write `https-proxy=http://host:port/` into ~/.npmrc, or set HTTPS_PROXY like that"


class ProxyDenied(RegistryError):
    code = "proxy-denied"
    text = "the proxy {address} ({source}) answered 407: it wants credentials"
    hint = "write `https-proxy=http://${{PROXY_USER}}:${{PROXY_PASSWORD}}@{proxy}/` into ~/.npmrc, or set HTTPS_PROXY"


class RegistryDenied(RegistryError):
    code = "registry-denied"
    text = "{address} answered {status}: {reason}"
    hint = "write `{auth_line}` into ~/.npmrc (a project's is not read), or log in: `npm login`"


class RegistryFailed(RegistryError):
    code = "registry-failed"
    text = "{address} answered {status}"
    hint = "try again later; another registry for once: `ccpin list --remote --registry URL`"


class NotFound(RegistryError):
    code = "not-found"
    text = "{address} answered 404: it does not hold that"
    hint = "is that the right registry? another one for once: `ccpin list --remote --registry URL`"


class NotARegistry(RegistryError):
    code = "not-a-registry"
    text = "{address} answered something that is not npm metadata ({found}): a proxy or a login page may stand between"
    hint = "is that the right registry? another one for once: `ccpin list --remote --registry URL`"


# --- the native channel -----------------------------------------------------------------------------


class ChannelError(CcpinError):
    code = "channel"


class BadChannelAddress(ChannelError):
    code = "bad-channel-address"
    text = "the native channel's address cannot be used: {reason}"
    hint = "write `CCPIN_CHANNEL=https://host/path`, or take upstream's own: `unset CCPIN_CHANNEL`"


class ChannelUnreachable(ChannelError):
    code = "channel-unreachable"
    text = "{address} cannot be reached: {reason}"
    hint = "check network and proxy; npm has the same bytes: `ccpin use VERSION --source npm`"


class ChannelRefused(ChannelError):
    code = "channel-refused"
    text = "{address} answered {status}: the native channel, or a proxy before it, refuses this network"
    hint = "npm has the same bytes: `ccpin use VERSION --source npm`"


class ChannelFailed(ChannelError):
    code = "channel-failed"
    text = "{address} answered {status}"
    hint = "try again later; npm has the same bytes: `ccpin use VERSION --source npm`"


class NotAChannel(ChannelError):
    code = "not-a-channel"
    text = "{address} answered something that no native channel does ({found}): a proxy or a login page is between"
    hint = "npm has the same bytes: `ccpin use VERSION --source npm`"


class NotOnChannel(ChannelError):
    code = "not-on-channel"
    text = "the native channel has no {what}: {address} answered 404"
    hint = "`ccpin list --remote` lists what npm has; take it from there: `ccpin use VERSION --source npm`"


class BadManifest(ChannelError):
    code = "bad-manifest"
    text = "what the native channel says of {what} cannot be used: {reason}"
    hint = "try again later; npm has the same bytes: `ccpin use VERSION --source npm`"


class SignatureError(CcpinError):
    code = "signature"


class BadSignature(SignatureError):
    code = "bad-signature"
    text = "the {scheme} signature of Claude Code {version} is not good: {reason}; nothing was taken"
    hint = "something changed it on its way here; try another network, or npm: `ccpin use {version} --source npm`"


class UnknownSigningKey(SignatureError):
    code = "unknown-signing-key"
    text = (
        "the {scheme} signature of Claude Code {version} is by a key that ccpin does not know, {key}; nothing was taken"
    )
    hint = "a newer ccpin may know it; a key that you have checked goes into its folder, named by its id: `{path}`"


class SignatureMissing(SignatureError):
    code = "signature-missing"
    text = "Claude Code {version} lacks its {scheme} signature, which upstream makes from {since} on; nothing was taken"
    hint = "something left it out on its way here; try another network, or npm: `ccpin use {version} --source npm`"


class NotVouchedFor(SignatureError):
    code = "not-vouched-for"
    text = "{channel} names Claude Code {version} as what is meant today, and no checked signature vouches for that"
    hint = (
        "npm says what it means by that, `ccpin use latest --source npm`; or give ccpin upstream's OpenPGP certificate:"
        " `ccpin config keys` tells where"
    )


class BadKeyFile(SignatureError):
    code = "bad-key-file"
    text = "{path} cannot be used as a key: {reason}"
    hint = "put the right one there, under its id, or take it away: `rm {quoted}`"


# --- the store --------------------------------------------------------------------------------------


class StoreError(CcpinError):
    code = "store"


class NotInstalled(StoreError):
    code = "not-installed"
    launch_code = 127
    text = "Claude Code {version} is pinned but not installed on this machine"
    hint = "install it: `{command}`"


class IntegrityMismatch(StoreError):
    code = "integrity-mismatch"
    text = "{what} is not what was locked: {kind} expected {expected}, found {found}; nothing was kept"
    hint = "was the lock edited by hand? `ccpin use VERSION` writes it anew; else something serves other bytes"


class Truncated(StoreError):
    """`final` where a new connection was tried in vain: another try from the beginning would not help either."""

    code = "truncated"
    final = False
    text = "{what} ended early: {reason}; nothing was kept"
    hint = "the connection broke; repeat the command (`ccpin sync` in a project with a lock)"


class BadArchive(StoreError):
    code = "bad-archive"
    text = "{what} is refused: {reason}; nothing was kept"
    hint = "upstream did not make that archive; another registry for once: `ccpin sync --registry URL`"


class WrongVersionInside(StoreError):
    code = "wrong-version-inside"
    text = "{what} says that it is {found}, not {version}; nothing was kept"
    hint = "the registry serves another release under this number; another one for once: `ccpin sync --registry URL`"


class NoRoom(StoreError):
    code = "no-room"
    text = "no room on the disk under {path}: {reason}"
    hint = "free some (`ccpin list` shows what is installed), or move: `CCPIN_HOME=/elsewhere ccpin setup`"


class StoreUnwritable(StoreError):
    code = "store-unwritable"
    text = "the store cannot be written: {path}: {reason}"
    hint = "make it writable for you, or keep the store elsewhere: `CCPIN_HOME=/elsewhere ccpin setup`"


class StoreMisplaced(StoreError):
    code = "store-misplaced"
    text = "the store may not be under {path}: for Claude Code's updater, `{part}` marks an installation of its own"
    hint = "keep the store elsewhere: `CCPIN_HOME=/elsewhere ccpin setup`"


class StoreNoexec(StoreError):
    code = "store-noexec"
    text = "{path} is on a disk that starts no programs (it is mounted `noexec`), so no release could run from there"
    hint = "keep the store elsewhere: `CCPIN_HOME=/elsewhere ccpin setup`"


class StoreBusy(StoreError):
    code = "store-busy"
    text = "{holder} is installing this release, and has come no further for over {minutes} minutes"
    hint = "wait for it, or end it where it runs, `{command}`; then repeat the command"


class StoreMarkedBusy(StoreError):
    code = "store-marked-busy"
    text = "{holder} is installing this release, and has come no further for over {minutes} minutes"
    hint = "wait for it, or end it where it runs; where it is gone for sure, `rm {quoted}`; then repeat the command"


class BadLockFile(StoreError):
    code = "bad-lock-file"
    text = "{path} cannot serve as a lock: {reason}"
    hint = "ccpin needs a plain file of yours there, or none: look at it, `ls -ld {quoted}`, and take it away"


class ProcessesUnseen(StoreError):
    code = "processes-unseen"
    text = "the processes of this machine cannot be listed ({reason}), so a release that runs could be removed"
    hint = "repeat the command where `ps -e` works; nothing was removed"


class EntryChanged(StoreError):
    code = "entry-changed"
    text = "the installed {version} is not as it was installed: {reason}"
    hint = "install it again: `ccpin sync --force`"


class SharedChanged(StoreError):
    code = "shared-changed"
    text = "the shared store {path} does not hold {version} as it was installed: {reason}"
    hint = (
        "whoever keeps it runs `CCPIN_HOME={quoted} ccpin verify {version} --repair`; "
        "to do without it, `unset CCPIN_STORE_PATH`"
    )


class OnlyShared(StoreError):
    code = "only-shared"
    text = "{version} is in the shared store {path}, which ccpin only reads, and not in yours"
    hint = "whoever keeps it removes it there: `CCPIN_HOME={quoted} ccpin uninstall {version}`"


class LinkedEntry(StoreError):
    code = "linked-entry"
    text = "{version} stands behind a link, {path}, so it is somebody else's to remove"
    hint = "take away the link alone: `rm {quoted}`"


class Damaged(StoreError):
    code = "damaged"
    text = "Claude Code {version} is not as it was verified: {path}: {said}{more}"
    hint = "install it anew: `{command}`"


class StrangeFile(StoreError):
    code = "strange-file"
    text = "{path} is not ccpin's: {said}"
    hint = "look at it, and take it away: `rm -r {quoted}`"


class CannotMend(StoreError):
    code = "cannot-mend"
    text = "{path} cannot be mended: {reason}"
    hint = "remove {what}, `{command}`; a project that pins it installs it again"


class BadBundle(StoreError):
    code = "bad-bundle"
    text = "{path} cannot be used as a bundle: {reason}"
    hint = "make it anew where there is a network, `ccpin bundle -o FILE`, and copy it whole"


class BundleUnwritable(StoreError):
    code = "bundle-unwritable"
    text = "{path} cannot be written: {reason}"
    hint = "name another place: `ccpin bundle -o ccpin-bundle.tar`"


class InUse(StoreError):
    code = "in-use"
    text = "{version} is in use: {users}"
    hint = "remove it all the same: `ccpin uninstall {version} --force`"


class NothingInstalled(StoreError):
    code = "nothing-installed"
    text = "{version} is not installed"
    hint = "`ccpin list` shows what is"


# --- the launch -------------------------------------------------------------------------------------


class LaunchError(CcpinError):
    code = "launch"


class NothingBeside(LaunchError):
    code = "nothing-beside"
    launch_code = 127
    text = "CCPIN_DISABLE is set, and there is no other `claude` on PATH"
    hint = "run the pinned one: `unset CCPIN_DISABLE`"


class BadVersionVariable(LaunchError):
    code = "bad-version-variable"
    text = "CCPIN_VERSION is `{value}`: it takes one exact version, such as 2.0.14"
    hint = "run what the lock says: `unset CCPIN_VERSION`"


class ProblemsFound(LaunchError):
    code = "problems-found"
    text = "{count}"
    hint = "mend them from the top, each with its command; `ccpin doctor` looks again"


class Overridden(LaunchError):
    code = "overridden"
    text = "{name} is set, so `claude` does not start what the lock says"
    hint = "run what the lock says: `unset {name}`"


class NothingToRun(LaunchError):
    code = "nothing-to-run"
    launch_code = 127
    text = "nothing is pinned here, and there is no other `claude` on PATH"
    hint = "pin this project: `ccpin use 2.0.14` (or for this user: `ccpin use 2.0.14 --global`)"


class NoneInstalled(LaunchError):
    code = "none-installed"
    text = "no Claude Code is installed here: there is no other `claude` on PATH{folder}"
    hint = "name a release instead: `ccpin use latest`"


class ReleaseNotTold(LaunchError):
    code = "release-not-told"
    text = "{path} does not tell which release of Claude Code it is"
    hint = "name the release that you want: `ccpin use VERSION`"


class NotUpstreams(LaunchError):
    code = "not-upstreams"
    text = "{path} is not upstream's {version}: its sha256 is {found}, not {expected}"
    hint = "pin upstream's own {version} instead: `ccpin use {version}`"


class InstallForbidden(LaunchError):
    code = "install-forbidden"
    launch_code = 127
    text = "Claude Code {version} is pinned but not installed, and CCPIN_NO_INSTALL forbids to install it now"
    hint = "install it first: `{command}`"


class UpdateRefused(LaunchError):
    code = "update-refused"
    text = "`claude {verb}` is refused: this project is pinned to Claude Code {version} ({where_pinned})"
    hint = "change the pin instead: `ccpin use VERSION`"


class SettingsAbove(LaunchError):
    code = "settings-above"
    text = "{what}, and {level} stands above the lock ({pin}) in Claude Code {version}"
    hint = "take it away there, or loosen the lock (`ccpin env profile default`); `ccpin doctor` shows all of them"


class ClientDataKept(LaunchError):
    code = "client-data-kept"
    text = "client data cached in this file would change what {version} sends, and cannot be taken out: {reason}"
    hint = "end the sessions that use it and start again, or loosen the lock: `ccpin env profile default`"


class OwnSettings(LaunchError):
    code = "own-settings"
    text = "`--settings` cannot be merged with the lock's flags: {settings}: {reason}"
    hint = "mend them; without ccpin's flags: `CCPIN_DISABLE=1 claude --settings FILE`"


class BackgroundRefused(LaunchError):
    code = "background-refused"
    text = "`claude {verb}` is refused: {reason}"
    hint = "end that supervisor first (`{command}`), or allow no background work at all: `ccpin env profile strict`"


class BelowMinimum(LaunchError):
    code = "below-minimum"
    text = "Claude Code {version} is older than your own minimum-version, {minimum} ({file})"
    hint = "pin a newer one (`ccpin list --remote`), or lower the floor: `ccpin config minimum-version {version}`"


class BrokenSetting(LaunchError):
    code = "broken-setting"
    text = "`{name}` cannot be read: {reason}"
    hint = "set it anew, `ccpin config {name} {example}`, or take it away: `ccpin config {name} --unset`"


class NodeMissing(LaunchError):
    code = "node-missing"
    launch_code = 127
    text = "Claude Code {version} is a JavaScript release and needs Node.js {engines}; there is no `node` on PATH"
    hint = "install Node.js {engines}, or lock one for everybody: `ccpin use {version} --node 22`"


class NodeUnfit(LaunchError):
    code = "node-unfit"
    text = "Claude Code {version} needs Node.js {engines}; {path} {found}"
    hint = "put a newer Node.js first on PATH, or lock one for everybody: `ccpin use {version} --node 22`"


class Loop(LaunchError):
    code = "loop"
    text = "`claude` led back to ccpin {rounds} times: {path} calls it"
    hint = "take that one off PATH, or pin the project: `ccpin use 2.0.14`"


class CannotExecute(LaunchError):
    code = "cannot-execute"
    text = "{path} cannot be started: {reason}"
    hint = "install it again: `ccpin sync --force`"


class NotSetUp(LaunchError):
    code = "not-set-up"
    text = "{reason}"
    hint = "`ccpin setup` installs the shim and puts it on PATH"


class ShellFileNotCleaned(LaunchError):
    code = "shell-file-not-cleaned"
    text = "{path} cannot be changed: {reason}"
    hint = "take the lines from `{start}` to `{end}` out of it yourself"


class ShellFileUnwritable(LaunchError):
    code = "shell-file-unwritable"
    text = "{path} cannot be changed: {reason}"
    hint = "write this line into it yourself: `{line}`"


class NotInitialised(LaunchError):
    code = "not-initialised"
    text = "{path} cannot be written: {reason}"
    hint = "look at it (`ls -l {quoted}`), then repeat `ccpin init`"


class EditorFileUnwritable(LaunchError):
    code = "editor-file-unwritable"
    text = "{path} was not changed: {reason}"
    hint = "write this line into it yourself: `{line}`"


class EditorFileNotCleaned(LaunchError):
    code = "editor-file-not-cleaned"
    text = "{path} was not changed: {reason}"
    hint = "take this line out of it yourself: `{line}`"


class EditorFileShared(LaunchError):
    code = "editor-file-shared"
    text = "git does not ignore {path}, and what goes into it is a path of this machine alone ({program})"
    hint = "set it for you alone: `ccpin setup --vscode`"


class NoEditor(LaunchError):
    code = "no-editor"
    text = "no editor of VS Code's family has its settings below {user}"
    hint = "write this line into its settings yourself: `{line}`"


# --- the wire ---------------------------------------------------------------------------------------


class WireError(CcpinError):
    code = "wire"


class NotCaptured(WireError):
    code = "not-captured"
    text = "what Claude Code {version} sends could not be captured: {reason}"
    hint = "look at it in the other mode: `{command}`"


class CannotCapture(WireError):
    code = "cannot-capture"
    text = "no release can be captured on this machine: {reason}"
    hint = "on Linux or macOS `ccpin fingerprint` can"


class ReadAbove(WireError):
    code = "read-above"
    text = "a release that is captured below {path} would read, or run, what {what} holds"
    hint = "take that away, or name another folder for temporary files, such as `TMPDIR=/var/tmp ccpin fingerprint`"


class NotStable(WireError):
    code = "not-stable"
    text = "what Claude Code {version} sends under these flags is not the same from run to run ({parts})"
    hint = "look at it with `ccpin fingerprint --runs 10`; `ccpin env profile strict` takes most of what varies away"


class NoFingerprint(WireError):
    code = "no-fingerprint"
    text = "the lock has no fingerprint that could be compared"
    hint = "write one, from this machine: `{command}`"


class OtherRules(WireError):
    code = "other-rules"
    text = "the lock's fingerprint was made by rules {found}, and this ccpin compares by rules {known}"
    hint = "make it anew with this ccpin, `{command}`, or take the ccpin that made it"


class SentOtherwise(WireError):
    code = "sent-otherwise"
    text = "{parts} not what the lock's fingerprint says: {why}"
    hint = "take it away, or keep it and leave `--wire` out: `ccpin check`"


class EditedFingerprint(WireError):
    code = "edited-fingerprint"
    text = "`all` is not made of the digests that stand below it, so somebody has edited the fingerprint"
    hint = "restore the lock from git, or make the fingerprint anew: `{command}`"


class SentByItself(WireError):
    code = "sent-by-itself"
    text = "{parts} not what the lock's fingerprint says: the release sends this even in an empty home, {machine}"
    hint = "`ccpin fingerprint` shows what; where that is right, lock it: `{command}`"


class AddedHere(WireError):
    code = "added-here"
    text = "`{part}` would not be what the lock's fingerprint says: {what} adds to it"
    hint = "take it away, or keep it and leave `--wire` out: `ccpin check`"


class NothingToShow(WireError):
    code = "nothing-to-show"
    text = "no release{which} is installed here or was captured"
    hint = "`ccpin list --remote` lists what there is; install one of them: `ccpin install VERSION`"


class PageNotWritable(WireError):
    code = "page-not-writable"
    text = "{path} cannot be written: {reason}"
    hint = "name a file where you may write: `--html /tmp/page.html`"


# --- bisecting --------------------------------------------------------------------------------------


class BisectError(CcpinError):
    code = "bisect"


class EndsAlike(BisectError):
    code = "ends-alike"
    text = "there is nothing to find between {good} and {bad}: {why}"
    hint = "take ends that differ: `ccpin bisect --good A --bad B …`"


class EndNotTold(BisectError):
    code = "end-not-told"
    text = "{version} cannot be told good or bad, and it is an end: {why}"
    hint = "take another end: `ccpin bisect --good A --bad B …`"


class NotDecided(BisectError):
    code = "not-decided"
    text = "the first one is one of these, as the others could not be told: {versions}"
    hint = "look at them one by one: `ccpin exec --version {first} -- …`"


class BisectAborted(BisectError):
    code = "bisect-aborted"
    text = "the command ended with {how} for {version}, which says that no other release is to be tried"
    hint = "mend that, and go on where it was: `ccpin bisect --continue`"


class CommandNotStarted(BisectError):
    code = "command-not-started"
    text = "`{command}` cannot be started: {reason}"
    hint = "name a program, or a line for the shell: `ccpin bisect --good A --bad B -- sh -c 'LINE'`"


class OtherBisect(BisectError):
    code = "other-bisect"
    text = "what is to be continued was asked otherwise: `{name}` was {was}"
    hint = "say only `ccpin bisect --continue`; or leave `--continue` out, and it starts anew"


class NothingToContinue(BisectError):
    code = "nothing-to-continue"
    text = "no bisection of this project can be continued: {reason}"
    hint = "start one: `ccpin bisect --good A --bad B -- COMMAND`"


class BisectBusy(BisectError):
    code = "bisect-busy"
    text = "{holder} is at work on the same bisection"
    hint = "wait for it, or end it, and then `ccpin bisect --continue`"


class OutputLost(CcpinError):
    code = "output-lost"
    text = "the answer could not be written: {reason}"
    hint = "let it go elsewhere: `ccpin current > FILE`"


class Interrupted(CcpinError):
    code = "interrupted"
    exit_code = launch_code = 130
    text = "interrupted"
    hint = "repeat the command; `ccpin check` looks at what is there"


class Terminated(CcpinError):
    code = "terminated"
    exit_code = launch_code = 143
    text = "terminated"
    hint = "repeat the command; `ccpin check` looks at what is there"


class Bug(CcpinError):
    code = "bug"
    exit_code = launch_code = 3
    text = "ccpin did not expect this: {kind}"
    hint = "please report it with what stderr says; `ccpin --version` tells which ccpin this is"
