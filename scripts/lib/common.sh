# Sourced by the scripts: one way to report progress and one way to stop.
say() { printf '==> %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
# Prints the comment at the head of the script and ends when one of these arguments asks for help.
explain() {
  local argument
  for argument in "$@"; do
    case $argument in
      -h | --help)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "scripts/${0##*/}"
        exit 0
        ;;
    esac
  done
}
# A sourced file sees the arguments of its script: `-h` is answered before any work. Only as the
# first one, since `scripts/bench --power --help` is for a command line of its own.
explain "${1:-}"
# Makes .setup/NAME, an environment of its own for tools that nothing else needs, and prints its
# folder. Called in a checkout that is set up: tools NAME REQUIREMENT...
tools() {
  local folder="$PWD/.setup/$1" uv
  local -x UV_CACHE_DIR="$PWD/.setup/cache" # where scripts/setup keeps what is fetched
  shift
  if [ "$(cat "$folder/.setup-stamp" 2>/dev/null)" != "$*" ]; then
    say "installing $*" >&2
    uv=$(command -v uv || echo "$PWD/.setup/tools/bin/uv")
    # Joined, since bash does not stop at an error inside of $(...): a stamp without tools stays.
    "$uv" venv --quiet --clear --python .venv/bin/python "$folder" >&2 &&
      "$uv" pip install --quiet --python "$folder/bin/python" "$@" >&2 &&
      echo "$*" >"$folder/.setup-stamp" || return 1
  fi
  echo "$folder"
}
# uv and pip-audit bring certificates of their own; behind a proxy with one of its own only the
# system's will do, or those that this machine is told to trust.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
if [ -n "${SSL_CERT_FILE:-}" ]; then
  export REQUESTS_CA_BUNDLE="${REQUESTS_CA_BUNDLE:-$SSL_CERT_FILE}"
fi
