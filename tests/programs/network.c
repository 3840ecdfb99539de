/* connect HOST PORT: prints the line that a server says.
   serve PORT: says a line to the first that connects. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int failed(const char *what) {
    perror(what);
    return 1;
}

int main(int count, char **words) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET};
    if (count == 3) {
        at.sin_port = htons(atoi(words[2]));
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 1))
            return failed("bind");
        puts("listening");
        fflush(stdout);
        int client = accept(fd, NULL, NULL);
        return write(client, "from the guest\n", 15) != 15;
    }
    at.sin_port = htons(atoi(words[3]));
    inet_pton(AF_INET, words[2], &at.sin_addr);
    if (connect(fd, (struct sockaddr *)&at, sizeof at))
        return failed("connect");
    char line[100];
    ssize_t length = read(fd, line, sizeof line);
    return length > 0 ? write(1, line, length) != length : failed("read");
}
