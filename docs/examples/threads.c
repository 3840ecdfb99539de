/*
 * One thread makes a PID namespace for its children, another does not. Since
 * Linux 3.12 only the children of the first are born into it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t unshared;

/* Forks a child that prints its PID, sleeps and exits. */
static void fork_child(const char *whose, unsigned int seconds)
{
	pid_t child = fork();

	if (child < 0) {
		printf("%s: fork: %s\n", whose, strerror(errno));
		return;
	}
	if (child == 0) {
		printf("%s: my child has PID %d\n", whose, (int)getpid());
		fflush(stdout);
		sleep(seconds);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void *first(void *unused)
{
	if (unshare(CLONE_NEWPID) != 0)
		printf("thread 1: unshare: %s\n", strerror(errno));
	fflush(stdout);
	fork_child("thread 1", 0);
	pthread_barrier_wait(&unshared);
	return unused;
}

static void *second(void *unused)
{
	pthread_barrier_wait(&unshared);
	fork_child("thread 2", 1);
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	pthread_barrier_init(&unshared, NULL, 2);
	if (pthread_create(&threads[0], NULL, first, NULL) ||
	    pthread_create(&threads[1], NULL, second, NULL))
		return 2;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
