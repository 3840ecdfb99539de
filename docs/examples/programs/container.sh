# The life of a container. $1 is the runtime.
. /suite/tap.sh
cd /bundle
# The container keeps these streams.
t created sh -c "$1 create --pid-file /tmp/pid c < /dev/null > /tmp/said 2>&1"
t started "$1" start c
sleep 2
t state "$1" state c
t limit grep -x 33554432 /sys/fs/cgroup/c/memory.max
t pids grep -x 20 /sys/fs/cgroup/c/pids.max
t exec "$1" exec c id
t listed "$1" ps c
t paused "$1" pause c
t resumed "$1" resume c
t updated "$1" update --memory 67108864 c
t new-limit grep -x 67108864 /sys/fs/cgroup/c/memory.max
t killed "$1" kill c KILL
sleep 1
t deleted "$1" delete c
t gone sh -c '[ ! -e /sys/fs/cgroup/c ]'
echo 1..14
