/* Writes to the memory that this machine shares with its host, as root may: to its
 * counters, or to the bytes while 4 MiB of output travel through them. */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUARTER (1 << 20)

static int is(const char *dir, const char *name, const char *value) {
    char path[256], text[16] = "";
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int file = open(path, O_RDONLY);
    return file >= 0 && read(file, text, sizeof text - 1) > 0 &&
           strncmp(text, value, strlen(value)) == 0;
}

static char *find(void) {
    glob_t found;
    if (glob("/sys/bus/pci/devices/*", 0, NULL, &found) != 0)
        exit(3);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *dir = found.gl_pathv[i];
        if (!is(dir, "vendor", "0x1af4") || !is(dir, "device", "0x1110"))
            continue;
        char path[256];
        snprintf(path, sizeof path, "%s/resource2", dir);
        int file = open(path, O_RDWR);
        char *memory = mmap(NULL, 4 * QUARTER, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (memory != MAP_FAILED)
            return memory;
    }
    exit(4);
}

static void write_all(void) {
    static char part[65536];
    memset(part, 'w', sizeof part);
    for (int i = 0; i < 64; i++)
        if (write(1, part, sizeof part) != sizeof part)
            exit(5);
}

int main(int argc, char **argv) {
    char *memory = find();
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "counters") == 0) {
        memset(memory, 0xff, QUARTER);
        write_all();
    } else if (strcmp(what, "backwards") == 0) {
        write_all();
        memset(memory, 0, QUARTER);
        write_all();
    } else if (strcmp(what, "forged") == 0) {
        /* Four words of output that PID 1 has not written. */
        volatile uint64_t *put = (uint64_t *)memory + 8 * 3;
        *put += 32;
        write_all();
    } else {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                memset(memory + QUARTER, 0xaa, 3 * QUARTER);
        write_all();
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return 0;
}
