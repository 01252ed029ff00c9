#!/bin/sh
# What calltools does, in a minute. `make demo` runs it.
set -eu
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
run() {
    say "$@"
    # Findings end with 1; the demonstration goes on.
    "$@" || [ $? -eq 1 ]
}

echo "1. A PBX export becomes the CSV that Metrica takes; every record is accounted for."
run calltools convert samples/sipuni/export.csv --timezone Europe/Moscow --static-call 1 \
    --as-of 2026-03-12T00:00:00Z --ignore CT301 -o "$place/calls.csv"
say head -4 calls.csv
head -4 "$place/calls.csv"

echo
echo "2. The result is clean."
run calltools validate "$place/calls.csv" --as-of 2026-03-12T00:00:00Z --ignore CT301

echo
echo "3. A workbook from an analyst's desk: what is wrong, where, and what to do."
run calltools validate samples/broken/calls.xlsx --as-of 2026-03-12T00:00:00Z --lang en

echo
echo "4. The same in Russian, for a CSV that Excel has saved."
run calltools validate samples/broken/excel-cp1251.csv --as-of 2026-03-12T00:00:00Z --lang ru
