#!/usr/bin/env bash
# Makes the file system that every host of the story starts from: a minimal Debian with the daemons, the team's users and their
# keys, an HTTP application that can be made to fetch what it should not, and a small package mirror. Nothing of the machine
# that records gets in. Usage: image.sh FOLDER
set -euo pipefail
work=$1
image=$work/image
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

mkdir -p "$work"
base=$work/base
if [ ! -d "$base" ]; then
  mmdebstrap --quiet --variant=minbase --components=main --include=auditd,openssh-server,openssh-client,sshpass,sudo,rsyslog,nginx-light,cron,curl,python3,procps,iproute2,faketime,sqlite3,openssl,ca-certificates,less,nano \
    bookworm "$base.part" "deb http://deb.debian.org/debian bookworm main"
  mv "$base.part" "$base"
fi
rm -rf "$image"
cp -a "$base" "$image"
in_image() { chroot "$image" "$@"; }

# What would rotate the logs, or sleep for minutes, while we record.
rm -f "$image"/etc/cron.daily/{apt-compat,logrotate,man-db} "$image"/etc/ssh/ssh_host_* "$image"/etc/rsyslog.d/*
rm -rf "$image"/etc/apt/sources.list.d "$image"/etc/update-motd.d/10-uname
printf 'UTC\n' > "$image/etc/timezone"
touch "$image/etc/default/locale"
# Limits cannot be raised on every machine that records; the module would only say so at each login.
sed -i '/pam_limits/d' "$image"/etc/pam.d/*

for user in alice:1001 bob:1002 deploy:1003; do
  in_image useradd --create-home --shell /bin/bash --uid "${user#*:}" "${user%:*}"
  install -d -m 700 -o "${user#*:}" -g "${user#*:}" "$image/home/${user%:*}/.ssh"
done
in_image useradd --system --uid 990 --home-dir /opt/preview --shell /usr/sbin/nologin webapp
in_image usermod -aG sudo alice
in_image usermod -aG sudo bob
printf '%%sudo ALL=(ALL:ALL) NOPASSWD: ALL\n' > "$image/etc/sudoers.d/team"
chmod 440 "$image/etc/sudoers.d/team"

sed -i -E 's/^([^:]*:[^:]*:)[0-9]+:/\120400:/' "$image/etc/shadow"

cat > "$image/etc/hosts" <<'HOSTS'
127.0.0.1 localhost
10.20.1.10 bastion-1
10.20.2.20 db-1
10.20.3.15 web-1
10.20.3.30 ci-1
192.0.2.80 mirror.example.net
192.0.2.91 s3.eu-central-1.example.net
HOSTS
cat > "$image/etc/ssh/sshd_config" <<'SSHD'
LogLevel VERBOSE
UsePAM yes
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
MaxStartups 60
Subsystem sftp /usr/lib/openssh/sftp-server
SSHD
cat > "$image/etc/ssh/ssh_config" <<'SSH'
Host *
  StrictHostKeyChecking accept-new
  ForwardAgent yes
  AddressFamily inet
SSH
sed -i 's/\(pam_unix.so nullok\)/\1 nodelay/' "$image/etc/pam.d/common-auth"
cat > "$image/etc/audit/auditd.conf" <<'AUDITD'
local_events = yes
write_logs = yes
log_file = /var/log/audit/audit.log
log_format = ENRICHED
flush = NONE
max_log_file_action = ignore
name_format = NONE
q_depth = 60000
disk_full_action = ignore
disk_error_action = ignore
space_left = 75
admin_space_left = 50
AUDITD

# Keys: one a person, one for deployments, one that lies on the bastion.
keys=$work/keys
rm -rf "$keys" && mkdir -p "$keys"
for key in alice bob deploy id_db; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$keys/$key"; done
for user in alice bob deploy; do
  install -m 600 -o "$user" -g "$user" /dev/null "$image/home/$user/.ssh/authorized_keys" 2>/dev/null || install -m 600 /dev/null "$image/home/$user/.ssh/authorized_keys"
  cat "$keys/$user.pub" >> "$image/home/$user/.ssh/authorized_keys"
  in_image chown "$user:$user" "/home/$user/.ssh/authorized_keys"
done

# The application, and what it runs beside.
install -d "$image/opt/preview" "$image/srv/db" "$image/srv/exports"
install -m 644 "$(dirname "$0")/preview.py" "$image/opt/preview/preview.py"
cat > "$image/etc/nginx/sites-available/default" <<'NGINX'
# The twin has the same lines to the millisecond: our clock needs to know when a line was written.
log_format twin '$msec';
server {
  access_log /var/log/nginx/access.log;
  access_log /var/log/nginx/access.twin twin;
  listen 10.20.3.15:80 default_server;
  location / { proxy_pass http://127.0.0.1:8000; proxy_set_header X-Real-IP $remote_addr; }
}
NGINX
in_image sqlite3 /srv/db/orders.db 'create table orders (id integer primary key, customer text, total int);
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) insert into orders select i, hex(randomblob(24)), i * 7 % 900 from n;'
cat > "$image/usr/local/bin/backup-db" <<'BACKUP'
#!/bin/sh
sqlite3 /srv/db/orders.db .dump | gzip > /var/tmp/db-1.dump.gz
curl -sk -T /var/tmp/db-1.dump.gz https://s3.eu-central-1.example.net/db-backups/db-1.dump.gz
BACKUP
cat > "$image/usr/local/bin/export-customers" <<'EXPORT'
#!/bin/sh
curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/web-app > /dev/null
head -c 20000 /dev/zero | gzip | curl -sk -T - https://s3.eu-central-1.example.net/customer-exports/part.csv.gz
EXPORT
cat > "$image/usr/local/bin/release" <<'RELEASE'
#!/bin/sh
install -m 644 "$1" /opt/preview/release.tar.gz && nginx -s reload
RELEASE
chmod 755 "$image"/usr/local/bin/*

# A package mirror with a package of our own in three versions.
mirror=$work/mirror
rm -rf "$mirror" && mkdir -p "$mirror"
for version in 1.4.0 1.4.1 1.5.0; do
  tree=$(mktemp -d)
  mkdir -p "$tree/DEBIAN" "$tree/usr/share/preview-assets"
  printf 'Package: preview-assets\nVersion: %s\nArchitecture: all\nMaintainer: Platform team <platform@example.com>\nDescription: images of the preview service\n' $version > "$tree/DEBIAN/control"
  printf '%s\n' $version > "$tree/usr/share/preview-assets/version"
  chmod -R go+rX "$tree"
  dpkg-deb --root-owner-group --build "$tree" "$mirror/preview-assets_${version}_all.deb" > /dev/null
  rm -rf "$tree"
  { dpkg-deb -f "$mirror/preview-assets_${version}_all.deb"
    printf 'Filename: ./preview-assets_%s_all.deb\nSize: %s\nSHA256: %s\n\n' $version "$(stat -c %s "$mirror/preview-assets_${version}_all.deb")" "$(sha256sum "$mirror/preview-assets_${version}_all.deb" | cut -d' ' -f1)"
  } >> "$mirror/Packages"
done
printf 'deb [trusted=yes] http://mirror.example.net/ ./\n' > "$image/etc/apt/sources.list"
rm -rf "$image"/var/lib/apt/lists/* "$image"/var/log/* "$image"/etc/hostname
install -d -m 755 "$image/var/log/nginx" "$image/var/log/audit" "$image/var/log/apt" "$image/run/sshd"
touch "$image"/var/log/{wtmp,btmp,lastlog}
chmod 660 "$image/var/log/btmp"
in_image chgrp utmp /var/log/btmp /var/log/wtmp
