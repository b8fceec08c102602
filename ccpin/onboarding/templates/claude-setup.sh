#!/bin/sh
# Makes `claude` in this project what its .ccpin.lock says: ccpin, where it is missing, then what the lock names.
# Run again it changes nothing. Its arguments go to `ccpin setup` (--vscode, --shims-only).
# Written by `ccpin init`.
#
#   CCPIN_INSTALL_SOURCE   where ccpin comes from, as pip takes it: a wheel, https://.../ccpin.whl#sha256=HEX,
#                          git+https://...@COMMIT, or ccpin==VERSION of an index that you trust with that name

set -eu
unset CDPATH

version=''
source=''

say() { printf 'claude-setup: %s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

find_home() { # where ccpin keeps its things, by its own rule
  home=${CCPIN_HOME:-}
  test -z "$home" || return 0
  case $(uname):${XDG_DATA_HOME:-} in
    Darwin:) home="$HOME/Library/Application Support/ccpin" ;;
    *:/*) home=$XDG_DATA_HOME/ccpin ;;
    *) home=$HOME/.local/share/ccpin ;;
  esac
}

find_ccpin() {
  for place in "$(command -v ccpin)" "$home/bin/ccpin" "$HOME/.local/bin/ccpin"; do
    case $place in /*) ;; *) continue ;; esac # PATH's current folder is the clone's
    if test -f "$place" && test -x "$place"; then
      ccpin=$place
      return 0
    fi
  done
  return 1
}

install() {
  from=${CCPIN_INSTALL_SOURCE:-$source}
  test -n "$from" || fail "ccpin is not installed, and nothing here says where it comes from;" \
    "set CCPIN_INSTALL_SOURCE to the place that your team trusts (ccpin is not taken from an index by its mere name)"
  case $from in
    http://*'#sha256='*) ;;
    *http://* | *git://*) fail "$from comes over a line that anybody on it can change; take https, or add #sha256=HEX" ;;
  esac
  tool=none # for a hash: uv 0.13 takes other bytes than the hash says without a word, pip refuses them
  case $from in *'#'*) ;; *) tool=any ;; esac
  case $from in ccpin* | /*) ;; *://*) from="ccpin @ $from" ;; *) from=$PWD/$from ;; esac
  if test "$tool" = any && uv --version >/dev/null 2>&1; then
    say "installing ccpin $version with uv"
    uv tool install --quiet "$from"
  elif test "$tool" = any && pipx --version >/dev/null 2>&1; then
    say "installing ccpin $version with pipx"
    pipx install --quiet "$from" >&2
  else
    say "installing ccpin $version into $home/venv"
    mkdir -p "$home/bin" "$home/venv"
    : >"$home/venv/.installed-from" # ccpin's own install.sh knows by it that it may put something else there
    python3 -I -m venv "$home/venv" || fail 'Python 3.10 or newer with its venv is needed (Debian: python3-venv)'
    "$home/venv/bin/python" -I -m pip --disable-pip-version-check install --quiet --no-input "$from"
    ln -sf "$home/venv/bin/ccpin" "$home/bin/ccpin"
  fi
  find_ccpin || fail 'ccpin was installed, but is not where it is looked for: put it on PATH'
  found=$("$ccpin" --version)
  test "$found" = "ccpin $version" || fail "that was $found, and not ccpin $version: remove it, and look at $from"
}

cd "$(dirname "$0")/.."
find_home
find_ccpin || install
"$ccpin" setup "$@"
"$ccpin" sync --locked
shim=$("$ccpin" which --shim)
PATH=${shim%/*}:$PATH
export PATH
"$ccpin" check
test -z "${GITHUB_PATH:-}" || printf '%s\n' "${ccpin%/*}" "${shim%/*}" >>"$GITHUB_PATH"
claude --version
