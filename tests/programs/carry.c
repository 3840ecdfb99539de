/* `out N` writes N bytes to stdout that look random; `in` says "ready", reads stdin to
 * its end, and tells how many bytes came, with their hash. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t part[8192];

static void out(uint64_t left) {
    uint64_t state = 1;
    while (left > 0) {
        for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            part[i] = state;
        }
        size_t length = left < sizeof part ? left : sizeof part;
        for (size_t written = 0; written < length;) {
            ssize_t more = write(1, (char *)part + written, length - written);
            if (more < 0)
                exit(3);
            written += more;
        }
        left -= length;
    }
}

static void in(void) {
    uint64_t hash = 0, total = 0;
    size_t held = 0;
    ssize_t length;
    puts("ready");
    fflush(stdout);
    while ((length = read(0, (char *)part + held, sizeof part - held)) > 0) {
        total += length;
        held += length;
        size_t words = held / 8;
        for (size_t i = 0; i < words; i++)
            hash = (hash ^ part[i]) * 0x100000001b3;
        held %= 8;
        memmove(part, part + words, held);
    }
    printf("%llu bytes, hash %016llx\n", (unsigned long long)total, (unsigned long long)hash);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "out") == 0)
        out(strtoull(argv[2], NULL, 10));
    else
        in();
    return 0;
}
