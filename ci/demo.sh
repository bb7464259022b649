#!/usr/bin/env bash
# The README's demo, as a newcomer runs it, and a look at what came out.
set -euo pipefail
cd "$(dirname "$0")/.."
output=$(mktemp)
trap 'rm -f "$output"' EXIT
timeout 180 ./demo.sh 2>&1 | tee "$output"
grep -q "22695" "$output"
