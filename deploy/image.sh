#!/bin/sh
# The steps by which an image of the service is built. The Containerfile runs them, and `make image-steps` runs them
# without containers (deploy/try_image.sh). Each takes a folder SOURCE with a checkout of this repository.
#
#   image.sh wheel SOURCE OUT      build the wheel into OUT
#   image.sh install SOURCE OUT ENVIRONMENT
#                                  install the wheel of OUT, and what requirements.lock pins by hash, into ENVIRONMENT
#   image.sh compile ENVIRONMENT   compile the kernel into the package
set -eu

# Machine code for every processor of the architecture: an image is built on one machine and runs on others.
export NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES=
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

# What pyproject.toml needs to build, out of the lock file of the developers.
build_lock() {
    awk -v names=' grpcio grpcio-tools protobuf setuptools typing-extensions ' '
        /^[a-z0-9]/ { name = $1; sub(/==.*/, "", name); wanted = index(names, " " name " ") }
        wanted && !/^ *#/ { print }
    ' "$1/requirements-dev.lock"
}

case "$1" in
wheel)
    source=$2 out=$3
    mkdir -p "$out"
    build_lock "$source" > "$out/build.lock"
    "${PYTHON:-python3}" -m venv "$out/build"
    "$out/build/bin/pip" install --quiet --no-deps --require-hashes --requirement "$out/build.lock"
    "$out/build/bin/pip" wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir "$out" "$source"
    ;;
install)
    source=$2 out=$3 environment=$4
    "${PYTHON:-python3}" -m venv --without-pip "$environment"
    pip="$out/build/bin/pip --python $environment/bin/python"
    $pip install --quiet --no-deps --require-hashes --requirement "$source/requirements.lock"
    $pip install --quiet --no-deps --no-index "$out"/camcover-*.whl
    ;;
compile)
    "$2/bin/camcover" rules test "$("$2/bin/camcover" shipped rules)" --plan original-medicare-part-b --no-coverage
    ;;
*)
    echo "image.sh: wheel, install or compile; not $1" >&2
    exit 2
    ;;
esac
