/* Does what its name says to the kernel or to itself. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static void trigger(const char *key)
{
	FILE *file = fopen("/proc/sysrq-trigger", "w");

	if (file) {
		fputs(key, file);
		fclose(file);
	}
	pause();
}

int main(int count, char **words)
{
	const char *fault = count > 1 ? words[1] : "";

	printf("begun\n");
	fflush(stdout);
	/* PID 1 has yet to tell that it runs; a machine that ends before that is another fault. */
	usleep(200000);
	if (!strcmp(fault, "panic"))
		trigger("c");
	else if (!strcmp(fault, "power-off"))
		trigger("o");
	else if (!strcmp(fault, "reset"))
		trigger("b");
	else if (!strcmp(fault, "halt"))
		reboot(RB_HALT_SYSTEM);
	else if (!strcmp(fault, "hang"))
		for (;;)
			;
	else if (!strcmp(fault, "real-time")) {
		struct sched_param most = { .sched_priority = 99 };

		sched_setscheduler(0, SCHED_FIFO, &most);
		for (;;)
			;
	} else if (!strcmp(fault, "fork-bomb"))
		for (;;)
			fork();
	else if (!strcmp(fault, "memory"))
		for (;;) {
			char *block = malloc(1 << 20);

			if (block)
				memset(block, 1, 1 << 20);
		}
	else if (!strcmp(fault, "illegal-instruction"))
		__builtin_trap();
	else if (!strcmp(fault, "kill-everything"))
		kill(-1, SIGKILL);
	else if (!strcmp(fault, "kill-init"))
		kill(1, SIGKILL);
	else if (!strcmp(fault, "stop-init"))
		kill(1, SIGSTOP);
	else if (!strcmp(fault, "close-everything")) {
		closefrom(0);
		pause();
	} else if (!strcmp(fault, "kernel-log"))
		for (int i = 0; i < 2000; i++) {
			FILE *log = fopen("/dev/kmsg", "w");

			if (log) {
				fprintf(log, "<1>flood %d\n", i);
				fclose(log);
			}
		}
	return 7;
}
