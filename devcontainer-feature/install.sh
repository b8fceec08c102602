#!/bin/sh
# Runs as root while the container's image is built: ccpin and its shims, for the user who will work in there.
# The project is not here yet; what its lock names is installed when the container is created.

set -eu
unset CDPATH PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX

home=${CCPIN_HOME:-/usr/local/share/ccpin} # as in devcontainer-feature.json
user=${_REMOTE_USER:-root}
from=${SOURCE:-}

fail() {
  printf 'ccpin: %s\n' "$@" >&2
  exit 1
}

if test -z "$from"; then
  for from in "$(dirname "$0")"/ccpin-*.whl; do :; done
  test -f "$from" || fail 'nothing says where ccpin comes from: set the option source, or put its wheel beside install.sh'
  from=$(cd "$(dirname "$from")" && pwd)/${from##*/}
else
  case $from in *://*) from="ccpin @ $from" ;; esac
fi
if ! python3 -I -c 'import ensurepip, venv' 2>/dev/null; then
  command -v apt-get >/dev/null || fail 'Python 3.10 or newer with its venv is needed: install it in the image'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv
fi
python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 10))' || fail 'ccpin needs Python 3.10 or newer'

mkdir -p "$home/bin" "$home/venv"
python3 -I -m venv "$home/venv"
"$home/venv/bin/python" -I -m pip --disable-pip-version-check install --quiet --no-input "$from"
ln -sf "$home/venv/bin/ccpin" "$home/bin/ccpin"
CCPIN_HOME=$home "$home/bin/ccpin" setup --shims-only
chown -R "$user" "$home" # the store is that user's: they install what the lock names
