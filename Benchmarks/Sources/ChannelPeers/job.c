#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long number(const char *setting, const char *text) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || *end != 0 || end == text || value < -1 || value > 1000000000) die_because(setting, "out of range");
    return value;
}

/* At least one: everything that is counted here is. */
static size_t positive(const char *setting, const char *text) {
    long value = number(setting, text);
    if (value < 1) die_because(setting, "out of range");
    return (size_t)value;
}

job job_from(char **arguments, int count) {
    job job = {.place = "0", .count = 1, .size = 64, .connections = 1, .outstanding = 1, .high_water = -1};
    for (int index = 0; index < count; index++) {
        char *value = strchr(arguments[index], '=');
        if (value == NULL) die_because(arguments[index], "not KEY=VALUE");
        *value++ = 0;
        const char *key = arguments[index];
        if (strcmp(key, "place") == 0) job.place = value;
        else if (strcmp(key, "count") == 0) job.count = positive(key, value);
        else if (strcmp(key, "size") == 0) job.size = positive(key, value);
        else if (strcmp(key, "connections") == 0) job.connections = positive(key, value);
        else if (strcmp(key, "outstanding") == 0) job.outstanding = positive(key, value);
        else if (strcmp(key, "high-water") == 0) job.high_water = number(key, value);
        else die_because(key, "no such setting");
    }
    job.warm_up = job.count / 10 + 1;
    return job;
}

_Noreturn void die(const char *doing) { die_because(doing, strerror(errno)); }

_Noreturn void die_because(const char *doing, const char *why) {
    fprintf(stderr, "channel-peer: %s: %s\n", doing, why);
    _exit(1);
}

void *allocate(size_t bytes) {
    void *memory = calloc(1, bytes);
    if (memory == NULL) die("allocate");
    return memory;
}

void say(const char *key, const char *value) {
    printf("%s %s\n", key, value);
    fflush(stdout);
}

void say_number(const char *key, double value) {
    printf("%s %.3f\n", key, value);
    fflush(stdout);
}

_Noreturn void done(void) {
    puts("done");
    fflush(stdout);
    until_input_ends();
}

_Noreturn void until_input_ends(void) {
    while (true) pause();
}

uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int ascending(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void say_percentiles(uint64_t *nanoseconds, size_t count) {
    qsort(nanoseconds, count, sizeof *nanoseconds, ascending);
    say_number("p50", (double)nanoseconds[count / 2]);
    say_number("p99", (double)nanoseconds[count * 99 / 100]);
}

void say_rate(double count, uint64_t nanoseconds) {
    say_number("rate", count * 1e9 / (double)(nanoseconds > 0 ? nanoseconds : 1));
}
