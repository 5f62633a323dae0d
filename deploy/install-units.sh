#!/usr/bin/env bash
# Makes an appliance of a machine whose program is ready in /opt/kiosk: its user, its units, the command `kiosk`; starts at the next boot.
#   sudo deploy/install-units.sh [ROOT]       ROOT: another system's root folder, as when a card is prepared
# Touches neither /etc/kiosk nor keys: README.md says how those come. Safe to call again.
set -euo pipefail
cd "$(dirname "$0")/.."

ROOT=${1:-}
install -D -m 644 systemd/kiosk.sysusers "$ROOT/usr/lib/sysusers.d/kiosk.conf"
install -D -m 644 systemd/kiosk.rules "$ROOT/usr/lib/udev/rules.d/60-kiosk.rules"
for unit in kiosk.service kiosk-scanner.service kiosk-scanner.socket; do
    install -D -m 644 "systemd/$unit" "$ROOT/etc/systemd/system/$unit"
done
install -D -m 644 systemd/kiosk-watchdog.conf "$ROOT/etc/systemd/system.conf.d/kiosk.conf"
install -D -m 755 deploy/kiosk "$ROOT/usr/local/bin/kiosk"
install -d -m 755 "$ROOT/etc/kiosk"
install -d -m 700 "$ROOT/etc/credstore.encrypted"
systemd-sysusers --root="${ROOT:-/}" kiosk.conf
systemctl --root="${ROOT:-/}" --quiet enable kiosk-scanner.socket kiosk.service
[ -n "$ROOT" ] || { systemctl daemon-reload && udevadm trigger --action=add --subsystem-match=backlight; }
