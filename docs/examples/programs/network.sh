# A bridge, a pair of veth with one end in another namespace, and nf_tables; all are modules.
. /suite/tap.sh
t veth ip link add v0 type veth peer name v1
t bridge ip link add br0 type bridge
t port ip link set v0 master br0
ip link set br0 up
ip link set v0 up
t namespace ip netns add other
t moved ip link set v1 netns other
ip netns exec other ip addr add 10.9.0.2/24 dev v1
ip netns exec other ip link set v1 up
ip addr add 10.9.0.1/24 dev br0
t ping ping -c 5 -i 0.5 -W 5 10.9.0.2
t table nft add table inet own
t chain nft add chain inet own in '{ type filter hook input priority 0; }'
t rule nft add rule inet own in ip protocol icmp counter drop
t dropped sh -c '! ping -c 1 -W 1 10.9.0.1'
echo 1..10
