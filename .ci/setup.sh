# Sourced by ./run and ./test: finds what they need, installs it where it can, and says plainly what is
# missing where it cannot.

needs_rust=1.91

missing() {
    printf 'missing: %s\n' "$1" >&2
    printf '  %s\n' "$2" >&2
    exit 2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

find_compiler() {
    command -v cc >/dev/null 2>&1 && return
    if command -v apt-get >/dev/null 2>&1; then
        { as_root apt-get update && as_root apt-get install -y gcc libc6-dev; } >&2 || true
    fi
    command -v cc >/dev/null 2>&1 || missing 'a C compiler (cc)' \
        'install gcc or clang, for example: apt-get install gcc libc6-dev'
}

# The tests hold the independent checker of bundles to the same vectors.
find_python() {
    command -v python3 >/dev/null 2>&1 && return
    if command -v apt-get >/dev/null 2>&1; then
        { as_root apt-get update && as_root apt-get install -y python3; } >&2 || true
    fi
    command -v python3 >/dev/null 2>&1 || missing 'Python 3 (python3)' 'for example: apt-get install python3'
}

find_rust() {
    PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
    if ! command -v cargo >/dev/null 2>&1 && command -v curl >/dev/null 2>&1; then
        curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal >&2 || true
    fi
    command -v cargo >/dev/null 2>&1 || missing "Rust $needs_rust or later (cargo)" \
        'install it from https://rustup.rs'
    found=$(rustc --version | cut -d' ' -f2)
    oldest=$(printf '%s\n%s\n' "$needs_rust" "$found" | sort -V | head -n 1)
    [ "$oldest" = "$needs_rust" ] || missing "Rust $needs_rust or later" "found $found: rustup update"
}

find_compiler
find_rust

# A virtual environment with the pinned libraries of a group of tests in Python, made anew when they change.
python_environment() {
    pins="$1/requirements.txt"
    environment="${CARGO_TARGET_DIR:-target}/python-$(basename "$1")"
    [ -f "$environment/pins" ] && cmp -s "$pins" "$environment/pins" && return
    rm -rf "$environment"
    if ! python3 -m venv "$environment" 2>/dev/null && command -v apt-get >/dev/null 2>&1; then
        { as_root apt-get update && as_root apt-get install -y python3-venv; } >&2 || true
        python3 -m venv "$environment" || missing 'the venv module of Python' 'apt-get install python3-venv'
    fi
    constraints="$1/constraints.txt"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$pins" \
        $(if [ -f "$constraints" ]; then echo "-c $constraints"; fi)
    cp "$pins" "$environment/pins"
}

# Tests in Python, on what the workspace's own build made: a group is a folder with its requirements.
python_tests() {
    group=$1
    shift
    cargo build --workspace --quiet
    library="${CARGO_TARGET_DIR:-target}/debug"
    for built in "$library/libautoml_pack_native.so" "$library/libautoml_pack_native.dylib"; do
        if [ -f "$built" ]; then cp "$built" crates/python/python/automl_pack/_native.abi3.so; fi
    done
    python_environment "$group"
    PYTHONPATH="$PWD/crates/python/python" "$environment/bin/python" -m pytest -q "$group" "$@"
}
