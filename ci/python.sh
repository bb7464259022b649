#!/usr/bin/env bash
# The Python package, built as `pip install ./python` builds it, in an environment of its own: layout, lints, types, the
# stubs against the built module, the examples of the docstrings, the tests.
#
#   ci/python.sh [PYTEST-ARGUMENT...]   every push. Built without optimizations: shorter, and every assertion is in it
#   ci/python.sh --wheels               by hand: the wheel that users get in every Python from 3.11 that is found, with the
#                                       newest NumPy and the oldest; and the source package, from an empty directory
#   PYTHON=python3.13 ci/python.sh      with another Python
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=${PYTHON:-python3}
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR

# All that is made lies here, caches too; rings lie in memory, none of them where the user's are.
scratch=$(mktemp -d)
rings=$(mktemp -d -p /dev/shm ringbuf-python-XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch" "$rings"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export RINGBUF_DIR=$rings
export HYPOTHESIS_STORAGE_DIRECTORY=$scratch/hypothesis
export PYTHONPYCACHEPREFIX=$scratch/bytecode
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV

step() {
    echo "--- $1 ($SECONDS s)" >&2
}

# Which versions pip takes, where nobody says: those that are tested, of NumPy too or not.
versions() {
    grep -v "^${1:-#}" python/requirements-dev.txt >"$scratch/versions.txt"
    export PIP_CONSTRAINT=$scratch/versions.txt
}

# The wheel in a directory: one, for every Python from 3.11.
wheel_in() {
    local wheels=("$1"/*.whl)
    case ${wheels[*]} in
        *" "*) ;;
        */pyringbuf-*-cp311-abi3-*.whl) echo "${wheels[0]}" && return ;;
    esac
    echo "found ${wheels[*]}, expected one wheel with the tag cp311-abi3: is pyo3's abi3-py311 gone?" >&2
    return 1
}

# From elsewhere, so that what is imported is what was installed and not the sources.
tested() {
    local with=$1
    shift
    (cd "$scratch" && "$with" -m pytest -q -c "$root/python/pyproject.toml" --rootdir "$root/python" \
        -p no:cacheprovider --basetemp "$rings/pytest" "$root/python/tests" "$@")
}

every_push() {
    versions
    step "the wheel"
    MATURIN_PEP517_ARGS="--profile dev" "$python" -m pip wheel -q --no-deps -w "$scratch/dist" ./python
    local wheel
    wheel=$(wheel_in "$scratch/dist")

    step "an environment"
    local bin=$scratch/venv/bin
    "$python" -m venv "$scratch/venv"
    "$bin/pip" install -q -r python/requirements-dev.txt "$wheel"

    step "layout and lints"
    "$bin/ruff" format --no-cache --check python
    "$bin/ruff" check --no-cache python

    step "types"
    (cd python && "$bin/mypy" --cache-dir "$scratch/mypy")
    # Python has that name since 3.12.
    echo 'pyringbuf\._core\..*\.__buffer__' >"$scratch/allowed.txt"
    (cd "$scratch" && "$bin/python" -m mypy.stubtest pyringbuf._core \
        --allowlist allowed.txt --ignore-unused-allowlist)

    step "tests"
    # As many at a time as CI has cores.
    tested "$bin/python" -n 2 "$@"
}

pythons() {
    local found
    for found in $(compgen -c python3. | grep -xE 'python3\.1[1-9]' | sort -u) "$HOME"/.pyenv/versions/3.1[1-9]*/bin/python3; do
        "$found" -c 'import sys; print(sys.version_info[1], sys.executable)' 2>/dev/null || true
    done | sort -un | cut -d' ' -f2
}

wheels() {
    versions numpy==
    step "the wheel"
    "$python" -m pip wheel -q --no-deps -w "$scratch/dist" ./python
    local wheel
    wheel=$(wheel_in "$scratch/dist")

    local each venv oldest
    for each in $(pythons); do
        step "$("$each" --version)"
        venv=$scratch/$(basename "$(dirname "$(dirname "$each")")")
        "$each" -m venv "$venv"
        "$venv/bin/pip" install -q pytest pytest-timeout hypothesis psutil "$wheel"
        "$venv/bin/python" -c 'import numpy; print("NumPy", numpy.__version__)'
        tested "$venv/bin/python"
        # Not every Python has the oldest.
        for oldest in 1.26.0 2.1.0 2.3.2; do
            "$venv/bin/pip" install -q --only-binary :all: numpy==$oldest 2>/dev/null && break
        done
        "$venv/bin/python" -c 'import numpy; print("NumPy", numpy.__version__)'
        tested "$venv/bin/python"
    done

    step "the source package"
    "$python" -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install -q maturin
    (cd python && "$scratch/venv/bin/maturin" sdist -o "$scratch/empty" 2>/dev/null)
    # Nothing that was built before: all that is needed must be in it.
    (cd "$scratch/empty" && CARGO_TARGET_DIR=$scratch/target "$scratch/venv/bin/pip" install -q ./*.tar.gz)
    "$scratch/venv/bin/pip" install -q pytest pytest-timeout hypothesis psutil
    tested "$scratch/venv/bin/python"
    ls -l "$wheel" "$scratch"/empty/*.tar.gz
}

if [ "${1-}" = --wheels ]; then
    wheels
else
    every_push "$@"
fi
