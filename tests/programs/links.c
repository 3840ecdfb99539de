/* Prints the names in directories, the targets of links and the contents of files, and
   writes to the files that are named with a +. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **paths)
{
    for (int i = 1; i < count; i++) {
        char *path = paths[i], text[PATH_MAX] = "";
        struct stat status;
        if (*path == '+') {
            FILE *file = fopen(path + 1, "w");
            printf("%s: %s\n", path, file && fputs("written", file) >= 0 ? "ok" : "failed");
            if (file)
                fclose(file);
        } else if (lstat(path, &status)) {
            printf("%s: none\n", path);
        } else if (S_ISLNK(status.st_mode)) {
            readlink(path, text, sizeof text - 1);
            printf("%s -> %s\n", path, text);
        } else if (S_ISDIR(status.st_mode)) {
            DIR *directory = opendir(path);
            printf("%s:", path);
            for (struct dirent *entry; (entry = readdir(directory));)
                if (entry->d_name[0] != '.')
                    printf(" %s", entry->d_name);
            printf("\n");
            closedir(directory);
        } else {
            FILE *file = fopen(path, "r");
            if (file)
                fread(text, 1, sizeof text - 1, file);
            printf("%s: %s\n", path, text);
        }
    }
    return 0;
}
