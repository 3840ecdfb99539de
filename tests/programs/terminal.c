/* Opens a pseudo-terminal as any program may, without a thought of whose it is to
 * be, and closes it again. Who leads a session without a terminal is given it, and
 * killed (SIGHUP) when its other side goes. */
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
