# Sourced by the scripts: one way to report progress and one way to stop.
say() { printf '==> %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
