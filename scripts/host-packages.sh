# Sourced by the scripts at the root: what a Debian 12 or 13 host needs beside the .NET SDK. All other tools (mkfs.erofs,
# QEMU, swtpm ...) come in a tree of their own that mmdebstrap makes, so that every host runs the same versions.

host_packages="mmdebstrap bubblewrap clang lld zlib1g-dev debian-archive-keyring xz-utils"

# What the tests need besides: they let the compiler, objdump, openssl and lintian judge what we make, and packages are made with debhelper.
test_packages="binutils gcc libc6-dev linux-libc-dev openssl debhelper dpkg-dev lintian"

install_host_packages() {
    install_packages "$host_packages"
}

install_test_packages() {
    install_packages "$test_packages"
}

# Installs what is missing, and says what. As root it asks nothing; else sudo may ask for a password.
install_packages() {
    local package missing=""
    for package in $1; do
        if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing="$missing $package"
        fi
    done
    if [ -z "$missing" ]; then
        return 0
    fi

    echo "installing the Debian packages this needs:$missing" >&2
    local as_root=""
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "error: not root, and there is no sudo" >&2
            echo "hint: as root, run: apt-get install$missing" >&2
            return 1
        fi
        as_root="sudo"
    fi
    # shellcheck disable=SC2086 # one word for each package
    $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $missing >&2
}

# The .NET SDK that global.json asks for.
check_dotnet() {
    if ! command -v dotnet >/dev/null; then
        echo "error: the .NET 10 SDK is missing" >&2
        echo "hint: https://learn.microsoft.com/dotnet/core/install/linux-debian tells how to install it" >&2
        return 1
    fi
}
