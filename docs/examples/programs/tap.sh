# Tells whether a command succeeds, as TAP: t NAME COMMAND…
t() {
	name=$1
	shift
	if said=$("$@" 2>&1); then echo "ok - $name"; else echo "not ok - $name" && echo "# $said"; fi
}
