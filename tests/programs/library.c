/* A library that lies beside the program that needs it. */
int from_library(int status)
{
	return status;
}
