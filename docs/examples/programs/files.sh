# Overlay, squashfs on a loop device, FUSE: the devices are there before their drivers.
. /suite/tap.sh
cd /tmp
mkdir lower upper work merged image mounted
t overlay mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
t image mksquashfs /etc image/etc -quiet -no-progress
t loop mount -o loop image/etc mounted
t squashfs cat mounted/hostname
t unmounted umount mounted
t fuse squashfuse image/etc mounted
t read cat mounted/hostname
echo 1..7
