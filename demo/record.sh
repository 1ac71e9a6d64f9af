#!/usr/bin/env bash
# Records the demo's intrusion again: Debian's auditd, sshd, sudo, rsyslog, cron and nginx on hosts that are namespaces of this
# machine, about seven minutes, as root on Debian. Nothing leaves the machine, and nothing stays on it but WORK (about 1.5 GB).
# Then writes logs/, truth.yaml and timemap.tsv. New keys, process ids and sessions are made each time, so all of them change.
# Usage: record.sh [WORK]   (default /var/tmp/muster-demo)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-/var/tmp/muster-demo}
[ "$(id -u)" = 0 ] || { echo "record: needs root, for namespaces and the kernel's audit" >&2; exit 3; }
missing=()
for tool in auditctl:auditd mmdebstrap:mmdebstrap ip:iproute2 nsenter:util-linux ssh-keygen:openssh-client; do
  command -v "${tool%%:*}" > /dev/null || missing+=("${tool##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"
fi
bash "$here/record/image.sh" "$work"
python3 "$here/record/story.py" "$work"
python3 "$here/record/compose.py" "$work"
