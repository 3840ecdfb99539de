/* Opens a pseudo-terminal without O_NOCTTY, as many programs do, and closes it. It
 * becomes the controlling terminal of a session leader that has none, and SIGHUP
 * kills that when the other side closes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
	int master = posix_openpt(O_RDWR), slave;

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		return 99;
	slave = open(ptsname(master), O_RDWR);
	if (slave < 0)
		return 98;
	if (open("/dev/tty", O_RDWR) >= 0)
		puts("it has a terminal");
	close(master);
	close(slave);
	sleep(1);
	puts("alive");
	return 0;
}
