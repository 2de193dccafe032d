# Sourced by the scripts: one way to report progress and one way to stop.
say() { printf '==> %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
# Makes .setup/NAME, an environment of its own for tools that nothing else needs, and prints its
# folder. Called in a checkout that is set up: tools NAME REQUIREMENT...
tools() {
  local folder="$PWD/.setup/$1" uv
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
# uv brings certificates of its own; behind a proxy with one of its own only the system's will do.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
