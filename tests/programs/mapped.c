/* Writes to a file by its mapping only. */
#include <fcntl.h>
#include <sys/mman.h>

int main(int argc, char **argv) {
    int file = open(argv[1], O_RDWR);
    char *mapped = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (argc != 2 || mapped == MAP_FAILED)
        return 1;
    mapped[7] ^= 1;
    return 0;
}
