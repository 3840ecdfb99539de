/* Reads the first 100000 bytes of its input and leaves the rest. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char bytes[1000];
	ssize_t length;
	int all = 0;

	while (all < 100000) {
		size_t left = 100000 - all;

		length = read(0, bytes, left < sizeof bytes ? left : sizeof bytes);
		if (length <= 0)
			return 1;
		all += length;
	}
	printf("read %d\n", all);
	return 0;
}
