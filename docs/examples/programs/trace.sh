# strace: of children, by seccomp, with stacks, with an error put in, and of a process that runs.
. /suite/tap.sh
t counts strace -f -c -o /tmp/counts sh -c 'ls /; true'
t children sh -c "strace -f -e trace=execve sh -c 'ls /; true' 2>&1 | grep -c execve | grep -x 2"
t stacks sh -c "strace -k -e trace=openat ls / 2>&1 | grep '^ > '"
t seccomp sh -c 'strace --seccomp-bpf -f -e trace=openat ls / 2>&1 | grep openat'
t injected sh -c '! strace -e inject=openat:error=EACCES cat /etc/passwd'
sleep 3 &
t attached strace -o /tmp/calls -p $!
t saw grep exited /tmp/calls
echo 1..7
