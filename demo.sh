#!/usr/bin/env bash
# Makes the demo image and boots it in QEMU, with Secure Boot and a software TPM, up to a login prompt.
#   ./demo.sh            boots, shows how the boot went, then gives you the console (root, password "demo")
#   ./demo.sh --report   boots, shows how the boot went, and ends
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
# shellcheck source=scripts/host-packages.sh
. scripts/host-packages.sh

case "${1:-}" in
    "" | --report) ;;
    *)
        echo "usage: ./demo.sh [--report]" >&2
        exit 2
        ;;
esac

check_dotnet
install_host_packages
mkdir -p out
[ -d examples/demo/keys ] || ./initruntime keys examples/demo/keys
./initruntime build examples/demo/image.toml -o out/demo
echo
echo "The first boot, up to its report: a minute or two without KVM."
./initruntime run out/demo --report
if [ "${1:-}" = "" ]; then
    echo
    echo "Now with its console: log in as root with the password demo; Ctrl-A X ends the machine."
    ./initruntime run out/demo
fi
