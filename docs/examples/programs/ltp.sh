# Runs LTP's tests, of which /ltp/list has one a line: its name, and its command in
# /ltp/testcases/bin. Prints those that do not pass, and how many there were.
export LTPROOT=/ltp LTP_TIMEOUT_MUL=4 PATH=/ltp/testcases/bin:$PATH
cd /ltp/testcases/bin
all=0 pass=0 skipped=0
while read -r name command; do
	all=$((all + 1))
	said=$(timeout -k 5 60 sh -c "$command" 2>&1 < /dev/null)
	code=$?
	case $code in
	0) pass=$((pass + 1)) ;;
	32)
		skipped=$((skipped + 1))
		echo "not applicable: $name: $(echo "$said" | grep -m 1 TCONF)"
		;;
	*)
		echo "failed ($code): $name"
		echo "$said" | grep -E 'TFAIL|TBROK' | head -3
		;;
	esac
done < /ltp/list
echo "of $all: $pass pass, $skipped not applicable"
