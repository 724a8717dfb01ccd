#!/bin/sh
# What deploy/Containerfile does, without containers: `make image-steps`. It builds the wheel from the tracked files,
# installs it with the packages of requirements.lock into an empty environment, compiles the kernel, makes all of it
# read-only, and serves as another user: health, and one estimate. It needs Linux and root, and leaves nothing.
set -eu

repository=$(cd "$(dirname "$0")/.." && pwd)
if [ "${1:-}" != inside ]; then
    folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
    chmod 755 "$folder" && mkdir "$folder/source" "$folder/python" "$folder/tmp" && chown 10001 "$folder/tmp"
    git -C "$repository" archive HEAD | tar -x -C "$folder/source"
    # A mount namespace of its own: what is mounted there ends with it.
    unshare --mount "$0" inside "$folder"
    exit
fi

folder=$2
# The interpreter, where every user may run it.
mount --bind "$("${PYTHON:-python3}" -c 'import sys; print(sys.base_prefix)')" "$folder/python"
export PYTHON="$folder/python/bin/python3"
"$folder/source/deploy/image.sh" wheel "$folder/source" "$folder/wheel"
"$folder/source/deploy/image.sh" install "$folder/source" "$folder/wheel" "$folder/opt"
"$folder/source/deploy/image.sh" compile "$folder/opt"
mount --bind "$folder/opt" "$folder/opt" && mount -o remount,bind,ro "$folder/opt"

# As the image does: no home, no rights, nothing to write but TMPDIR. An interpreter may find its library by the folder
# that it was built for, which this user need not reach.
as_user() {
    (cd "$folder/tmp" && exec env -i PATH="$folder/opt/bin:/usr/bin:/bin" HOME=/nonexistent TMPDIR="$folder/tmp" \
        LD_LIBRARY_PATH="$folder/python/lib" PYTHONDONTWRITEBYTECODE=1 \
        NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES= CAMCOVER_LISTEN=127.0.0.1:0 \
        CAMCOVER_HTTP=127.0.0.1:0 CAMCOVER_RULES="$folder/source/rules" \
        setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs "$@")
}
touch "$folder/told"
as_user sh -c 'echo $$ > serving && exec camcover serve' > "$folder/told" 2> "$folder/log" &
service=$!
end() { kill "$(cat "$folder/tmp/serving")" && wait "$service"; }
stop() { end || true; cat "$folder/log" >&2; }
trap stop EXIT
while ! grep -q '^http on ' "$folder/told"; do
    kill -0 "$service"
    sleep 0.2
done
address=$(sed -n 's/^listening on //p' "$folder/told") http=$(sed -n 's/^http on //p' "$folder/told")
as_user python -c "import urllib.request as web; print(web.urlopen('http://$http/readyz').read().decode())"
as_user camcover estimate "$folder/source/docs/examples/request.json" --server "$address" |
    grep -q '"patient_cents": 32400'
if grep -q 'Compiled code cannot be kept' "$folder/log"; then
    echo 'the kernel was compiled again' >&2
    exit 1
fi
trap - EXIT
end
echo '2 passed, 0 failed'
