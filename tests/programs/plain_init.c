/* A minimal PID 1 that starts a program: it forks, puts the child into a new process
 * group, and executes /state. */
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	char *arguments[] = { "/state", 0 }, *environment[] = { 0 };

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, 0);
	if (fork() == 0) {
		setpgid(0, 0);
		execve("/state", arguments, environment);
		_exit(127);
	}
	wait(0);
	sync();
	sleep(1);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
