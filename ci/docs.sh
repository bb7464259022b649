#!/usr/bin/env bash
# The documentation builds, what docs/CONTRACT.md and docs/EVIDENCE.md name exists, and docs/MODELS.md names every
# atomic operation with the model that fails without it.
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

# What EVIDENCE.md says can be run: scripts, packages, test programs, and its links.
evidence=docs/EVIDENCE.md
for script in $(grep -oE '\bci/[a-z0-9]+\.sh' $evidence | sort -u); do
    [ -x "$script" ] || { echo "$evidence names $script, which does not exist" >&2; exit 1; }
done
for program in $(grep -oE -- '--test [a-z_]+' $evidence | cut -d' ' -f2 | sort -u); do
    [ -e "$tests/$program.rs" ] || [ -e "$tests/$program/main.rs" ] ||
        { echo "$evidence names the test program $program, which does not exist" >&2; exit 1; }
done
for link in $(grep -oE '\]\([A-Za-z./]+\)' $evidence | tr -d ']()' | sort -u); do
    [ -e "docs/$link" ] || { echo "$evidence links to $link, which does not exist" >&2; exit 1; }
done

ci/mutants.sh --check
