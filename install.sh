#!/bin/sh
# Puts ccpin on this machine for this user, then runs ccpin with the arguments it was given.
# `sh install.sh --help` says more. Results go to stdout and come from ccpin alone; what is said here goes to stderr.

# shellcheck disable=SC2016 # the backquotes are for the reader
usage='usage: sh install.sh [CCPIN ARGUMENTS]

Installs ccpin for this user from the checkout that this file stands in, puts its `claude`
first on PATH (`ccpin setup`), then runs ccpin with the arguments, if there are any:

    sh install.sh               install ccpin, or bring it up to date
    sh install.sh use 2.0.14    the same, then `ccpin use 2.0.14` in the current folder

Needs Python 3.10 or newer. It is installed with uv where there is one, else with pipx,
else into a virtual environment of its own, in the folder where ccpin keeps its things.

    CCPIN_INSTALLER=venv|uv|pipx    which of these to use
    CCPIN_PYTHON=/path/to/python    which Python to use
    CCPIN_NO_SETUP=1                leave the shell files and PATH alone
    CCPIN_HOME=/folder              where ccpin keeps its things

`ccpin setup --undo` takes back what was done to shell files and PATH.'

set -eu
unset CDPATH PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONEXECUTABLE
# A target, prefix or user scheme would take the packages out of the environment that is made for them. What
# says where packages come from (index, proxy, certificates, constraints) stays.
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_DRY_RUN PIP_NO_DEPS PIP_REQUIRE_VIRTUALENV \
  PIP_EDITABLE PIP_REQUIREMENT PIP_IGNORE_INSTALLED PIP_UPGRADE PIP_REPORT PIP_NO_BUILD_ISOLATION

say() { printf 'ccpin: %s\n' "$*" >&2; }

fail() { # sentences, one an argument
  for sentence; do say "$sentence"; done
  exit 1
}

find_python() { # sets $python; what answers may be a stand-in (pyenv's, Apple's), so it is really run
  too_old=
  for python in ${CCPIN_PYTHON:+"$CCPIN_PYTHON"} \
    python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do
    found=$("$python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 10))' \
      2>/dev/null </dev/null) || found=
    case $found in
      *' True') return ;;
      *' False') too_old=${too_old:-"$python is Python ${found% *}"} ;;
    esac
    test -z "${CCPIN_PYTHON:-}" || break
  done
  remedy='install Python 3.10 or newer (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python3)'
  test -z "${CCPIN_PYTHON:-}" || remedy='CCPIN_PYTHON must be the path of a Python 3.10 or newer'
  test -n "$too_old" || too_old="there is no ${CCPIN_PYTHON:-python3} that runs"
  fail "$too_old, and ccpin needs 3.10 or newer" "$remedy"
}

# Prints assignments for this shell: the checkout, its address and a digest of what would be installed from it, and
# where ccpin keeps its things, by the rule in ccpin/paths.py itself.
facts='
import hashlib, os, pathlib, shlex, sys

checkout = os.path.dirname(os.path.realpath(sys.argv[1]))
parts = [os.path.join(checkout, name) for name in ("install.sh", "pyproject.toml", "ccpin", "shims")]
facts = {"python": sys.executable, "python_version": "%d.%d" % sys.version_info[:2], "checkout": ""}
# On stdin there is no checkout: `$0` is the shell, and what stands in the current folder is for anybody to choose.
if os.path.basename(os.path.realpath(sys.argv[1])) == "install.sh" and all(map(os.path.exists, [sys.argv[1], *parts])):
    sys.path.insert(0, checkout)
    from ccpin import __version__
    from ccpin.paths import find_home

    digest = hashlib.sha256(os.fsencode(os.environ.get("CCPIN_PYTHON", "")))
    for part in (*parts, os.path.join(checkout, "README.md"), os.path.join(checkout, "LICENSE")):
        names = [part] if os.path.isfile(part) else pathlib.Path(part).rglob("*")
        for path in sorted(str(name) for name in names):
            if os.path.isfile(path) and "__pycache__" not in path and not path.endswith("install.sh"):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).digest()
                digest.update(os.fsencode(os.path.relpath(path, checkout)) + b"\0" + content)
    try:
        home = find_home(dict(os.environ)).root
    except ImportError:  # the rule asks platformdirs, which only an installed ccpin has
        data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
        home = os.path.join(os.path.abspath(data), "ccpin")
    facts |= {"checkout": checkout, "source": "ccpin @ " + pathlib.Path(checkout).as_uri(), "version": __version__}
    facts |= {"digest": digest.hexdigest(), "home": home, "activate": ". " + shlex.quote(os.path.join(home, "env.sh"))}
print("\n".join(name + "=" + shlex.quote(value) for name, value in facts.items()))
'

checkout='' source='' version='' digest='' home='' activate='' python_version='' # what $facts prints

# What is installed, as the installer noted it: another installation, from wherever, has another digest.
installed='
import hashlib, importlib.metadata
print(hashlib.sha256(importlib.metadata.distribution("ccpin").read_text("RECORD").encode()).hexdigest())
'

stamp=.installed-from # in an environment that this script has filled: from what, and with what result

quietly() { # runs a command; what it says is kept in $output
  output=$("$@" 2>&1 </dev/null)
}

locate() { # sets $environment and $bin, where $installer keeps ccpin
  output="\`$installer\` does not say where it keeps programs"
  case $installer in
    uv) environment=$(uv tool dir 2>/dev/null)/ccpin && bin=$(uv tool dir --bin 2>/dev/null) ;;
    pipx)
      environment=$(pipx environment --value PIPX_LOCAL_VENVS 2>/dev/null)/ccpin &&
        bin=$(pipx environment --value PIPX_BIN_DIR 2>/dev/null)
      ;;
    venv) environment=$home/venv bin=$home/bin ;;
  esac
}

