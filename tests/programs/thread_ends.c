/* Ends a thread by pthread_exit, for which the C library loads libgcc_s. */
#include <pthread.h>
#include <stdio.h>

static void *thread(void *nothing)
{
	pthread_exit(nothing);
}

int main(void)
{
	pthread_t made;

	if (pthread_create(&made, NULL, thread, NULL) || pthread_join(made, NULL))
		return 1;
	puts("ended");
	return 0;
}
