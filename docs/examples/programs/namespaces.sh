# unshare and nsenter of util-linux, as root and as a user.
. /suite/tap.sh
t user unshare -Ur id -u
t pid unshare -Urpf --mount-proc sh -c '[ $$ = 1 ]'
t mount unshare -Urm mount -t tmpfs none /tmp
t net unshare -Urn ip link
t uts unshare -Uru hostname other
t cgroup unshare -UrC cat /proc/self/cgroup
t time unshare -UrT --boottime 1000000 cat /proc/uptime
t ipc unshare -Uri true
t killed unshare -Urpf --kill-child --mount-proc --propagation private true
t mapped unshare -U --map-user=1 --map-group=1 id -u
unshare -Urnmu --propagation private sleep 30 &
sleep 2
t entered nsenter -t $! -U -n -m -u --preserve-credentials id -u
kill $!
echo 1..11
