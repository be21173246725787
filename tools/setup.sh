# Shared by tools/nmrcheck and tools/test: installs what is missing, configures, builds. Sourced.
# Chatter goes to stderr, and there is none when all is built.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() { printf 'nmrcheck: %s\n' "$*" >&2; exit 2; }

# Prints those of the named Debian packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

# Installs those of the named packages that are missing, one script at a time in this tree.
install_packages() {
  local missing as_root=() log
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    command -v cmake >/dev/null && command -v ninja >/dev/null && return
    fail "this is no Debian or Ubuntu: please install cmake, ninja, a C++20 compiler and the libraries that vcpkg.json names"
  fi
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return
  mkdir -p "$root/build"
  exec 8>"$root/build/.packages.lock"
  flock 8
  missing=$(missing_packages "$@")  # another script may have installed them meanwhile
  if [ -z "$missing" ]; then
    exec 8>&-
    configure_again=yes
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "please install these packages as root: $missing"
    as_root=(sudo)
  fi
  case " $missing" in
    *" libboost-fiber1.81-dev "*)
      if dpkg-query -W -f='${Status}' libboost1.74-dev 2>/dev/null | grep -q 'ok installed'; then
        fail "libboost-fiber1.81-dev conflicts with the installed libboost1.74-dev; please remove that one first"
      fi ;;
  esac
  printf 'nmrcheck: installing %s\n' "$missing" >&2
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { "${as_root[@]}" apt-get update 8>&- &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
           apt-get install -y --no-install-recommends $missing 8>&-; } \
       >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "apt-get could not install $missing(its last lines stand above; is the network there?)"
  fi
  rm -f "$log"
  exec 8>&-
  configure_again=yes
}

configure_again=
# shellcheck disable=SC2034  # the scripts that source this use them
program_packages="g++ cmake ninja-build libboost-fiber1.81-dev nlohmann-json3-dev libcli11-dev libfmt-dev libdw-dev"
# shellcheck disable=SC2034
test_packages="libgtest-dev librapidcheck-dev python3 gdb"

# Copies ninja's output, and says on stderr that it builds as soon as it does. (A dry run cannot tell
# beforehand: it ends at the check of the globbed folders.)
announce_work() {
  local line said=
  while IFS= read -r line; do
    printf '%s\n' "$line"
    if [ -z "$said" ] && [[ $line == *Building* || $line == *Linking* ]]; then
      printf 'nmrcheck: building %s (the first time takes a minute or two)\n' "$1" >&2
      said=yes
    fi
  done
}

# build PRESET TARGET…: configures when needed and builds, one script at a time in each preset.
build() {
  local preset=$1 directory="$root/build/$1" log
  shift
  mkdir -p "$directory"
  exec 9>"$directory/.lock"
  flock 9
  log="$directory/build.log"
  if [ ! -f "$directory/build.ninja" ] || [ -n "$configure_again" ]; then
    printf 'nmrcheck: configuring %s\n' "$preset" >&2
    if ! (cd "$root" && cmake --preset "$preset") >"$log" 2>&1; then
      tail -n 40 "$log" >&2
      rm -f "$directory/build.ninja"
      fail "configuring failed; the whole output is in $log"
    fi
  fi
  if ! ninja -C "$directory" "$@" 2>&1 | announce_work "$preset" >"$log"; then
    { grep -E -A12 'FAILED|error' "$log" || tail -n 40 "$log"; } | sed -n 1,60p >&2
    fail "the build failed; the whole output is in $log"
  fi
  flock -u 9
  exec 9>&-
}
