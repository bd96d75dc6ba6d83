#!/bin/sh
# Installs Debian packages as root without starting any service: install_packages.sh PACKAGE...
# A policy-rc.d that denies every start stands for as long as this runs; the machine's own comes back.
set -eu
policy=/usr/sbin/policy-rc.d
ours="# PACS2go: deny starts while packages are installed"
saved=$(mktemp -d)

restore() {
    rm -f "$policy"
    if [ -e "$saved/policy-rc.d" ]; then
        cp -a "$saved/policy-rc.d" "$policy"
    fi
    rm -rf "$saved"
}

# One of ours that a power cut left behind is not the machine's own.
if [ -e "$policy" ] && ! grep -qF "$ours" "$policy"; then
    cp -a "$policy" "$saved/policy-rc.d"
fi
trap restore EXIT
trap 'exit 1' HUP INT TERM
printf '#!/bin/sh\n%s\nexit 101\n' "$ours" > "$policy.new"
chmod 755 "$policy.new"
mv "$policy.new" "$policy"

had_orthanc=no
[ -e /usr/sbin/Orthanc ] && had_orthanc=yes

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
install="apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install --no-install-recommends"
if ! $install "$@"; then
    apt-get -q -o DPkg::Lock::Timeout=300 update
    $install "$@"
fi

# The package enables a second Orthanc on every address for the next boot; only ours is wanted.
if [ "$had_orthanc" = no ] && [ -e /usr/sbin/Orthanc ]; then
    if command -v systemctl > /dev/null; then
        systemctl disable orthanc || true
    else
        update-rc.d orthanc disable || true
    fi
fi
