/* Prints what a process inherits and execve(2) keeps, one line each. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static const char *const of_status[] = {
	"Umask:", "Uid:", "Gid:", "Groups:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:",
	"SigCgt:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:",
	"Seccomp:", "Seccomp_filters:", "Speculation", "THP_enabled:", "Cpus_allowed:",
	"Mems_allowed:", "Threads:", "TracerPid:",
};

static void lines(const char *path, int (*wanted)(const char *))
{
	char line[4096];
	FILE *file = fopen(path, "r");

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof line, file))
		if (!wanted || wanted(line))
			printf("%s: %s", path, line);
	fclose(file);
}

static int status_line(const char *line)
{
	for (size_t i = 0; i < sizeof of_status / sizeof *of_status; i++)
		if (strncmp(line, of_status[i], strlen(of_status[i])) == 0)
			return 1;
	return 0;
}

/* These two depend on the free memory, and so on the size of the initramfs. */
static int limits_line(const char *line)
{
	return strncmp(line, "Max processes", 13) && strncmp(line, "Max pending", 11);
}

static void number(const char *name, long value)
{
	printf("%s: %ld\n", name, value);
}

static void keyring(const char *name, int which)
{
	char text[256] = "";
	long id = syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, which, 0);

	if (id < 0)
		printf("keyring %s: %s\n", name, strerror(errno));
	else {
		syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, id, text, sizeof text - 1);
		printf("keyring %s: %s\n", name, text);
	}
}

static void links(const char *path)
{
	char name[512], target[512];
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		ssize_t length = readlink(name, target, sizeof target);
		printf("%s: %.*s\n", name, length < 0 ? 0 : (int)length, target);
	}
	if (dir)
		closedir(dir);
}

int main(void)
{
	char text[1024] = "";
	int files = 0, tsc = 0, pdeathsig = 0, subreaper = 0;
	int ppid = -1, pgrp = -1, session = -1, terminal = -1;
	struct itimerval timer;
	struct rlimit limit;
	FILE *stat = fopen("/proc/self/stat", "r");

	if (!stat || fscanf(stat, "%*d %*s %*c %d %d %d %d", &ppid, &pgrp, &session, &terminal) != 4)
		return 99;
	fclose(stat);
	lines("/proc/self/status", status_line);
	lines("/proc/self/limits", limits_line);
	getrlimit(RLIMIT_NPROC, &limit);
	number("as many processes as there may be", limit.rlim_cur == limit.rlim_max);
	getrlimit(RLIMIT_SIGPENDING, &limit);
	number("as many signals as there may be", limit.rlim_cur == limit.rlim_max);
	lines("/proc/self/personality", NULL);
	lines("/proc/self/oom_score_adj", NULL);
	lines("/proc/self/coredump_filter", NULL);
	lines("/proc/self/cgroup", NULL);
	lines("/proc/self/timerslack_ns", NULL);
	lines("/proc/self/timens_offsets", NULL);
	lines("/proc/self/uid_map", NULL);
	links("/proc/self/ns");
	number("nice", getpriority(PRIO_PROCESS, 0));
	number("scheduler", sched_getscheduler(0));
	number("I/O priority", syscall(SYS_ioprio_get, 1, 0));
	number("personality", personality(0xffffffff));
	prctl(PR_GET_PDEATHSIG, &pdeathsig);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	prctl(PR_GET_TSC, &tsc);
	number("death signal", pdeathsig);
	number("subreaper", subreaper);
	number("tsc", tsc);
	number("dumpable", prctl(PR_GET_DUMPABLE));
	number("keepcaps", prctl(PR_GET_KEEPCAPS));
	number("securebits", prctl(PR_GET_SECUREBITS));
	number("timer slack", prctl(PR_GET_TIMERSLACK));
	number("timing", prctl(PR_GET_TIMING));
	number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	number("thp disabled", prctl(42 /* PR_GET_THP_DISABLE */, 0, 0, 0, 0));
	number("mce", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	keyring("thread", -1);
	keyring("process", -2);
	keyring("session", -3);
	keyring("user", -4);
	keyring("user session", -5);
	for (int which = 0; which < 3; which++) {
		getitimer(which, &timer);
		number("timer", timer.it_value.tv_sec || timer.it_value.tv_usec);
	}
	for (int file = 0; file < 1024; file++)
		files += fcntl(file, F_GETFD) != -1;
	number("open files", files);
	printf("directory: %s\n", getcwd(text, sizeof text));
	number("child of PID", ppid);
	number("leads its process group", pgrp == getpid());
	number("leads its session", session == getpid());
	number("terminal", terminal);
	puts("told");
	return 0;
}
