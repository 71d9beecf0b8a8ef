#!/bin/sh
# Runs inside the image's root file system, once its packages are in.
set -eu

# The password of root is "hello". For a product: remove these lines, and let people in by keys of yours.
# Made by: openssl passwd -6 -salt initruntime hello
hash='$6$initruntime$dC3agCxU8IwBkXqexQ86CYCzH4MVEssg3/D45cax2fe4MkOMb39PFUteyk8Dq/AN7.rj6wM1vlaaxrbSZITYf/'
sed -i 's|^root:[^:]*:|root:x:|' /etc/passwd
sed -i '/^root:/d' /etc/shadow
printf 'root:%s:20000::::::\n' "$hash" >>/etc/shadow
chown root:shadow /etc/shadow
chmod 640 /etc/shadow

echo '@NAME@' >/etc/hostname

# The root comes from /init, and nothing else is mounted from a table.
rm -f /etc/fstab
systemctl set-default --quiet multi-user.target
systemctl mask --quiet systemd-firstboot.service
