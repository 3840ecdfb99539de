/* Does to the memory that this machine shares with its host what root may, while output
 * travels through it: writes to its counters and bytes, or takes the device away. */
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

/* In words: the counters of what was put into stdout's ring, and taken out of it. */
enum { PUT = 8 * 3, TAKEN = 8 * 4 };

/* The directory of the device. */
static char device[256];

static int is(const char *dir, const char *name, const char *value) {
    char path[256], text[16] = "";
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int file = open(path, O_RDONLY);
    return file >= 0 && read(file, text, sizeof text - 1) > 0 &&
           strncmp(text, value, strlen(value)) == 0;
}

static int open_of_device(const char *name) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", device, name);
    return open(path, strcmp(name, "remove") == 0 ? O_WRONLY : O_RDWR);
}

static char *find(void) {
    glob_t found;
    if (glob("/sys/bus/pci/devices/*", 0, NULL, &found) != 0)
        exit(3);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *dir = found.gl_pathv[i];
        if (!is(dir, "vendor", "0x1af4") || !is(dir, "device", "0x1110"))
            continue;
        snprintf(device, sizeof device, "%s", dir);
        int file = open_of_device("resource2");
        char *memory = mmap(NULL, 4 * QUARTER, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (memory != MAP_FAILED)
            return memory;
    }
    exit(4);
}

static void write_parts(int parts) {
    static char part[65536];
    memset(part, 'w', sizeof part);
    while (parts-- > 0)
        if (write(1, part, sizeof part) != sizeof part)
            exit(5);
}

/* 4 MiB. */
static void write_all(void) {
    write_parts(64);
}

static void write_at_random(volatile uint64_t *words) {
    for (uint64_t state = 1;;) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words[state % (4 * QUARTER / 8)] = state;
    }
}

/* Has the host find what PID 1 has not written, as often as it looks. */
static void forge(char *memory) {
    int file = open("/forged", O_RDONLY), console = open("/dev/console", O_WRONLY);
    for (int i = 0; i < 20; i++) {
        ssize_t length = pread(file, memory + 2 * QUARTER, QUARTER, 0);
        ((volatile uint64_t *)memory)[PUT] = length;
        if (length <= 0 || write(console, "\a", 1) != 1)
            exit(6);
        usleep(100000);
    }
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
        forge(memory);
    } else if (strcmp(what, "full") == 0) {
        /* PID 1 finds no room, the host hears of nothing, and the program is over. */
        volatile uint64_t *words = (uint64_t *)memory;
        write_parts(17);
        usleep(300000);
        words[TAKEN] = words[PUT] - QUARTER;
        write_parts(1);
    } else if (strcmp(what, "random") == 0) {
        if (fork() == 0)
            write_at_random((uint64_t *)memory);
        for (;;)
            write_all();
    } else if (strcmp(what, "remove") == 0) {
        write_all();
        if (write(open_of_device("remove"), "1", 1) != 1)
            exit(7);
        write_all();
    } else if (strcmp(what, "unmap") == 0) {
        /* PCI_COMMAND, without PCI_COMMAND_MEMORY. */
        uint16_t command = 0;
        write_all();
        if (pwrite(open_of_device("config"), &command, 2, 4) != 2)
            exit(8);
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
