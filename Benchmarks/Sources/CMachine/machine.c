#define _GNU_SOURCE
#include "machine.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

uint64_t machine_open_files_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (uint64_t)limit.rlim_cur : 0;
}

#if defined(__linux__)

int64_t machine_resident_bytes(uint64_t process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%llu/statm", (unsigned long long)process);
    FILE *file = fopen(path, "r");
    if (file == NULL) return -1;
    long long all, resident;
    int found = fscanf(file, "%lld %lld", &all, &resident);
    fclose(file);
    return found == 2 ? (int64_t)resident * sysconf(_SC_PAGESIZE) : -1;
}

int64_t machine_processor_time(uint64_t process) {
    clockid_t clock;
    struct timespec time;
    if (clock_getcpuclockid((pid_t)process, &clock) != 0 || clock_gettime(clock, &time) != 0) return -1;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

#else

int64_t machine_resident_bytes(uint64_t process) {
    (void)process;
    return -1;
}

int64_t machine_processor_time(uint64_t process) {
    (void)process;
    return -1;
}

#endif
