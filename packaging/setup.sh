# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by demo and test: makes the machine and the build tree ready. What is ready
# already is left alone, so that repeating it is quick and needs no network.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
environment=$repository/.venv
build=$repository/build

say() { printf '\n== %s\n' "$*"; }

# install_packages PART…: those below these headings of packages.txt.
install_packages() {
  local missing=() package
  while read -r package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done < <(awk -v parts=" $* " '
    /^\[/ { wanted = index(parts, " " substr($0, 2, length($0) - 2) " "); next }
    wanted && NF && !/^#/' "$repository/packaging/packages.txt")
  ((${#missing[@]})) || return 0
  say "Installing Debian packages: ${missing[*]}"
  local root=()
  ((EUID == 0)) || root=(sudo)
  "${root[@]}" apt-get -o DPkg::Lock::Timeout=300 update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
    "${missing[@]}" </dev/null >/dev/null
}

# make_environment FILE…: installs these lists of this folder into .venv. It is made by
# Debian's own Python, whatever else is on PATH.
make_environment() {
  local list stamp
  for list in "$@"; do
    stamp=$environment/$list.installed
    cmp -s "$repository/packaging/$list" "$stamp" && continue
    say "Installing what is in packaging/$list into .venv"
    [[ -x $environment/bin/python ]] || /usr/bin/python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
      -r "$repository/packaging/$list"
    cp "$repository/packaging/$list" "$stamp"
  done
}

# make_matrix WHEN…: the environments of matrix.txt and orchestrators.txt that are tested at
# these times. dbt 1.12 works without its experimental parser, whose package loads a program from
# elsewhere.
make_matrix() {
  local frames name when dbt folder requirements
  frames=$(grep -E '^(pandas|pyarrow)' "$repository/packaging/requirements.txt")
  while read -r name when dbt; do
    folder=$repository/.matrix/$name
    read -ra requirements <<<"$dbt ${frames//$'\n'/ }"
    [[ " $* " == *" $when "* ]] || continue
    [[ $(cat "$folder/requirements.installed" 2>/dev/null) == "${requirements[*]}" ]] && continue
    say "Installing dbt $name into .matrix"
    "$environment/bin/uv" venv --quiet --clear --python /usr/bin/python3 "$folder"
    "$environment/bin/uv" pip install --quiet --python "$folder/bin/python" \
      --overrides <(echo "dbt-core-experimental-parser; python_version < '3'") \
      "${requirements[@]}" </dev/null
    echo "${requirements[*]}" >"$folder/requirements.installed"
  done < <(grep -hv -e '^#' -e '^$' "$repository/packaging/"{matrix,orchestrators}.txt)
}

# A program with sanitizers starts only in the address space that they know; newer kernels
# spread addresses further, unless told not to.
at_fixed_addresses() {
  if setarch --addr-no-randomize true 2>/dev/null; then
    setarch --addr-no-randomize "$@"
  else
    "$@"
  fi
}

# Lets what one folder has compiled serve a clone in another.
share_compiled() { export CCACHE_BASEDIR=$repository CCACHE_NOHASHDIR=true; }

# build_preset PRESET [TARGET…]
build_preset() {
  local preset=$1 folder=$build
  shift
  [[ $preset == release || $preset == demo ]] || folder=$build/$preset
  share_compiled
  (cd "$repository" && cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache \
    -DPython3_EXECUTABLE=/usr/bin/python3 >/dev/null)
  # Test programs are asked for their tests when they are built.
  at_fixed_addresses ninja -C "$folder" --quiet "$@"
}
