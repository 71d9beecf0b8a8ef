#!/bin/sh
# Runs inside the root file system, once its packages are in.
set -eu

# Both come from the hook "identity".
rm -f /etc/hostname
: >/etc/machine-id

# Who may provision a device. A product has a key of its own here, and only its public part.
if [ ! -s /usr/lib/gateway/provision.pub ]; then
    echo "warning: no /usr/lib/gateway/provision.pub in the image: nothing will be provisioned" >&2
fi

rm -f /etc/fstab
systemctl set-default --quiet multi-user.target
systemctl mask --quiet systemd-firstboot.service
