#!/bin/sh
# Runs inside the demo's root file system, after its packages are in.
set -eu

# The password of root is "demo". The salt is fixed, so that every build has the same bytes.
# Made by: openssl passwd -6 -salt initruntime demo
hash='$6$initruntime$NfaKtGKPLSenzHqM4tBEqNo5DSkiYpXuvw8IObEL0yacSxdNs9m15WAvpQrCkfhWH9NxCLsAWuXL57hGzGJec/'
sed -i 's|^root:[^:]*:|root:x:|' /etc/passwd
sed -i '/^root:/d' /etc/shadow
printf 'root:%s:20000::::::\n' "$hash" >>/etc/shadow
chown root:shadow /etc/shadow
chmod 640 /etc/shadow

# The root comes from /init, and nothing else is mounted from a table.
rm -f /etc/fstab

# No work for them: packages come and go with the image only, and a disk in a file has nothing to trim.
systemctl disable --quiet fstrim.timer dpkg-db-backup.timer
systemctl set-default --quiet multi-user.target

# Never a question on the console, whatever the machine id says.
systemctl mask --quiet systemd-firstboot.service
