#!/usr/bin/env bash
# The documentation builds, and the tests that docs/CONTRACT.md names exist.
set -euo pipefail
cd "$(dirname "$0")/.."
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

tests=ringbuf-core/tests
named=$(grep -oE '`([a-z_]+::)+[a-z_*]+`' docs/CONTRACT.md | tr -d '`' | sort -u)
[ "$(wc -l <<<"$named")" -gt 10 ] || { echo "docs/CONTRACT.md names hardly any tests" >&2; exit 1; }
for test in $named; do
    module=${test%::*} name=${test##*::}
    module=${module//:://}
    files=("$tests/$module.rs" "$tests/processes/$module.rs")
    # A star stands for any end, also for every test of a module.
    if ! grep -qsE "^fn ${name//\*/[a-z_]+}\(" "${files[@]}" &&
        ! { [ "$name" = '*' ] && grep -rqs '^#\[test\]' "$tests/processes/$module"; }; then
        echo "docs/CONTRACT.md names the test $test, which does not exist" >&2
        exit 1
    fi
done
for file in $(grep -o '`[a-z/_]*\.rs`' docs/CONTRACT.md | tr -d '`' | sort -u); do
    [ -e "$tests/$file" ] || [ -e "$file" ] || { echo "docs/CONTRACT.md names $file, which does not exist" >&2; exit 1; }
done
