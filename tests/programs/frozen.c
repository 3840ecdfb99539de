/* Leaves a process that holds its inherited files open, and that SIGKILL does not
 * end: it is frozen (cgroups v1). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file < 0 || write(file, text, strlen(text)) < 0) {
		perror(path);
		_exit(99);
	}
	close(file);
}

int main(void)
{
	char pid[20];
	pid_t child;

	mkdir("/freezer", 0755);
	if (mount("freezer", "/freezer", "cgroup", 0, "freezer") != 0) {
		perror("mount");
		return 98;
	}
	mkdir("/freezer/x", 0755);
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	snprintf(pid, sizeof pid, "%d", child);
	put("/freezer/x/tasks", pid);
	put("/freezer/x/freezer.state", "FROZEN");
	sleep(1);
	puts("done");
	return 0;
}
