#!/usr/bin/env bash
# Builds the Debian packages initruntime and initruntime-device for amd64 into out/packages.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
# shellcheck source=scripts/host-packages.sh
. scripts/host-packages.sh

out="$PWD/out/packages"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
check_dotnet
install_host_packages
install_packages "debhelper dpkg-dev"
./initruntime --version >/dev/null

rm -rf "$out"
work="$out/build"
tool="$work/payload/initruntime/usr/lib/initruntime"
mkdir -p "$tool" "$work/payload/man" "$work/payload/docs" "$work/payload/examples" "$work/payload/initruntime/usr/share/initruntime"
cp -r packaging/debian "$work/debian"

# The tool with the runtime it needs, which Debian does not have. Its libraries for debuggers and tracers stay out.
echo "building the tool with its runtime" >&2
dotnet publish tools/mkinitramfs --configuration Release --runtime linux-x64 --self-contained --output "$tool" \
    -p:DebugType=none -p:SatelliteResourceLanguages=en --verbosity quiet >&2
rm -f "$tool"/libmscordaccore.so "$tool"/libmscordbi.so "$tool"/libcoreclrtraceptprovider.so "$tool"/createdump "$tool"/*.pdb "$tool"/*.xml
find "$tool" -type f -exec chmod 644 {} +
chmod 755 "$tool/initruntime"
install -m 755 out/init out/init-hooks out/initruntime-ctl "$tool"
cp -r out/init-lib "$tool"
find "$tool/init-lib" -type f -exec chmod 644 {} +
cp docs/manifest.schema.json "$work/payload/initruntime/usr/share/initruntime"
cp docs/man/*.1 "$work/payload/man"
cp README.md $(find docs -maxdepth 1 -name '*.md' -o -maxdepth 1 -name '*.svg') "$work/payload/docs"
for example in demo hooks; do
    git ls-files -z "examples/$example" | xargs --null cp --parents --target-directory "$work/payload"
done

# The device's files as a plain image has them; its certificate and its board are the integrator's.
device="$(mktemp -d)"
trap 'rm -rf "$device"' EXIT
./initruntime keys "$device/keys" >/dev/null
cat >"$device/image.toml" <<'M'
extends = "profile:amd64"
[image]
name = "device"
version = "1"
[update]
allow-older = true
[signing]
keys = "keys"
M
./initruntime device-files "$device/image.toml" "$work/payload/device" >/dev/null
rm -r "$work/payload/device/usr/lib/initruntime/update.crt" "$work/payload/device/etc"

version="$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)"
cat >"$work/debian/changelog" <<C
initruntime ($version) unstable; urgency=medium

  * Built from the sources; CHANGELOG.md tells what changed.

 -- The InitRuntime developers <initruntime@example.org>  $(date --utc --rfc-email --date="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}")
C

echo "building the packages" >&2
(cd "$work" && dpkg-buildpackage --build=binary --no-sign >"$out/build.log" 2>&1) || { tail -30 "$out/build.log" >&2; exit 1; }
rm -rf "$work" "$out"/*.buildinfo "$out"/*.changes
ls "$out"/*.deb
