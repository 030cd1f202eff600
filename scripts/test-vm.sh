#!/usr/bin/env bash
# Runs the tests of what the kernel here may lack (vsock, vmci, tipc, netem) in a
# virtual machine: Debian's kernel and qemu in software emulation, so that neither KVM nor
# rights are needed. Nothing is left behind.
set -eu
cd "$(dirname "$0")/.."

missing() {
	echo "skipped: needs $* (apt-get install qemu-system-x86 linux-image-amd64 busybox-static cpio kmod iproute2)"
	[ "${ZTOOLS_REQUIRE_PEERS:-}" != 1 ]
	exit
}

for tool in qemu-system-x86_64 busybox cpio modprobe tc; do
	command -v "$tool" >/dev/null || missing "$tool"
done
kernel=$(ls -v /boot/vmlinuz-*-amd64 2>/dev/null | tail -n 1)
[ -n "$kernel" ] || missing "a kernel"
version=${kernel#/boot/vmlinuz-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules,src/cmd/zcat}

# The modules in the order in which they can be loaded.
for name in vsock_loopback tipc sch_netem; do
	modprobe --set-version "$version" --show-depends "$name"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
	cp "$file" "$root/modules/"
	basename "$file" >>"$root/modules/order"
done

cp "$(command -v busybox)" "$root/bin/busybox"
cp -r man "$root/src/"
# tc with the libraries that it is linked to, by a name that busybox does not have.
for file in "$(command -v tc)" $(ldd "$(command -v tc)" | grep -o '/[^ ]*'); do
	mkdir -p "$root$(dirname "$file")"
	cp -L "$file" "$root$file"
done
ln -s "$(command -v tc)" "$root/bin/iproute2-tc"
CGO_ENABLED=0 go test -c -o "$root/bin/zmq.test" ./lib/zmq
CGO_ENABLED=0 go test -c -o "$root/bin/vsock.test" ./lib/internal/transport/vsock
CGO_ENABLED=0 go test -c -o "$root/bin/zcat.test" ./cmd/zcat
CGO_ENABLED=0 go build -o "$root/bin/zcat" ./cmd/zcat
cat >"$root/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp ZTOOLS_ZCAT=/bin/zcat
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
ip link set lo up
while read -r m; do insmod "/modules/$m"; done </modules/order
cd /src/cmd/zcat
run() { "$@" -test.v -test.timeout 5m || failed=1; }
failed=0
run zmq.test -test.run '^TestFamil'
run vsock.test
run zcat.test -test.run '^TestTransportsOfTheManual$/(vsock|vmci|tipc)'
ip link set lo multicast on
ip route add 224.0.0.0/4 dev lo
if iproute2-tc qdisc add dev lo root netem delay 2ms 1ms loss 5% duplicate 5% reorder 5%; then
	ZTOOLS_NETEM=1 run zmq.test -test.run '^TestNetem$'
else
	failed=1
fi
echo "exit status $failed"
poweroff -f
EOF
chmod +x "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc) >"$work/initrd"

timeout 900 qemu-system-x86_64 -accel tcg -cpu max -m 1024 -nographic -no-reboot -nic none \
	-kernel "$kernel" -initrd "$work/initrd" -append 'console=ttyS0 quiet panic=-1' |
	tr -d '\r' | tee "$work/log"
if grep -q SKIP "$work/log"; then
	echo "a test was skipped in the machine"
	exit 1
fi
grep -q '^exit status 0$' "$work/log"