run_installer() {
  case $installer in
    uv) quietly uv tool install --force --reinstall-package ccpin ${CCPIN_PYTHON:+--python "$CCPIN_PYTHON"} "$source" ;;
    pipx) quietly pipx install --force --python "$python" "$source" ;;
    venv) install_with_pip ;;
  esac
}

install_with_pip() {
  if test -n "${CCPIN_PYTHON:-}" || ! quietly "$environment/bin/python" -I -m pip --version; then
    quietly "$python" -I -c 'import ensurepip, venv' || fail \
      "$python has no \`venv\`, which the environment for ccpin is made with" \
      "Debian, Ubuntu: apt-get install python$python_version-venv; or install uv or pipx; then repeat this"
    test ! -e "$environment" || test -e "$environment/$stamp" ||
      fail "$environment is in the way: this script did not make it; remove it, or choose another CCPIN_HOME"
    rm -rf "$environment"
    # Marked before it is filled: an environment that was left half made is known for what it is.
    quietly mkdir -p "$environment" && quietly touch "$environment/$stamp" || return
    quietly "$python" -I -m venv "$environment" || return
  fi
  quietly "$environment/bin/python" -I -m pip --disable-pip-version-check install --no-user --upgrade "$source" || return
  quietly mkdir -p "$bin" && quietly ln -sf "$environment/bin/ccpin" "$bin/ccpin"
}

is_installed() { # by this script, from this very checkout, and unchanged since
  test -x "$bin/ccpin" && test -f "$environment/$stamp" || return
  IFS= read -r noted <"$environment/$stamp" || return
  test "$noted" = "$digest $("$environment/bin/python" -I -c "$installed" 2>/dev/null)"
}

choose_installer() { # an environment that is there is kept up to date, so that there are never two ccpins
  if test -n "${CCPIN_INSTALLER:-}"; then
    case $CCPIN_INSTALLER in uv | pipx | venv) ;; *) fail 'CCPIN_INSTALLER is one of uv, pipx, venv' ;; esac
    installer=$CCPIN_INSTALLER
  elif test -e "$home/venv/$stamp"; then installer=venv
  elif quietly uv --version; then installer=uv
  elif quietly pipx --version; then installer=pipx
  else installer=venv; fi
}

explain() { # what an installer said, without pip's ornaments, and what that mostly means
  printf '%s\n' "$output" | sed '/^ *$/d; /note: /d; /end of output/d; /See above/d; /exit code:/d' | tail -n 8 |
    sed 's/^ */    /' >&2
  case $output in
    *SSLError* | *'certificate verify failed'* | *UnknownIssuer* | *'invalid peer certificate'*)
      say 'the certificate of the package index is not trusted: name a file of those that are in PIP_CERT (uv: SSL_CERT_FILE)'
      ;;
    *'from versions: none'* | *'Max retries exceeded'* | *ProxyError* | *'error sending request'* | *'dns error'*)
      say 'is there a network? HTTPS_PROXY names a proxy, PIP_INDEX_URL (uv: UV_INDEX_URL) another package index'
      ;;
    *'Permission denied'* | *'cannot create directory'* | *'Read-only file system'* | *'No space left'*)
      say "CCPIN_HOME=/elsewhere keeps ccpin's things in another folder"
      ;;
  esac
}

install() {
  say "installing $version with $installer"
  if ! locate || ! run_installer; then
    say "$installer could not install it:"
    explain
    test "$installer" != venv || exit 1
    say 'so it gets an environment of its own'
    installer=venv
    if ! locate || ! run_installer; then
      say 'that failed as well:'
      explain
      exit 1
    fi
  fi
  test -x "$bin/ccpin" || fail "$installer installed ccpin, but there is no $bin/ccpin"
  printf '%s %s\n' "$digest" "$("$environment/bin/python" -I -c "$installed")" >"$environment/$stamp"
}

set_up() { # says what changed; all of it when something failed
  status=0
  output=$("$bin/ccpin" setup 2>&1 </dev/null) || status=$?
  test "$status" != 0 || output=$(printf '%s\n' "$output" | sed '/^unchanged /d; /this shell sees it after/d')
  test -z "$output" || printf '%s\n' "$output" >&2
}

main() {
  case ${1:-} in -h | --help)
    printf '%s\n' "$usage"
    exit 0
    ;;
  esac
  find_python
  assignments=$("$python" -I -B -c "$facts" "$0" </dev/null)
  eval "$assignments"
  test -n "$checkout" || fail 'this installs ccpin from the checkout it stands in, and there is none around it' \
    'get one (git clone), then run the install.sh in it'
  choose_installer
  if ! locate || ! is_installed; then install; fi
  if test "$installer" != venv && test -e "$home/venv/$stamp"; then # it would go before this one on PATH
    rm -rf "$home/venv"
    rm -f "$home/bin/ccpin"
  fi
  status=0
  test -n "${CCPIN_NO_SETUP:-}" || set_up
  if test $# -gt 0; then
    "$bin/ccpin" "$@" || exit
    exit "$status"
  fi
  how=
  test "$(command -v ccpin)" = "$bin/ccpin" || test ! -f "$home/env.sh" || how="; for this shell: $activate"
  say "$version is installed, as $bin/ccpin$how"
  exit "$status"
}

main "$@"
