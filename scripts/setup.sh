#!/usr/bin/env bash
# Install what `make demo`, `make test` or `make bench` needs: system packages, then a virtual environment in .venv.
#
#   scripts/setup.sh demo    Firefox, its libraries for WebGL (Mesa) and H.264 (libavcodec), a display for it (Xvfb),
#                            common fonts (DejaVu, Liberation, Noto Color Emoji; 12 MB), npm (it fetches the real
#                            third-party code of the demo web)
#   scripts/setup.sh test    the same, Java (Spark), PostgreSQL, an S3 server, wget, documentation pages, and the tools
#                            that check Python and JavaScript
#   scripts/setup.sh bench   the same, and the peers of the benchmarks: Chromium, Scrapy, Polars, Dask
#
# It may be run again at any time. It prints what it installs and never asks. If it may not install something, it
# prints the name and the remedy and goes on; a test that needs it is skipped with the reason.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?usage: scripts/setup.sh demo|test|bench}
log=setup.log

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

font() { [ -n "$(find /usr/share/fonts /usr/local/share/fonts -name "$1.*" -print -quit 2>/dev/null)" ]; }

library() { compgen -G "/usr/lib/*/$1" || compgen -G "/usr/lib64/$1"; }

have() {
  case $1 in
    firefox) command -v firefox-esr || command -v firefox ;;
    java) java -version ;;
    postgres) compgen -G '/usr/lib/postgresql/*/bin/postgres' || command -v postgres ;;
    pythondoc) compgen -G '/usr/share/doc/python3*/html/library/*.html' ;;
    webgl) library 'libEGL_mesa.so.*' && library 'libGL.so.*' && library dri/swrast_dri.so ;;
    fonts) font DejaVuSans && font LiberationSans-Regular && font NotoColorEmoji ;;
    h264) library 'libavcodec.so.*' ;;
    venv) "$python" -c 'import ensurepip, venv' ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

missing=()
wanted=()
want() { # want WHAT PACKAGE...: remember the packages if WHAT is not there
  have "$1" || { missing+=("$1"); shift; wanted+=("$@"); }
}

find_python() {
  local name
  for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      python=$name
      return
    fi
  done
  say "no Python 3.11 or newer found; install one, or give its path: make $purpose PYTHON=/path/to/python3"
  exit 5
}

install_system_packages() {
  [ ${#wanted[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "missing: ${missing[*]}; this system has no apt-get; install them with its own package manager"
    return 0
  fi
  say "installing with apt-get: ${wanted[*]} (for ${missing[*]}); its output goes to $log"
  apt_get update || true # an unreachable third-party source must not stop us; the installation shows what is missing
  apt_get install "${wanted[@]}" && return 0
  local package failed=()
  for package in "${wanted[@]}"; do apt_get install "$package" || failed+=("$package"); done
  [ ${#failed[@]} -gt 0 ] || return 0
  say "could not install ${failed[*]} (no permission, or no package source; see $log)"
  say "remedy: sudo apt-get install ${failed[*]@Q}"
}

apt_get() {
  local action=$1
  shift
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends "$action" "$@" >>"$log" 2>&1 </dev/null
}

make_environment() {
  [ -x .venv/bin/python ] || { say "creating the virtual environment .venv with $("$python" --version)"; "$python" -m venv .venv; }
}

install_python_packages() { # install_python_packages EXTRAS
  local stamp=.venv/.installed-$purpose sum
  sum=$(cat pyproject.toml constraints.txt | cksum)
  if [ -x .venv/bin/overscripted ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
    return 0
  fi
  say "installing Python packages into .venv (pinned in constraints.txt): overscripted[$1]"
  with_uv -e ".[$1]" >>"$log" 2>&1 </dev/null || with_pip -e ".[$1]" >&2
  echo "$sum" >"$stamp"
}

with_pip() { .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt "$@"; }

with_uv() { # takes a fifth of pip's time; gets pip's package index; if it fails, pip is used
  local index
  index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
  [ -x .venv/bin/uv ] || with_pip uv || return 1
  env ${index:+UV_DEFAULT_INDEX="$index"} ${PIP_CERT:+SSL_CERT_FILE="$PIP_CERT"} \
    .venv/bin/uv pip install -q --python .venv/bin/python -c constraints.txt "$@"
}

install_s3_server() { # a real one for the tests; no package source has a built one
  local module=github.com/versity/versitygw/cmd/versitygw@v1.8.0
  [ ! -x .venv/bin/versitygw ] || return 0
  if ! command -v go >/dev/null; then
    say "Go is not installed, so versitygw cannot be built: the tests use moto as their S3 server"
    return 0
  fi
  say "building ${module##*/} (S3 server of the tests) with $(go version | cut -d' ' -f3); this takes some minutes"
  # Without optimisation the build takes two thirds of the time, and the server is fast enough.
  CGO_ENABLED=0 GOBIN=$PWD/.venv/bin timeout 900 go install -gcflags='all=-N -l' -ldflags='-s -w' "$module" \
    >>"$log" 2>&1 </dev/null || say "could not build versitygw (see $log): the tests use moto as their S3 server"
}

install_js_tools() { # the linters for JavaScript, into node_modules, with the versions of package-lock.json
  local stamp=node_modules/.installed sum
  have npm || return 0
  sum=$(cat package.json package-lock.json | cksum)
  [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
  say "installing the tools for JavaScript into node_modules (pinned in package-lock.json)"
  if npm ci --ignore-scripts --no-audit --no-fund >>"$log" 2>&1 </dev/null; then
    echo "$sum" >"$stamp"
  else
    say "could not install the tools for JavaScript (see $log): JavaScript is not checked; remedy: npm ci"
  fi
}

find_python
# It computes while the other steps wait for the network, and needs none of them.
[ "$purpose" = demo ] || install_s3_server &
want venv python3-venv
want firefox "$(apt-cache show firefox-esr >/dev/null 2>&1 || ! apt-cache show firefox >/dev/null 2>&1 && echo firefox-esr || echo firefox)"
want certutil libnss3-tools
want webgl libegl1 libgl1 libgl1-mesa-dri
want h264 '^libavcodec[0-9]+$' # the number depends on the release
want Xvfb xvfb xauth
want fonts fonts-dejavu-core fonts-liberation fonts-noto-color-emoji
want npm npm
extras=s3,notebooks
if [ "$purpose" != demo ]; then
  want java default-jre-headless
  want postgres postgresql
  want pythondoc python3-doc
  want wget wget # it makes archives of the web that the tests read
  extras=spark,postgres,s3,notebooks,dev
fi
if [ "$purpose" = bench ]; then
  want chromium chromium
  extras=$extras,bench
fi
install_system_packages
make_environment
[ "$purpose" = demo ] || install_js_tools &
install_python_packages "$extras"
wait
have firefox || { say "Firefox is needed and is not installed; remedy: sudo apt-get install firefox-esr"; [ "$purpose" != demo ] || exit 5; }
