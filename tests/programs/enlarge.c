/* Makes the pipe to stdout hold a mebibyte, fills it and ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char bytes[1 << 20];

int main(void)
{
	size_t done = 0;

	if (fcntl(1, F_SETPIPE_SZ, sizeof bytes) < 0)
		return 99;
	memset(bytes, 'x', sizeof bytes);
	while (done < sizeof bytes) {
		ssize_t length = write(1, bytes + done, sizeof bytes - done);

		if (length < 0)
			return 98;
		done += length;
	}
	return 0;
}
