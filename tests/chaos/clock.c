// Preloaded into a host: its clock of the day is wrong by as many seconds as the file CHAOS_CLOCK
// says, and right without one. The machine's own clock stays as it is.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long wrong_by_s(void) {
    const char *path = getenv("CHAOS_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return 0;
    char said[24];
    ssize_t size = read(fd, said, sizeof said - 1);
    close(fd);
    said[size > 0 ? size : 0] = 0;
    return strtol(said, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, now);
    if (result == 0 && id == CLOCK_REALTIME) now->tv_sec += wrong_by_s();
    return result;
}
