#!/usr/bin/env bash
# Sets up what the tests need, then runs them: ./test.sh [unit|qemu|all]. The last line is the summary.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
# shellcheck source=scripts/host-packages.sh
. scripts/host-packages.sh

what="${1:-all}"
case "$what" in
    unit) suites="unit" ;;
    qemu) suites="qemu" ;;
    all) suites="unit qemu" ;;
    *)
        echo "usage: ./test.sh [unit|qemu|all]" >&2
        exit 2
        ;;
esac

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
check_dotnet
install_host_packages
install_test_packages
results="$(mktemp -d)"
trap 'rm -rf "$results"' EXIT

# Builds the tool, /init and initruntime-ctl, and makes the tools tree if the cache has none.
./initruntime --version >/dev/null
export INITRUNTIME_INIT="$PWD/out/init" INITRUNTIME_CTL="$PWD/out/initruntime-ctl"
dotnet build InitRuntime.sln --verbosity quiet
if [ "$what" != qemu ]; then
    dotnet format InitRuntime.sln --no-restore --verify-no-changes --severity error
fi

for suite in $suites; do
    dotnet test "tests/$suite" --no-build --logger "trx;LogFileName=$results/$suite.trx" --logger "console;verbosity=normal" ||
        echo "tests/$suite failed" >&2
done

passed=0 failed=0 skipped=0
for suite in $suites; do
    if [ ! -s "$results/$suite.trx" ]; then
        echo "tests/$suite ended without results" >&2
        failed=$((failed + 1))
        continue
    fi
    counters="$(grep -o '<Counters [^>]*>' "$results/$suite.trx")"
    count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
    passed=$((passed + $(count passed)))
    failed=$((failed + $(count failed) + $(count error) + $(count timeout) + $(count aborted)))
    skipped=$((skipped + $(count total) - $(count executed)))
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
