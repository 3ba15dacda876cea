#!/bin/sh
# Installs Watercooler on this machine from a package that you have: nothing is downloaded.
#
#   sudo sh install.sh                                 takes the package that lies beside it
#   sudo sh install.sh watercooler_0.1.0_arm64.deb     takes this one
#   sh install.sh --dry-run                            says what it would do, and does nothing
#
# What it does: looks at the board, turns I2C on, installs the package with apt, waits until the
# service runs, and says where the page is. Run again, it upgrades or changes nothing.
set -eu

WAIT_S=120
PORT=8080

say() { printf '%s\n' "$*"; }

# One line on what is wrong and what to do.
stop() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

# All that changes this machine goes through here.
run() {
  if [ "$dry" = yes ]; then
    say "would run: $*"
  else
    say "+ $*"
    "$@"
  fi
}

dry=no
package=
for word in "$@"; do
  case "$word" in
    --dry-run) dry=yes ;;
    -h | --help)
      sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p;}' "$0"
      exit 0
      ;;
    -*) stop "there is no option $word: see sh $0 --help" ;;
    *)
      [ -z "$package" ] || stop "give one package"
      package=$word
      ;;
  esac
done

# --- the board ---

# What the programs are made for, not the kernel: a 64-bit kernel may run a 32-bit system.
command -v dpkg >/dev/null || stop "this is no Debian or Raspberry Pi OS: see docs/install.md"
arch=$(dpkg --print-architecture)
model=$(head -n 1 /proc/device-tree/model 2>/dev/null | tr -d '\0')
say "${model:-This machine} with a system for $arch"

case "$arch" in
  arm64 | amd64) ;;
  armhf | armel)
    case "$model" in
      *'Pi Zero 2'* | *'Pi '[345]* | *'Module '[345]*)
        stop "this system is 32-bit, the board can do better: write a card with the 64-bit" \
          "Raspberry Pi OS and run this there"
        ;;
      *)
        stop "a 32-bit board is too small for a node. It can still be a sensor of one:" \
          "let it hand readings to a push sensor over the network, or over USB as a serial box;" \
          "docs/install.md shows both"
        ;;
    esac
    ;;
  *) stop "there is no package for $arch, only for arm64 and amd64" ;;
esac

# --- the package ---

if [ -z "$package" ]; then
  # sort -V: of several the newest.
  package=$(find "$(dirname "$0")" -maxdepth 1 -name "watercooler_*_$arch.deb" | sort -V | tail -n 1)
  [ -n "$package" ] ||
    stop "no watercooler_*_$arch.deb beside this script: put it there or give its path"
fi
[ -r "$package" ] || stop "$package can't be read: give the package's path"
case "$package" in
  *_"$arch".deb) ;;
  *) stop "$package is not for this system: it needs the one that ends in _$arch.deb" ;;
esac
# To apt, a name without a slash is a package of its lists.
case "$package" in
  */*) ;;
  *) package=./$package ;;
esac

if [ "$dry" = no ] && [ "$(id -u)" -ne 0 ]; then
  stop "installing needs root: sudo sh $0 $*"
fi

# --- I2C, which most sensors are wired to ---

if command -v raspi-config >/dev/null; then
  # It answers 0 for "on".
  if [ "$(raspi-config nonint get_i2c)" = 0 ]; then
    say "I2C is on"
  else
    run raspi-config nonint do_i2c 0
  fi
else
  case "$model" in
    *Raspberry*)
      say "I2C is not turned on by this script, since there is no raspi-config. For sensors on it:"
      say "  add the line  dtparam=i2c_arm=on  to /boot/firmware/config.txt and start the Pi again"
      ;;
  esac
fi

# --- installing ---

# A configuration that was changed, or written beforehand, stays as it is.
run env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
  -o Dpkg::Options::=--force-confold "$package"
[ "$dry" = no ] || exit 0

say "waiting until it runs"
left=$WAIT_S
until state=$(systemctl is-active watercooler) || [ "$state" = failed ] || [ "$left" -le 0 ]; do
  sleep 1
  left=$((left - 1))
done

case "$state" in
  active) ;;
  activating)
    say "It is installed and looks for its mesh. To let it in, on a Pi that is in the mesh:"
    say "  watercooler status        shows the code of who waits at the door"
    say "  watercooler admit CODE    lets it in"
    exit 0
    ;;
  *) stop "it is installed and does not run ($state): sudo journalctl -u watercooler -n 20" ;;
esac

address=$(hostname -I 2>/dev/null | cut -d ' ' -f 1)
say "It runs. The page: http://${address:-$(hostname)}:$PORT (or as api.listen says)"
say "What is well and what is not: watercooler doctor"
