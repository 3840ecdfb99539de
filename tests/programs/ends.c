/* `ends 7` ends with that exit status, `ends segv` by a signal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef WITH_LIBRARY
int from_library(int status);
#else
static int from_library(int status) { return status; }
#endif

int main(int argc, char **argv)
{
	puts("out");
	fputs("err\n", stderr);
	fflush(stdout);
	if (argc < 2)
		return 100;
	if (strcmp(argv[1], "segv") == 0)
		*(volatile char *)0 = 0;
	return from_library(atoi(argv[1]));
}
