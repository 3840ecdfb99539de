# The life of a container. $1 is the runtime.
. /suite/tap.sh
cd /bundle
# The container keeps these streams.
t created sh -c "$1 create --pid-file /tmp/pid c < /dev/null > /tmp/said 2>&1"
t started "$1" start c
sleep 2
t state "$1" state c
g=/sys/fs/cgroup memory=memory.max
pids=$g/c/pids.max
[ -e $g/memory ] && pids=$g/pids/c/pids.max g=$g/memory memory=memory.limit_in_bytes
t limit grep -x 33554432 $g/c/$memory
t pids grep -x 20 $pids
t exec "$1" exec c id
t listed "$1" ps c
t paused "$1" pause c
t resumed "$1" resume c
t updated "$1" update --memory 67108864 c
t new-limit grep -x 67108864 $g/c/$memory
t killed "$1" kill c KILL
sleep 1
t deleted "$1" delete c
t gone sh -c "[ ! -e $g/c ]"
echo 1..14
