/* A library of one's own, beside the program that needs it. */
int from_library(int status)
{
	return status;
}
