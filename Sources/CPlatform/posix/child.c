/* child.c: child processes.
 *
 * Each child has a thread of ours that waits for its end. It gives every wait a deadline without a signal handler,
 * reaps children that nobody waits for any more, and closes the race of signals with the re-use of process numbers: it
 * reaps under the mutex under which signals are sent, so a number is never used after the kernel may have given it
 * away. */
#define _DEFAULT_SOURCE

#include "internal.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct platform_child {
    pid_t process;
    int ends[3]; /* our ends of the child's standard streams, -1 where there is no pipe */
    bool own_group;

    pthread_mutex_t mutex;
    pthread_cond_t ended_condition;
    int users; /* the owner, and the thread that waits */
    bool ended;
    platform_exit_status status;
};

/* ---- starting ---- */

/* All that the child needs between fork and exec, where it may not allocate. */
typedef struct {
    char *const *arguments;
    char *const *environment;
    char **candidates; /* paths to try, NULL-terminated */
    const char *directory;
    int streams[3];    /* what to put on 0, 1 and 2; -1 leaves what is there */
    int failure;       /* the pipe on which the child tells why exec failed */
    bool own_group;
} launch;

/* Handlers would run in the child's copy, and an ignored SIGPIPE is our business only. An ignored SIGHUP is nohup's. */
static void reset_signals(void) {
    struct sigaction action;
    for (int signal = 1; signal < NSIG; signal++) {
        if (sigaction(signal, NULL, &action) != 0 || action.sa_handler == SIG_DFL) continue;
        if (signal == SIGHUP && action.sa_handler == SIG_IGN) continue;
        action.sa_handler = SIG_DFL;
        action.sa_flags = 0;
        sigemptyset(&action.sa_mask);
        sigaction(signal, &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int execute(const launch *plan) {
    int code = ENOENT;
    for (char **path = plan->candidates; *path != NULL; path++) {
        execve(*path, plan->arguments, plan->environment);
        if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) return errno;
        /* As every shell does: an unusable file on the way is passed over, and named only if nothing else is found. A
         * directory of PATH that may not be entered says nothing about the program. */
        if (errno == EACCES && (plan->candidates[1] == NULL || access(*path, F_OK) == 0)) code = EACCES;
    }
    return code;
}

/* Runs in the child: only async-signal-safe calls. */
static _Noreturn void become(const launch *plan) {
    int code = 0;
    if (plan->own_group && setpgid(0, 0) != 0) code = errno;
    for (int stream = 0; stream < 3 && code == 0; stream++) {
        if (plan->streams[stream] >= 0 && dup2(plan->streams[stream], stream) < 0) code = errno;
    }
    if (code == 0 && plan->directory != NULL && chdir(plan->directory) != 0) code = errno;
    if (code == 0) {
        weir_close_on_exec_from(3);
        reset_signals();
        code = execute(plan);
    }
    ssize_t written;
    do written = write(plan->failure, &code, sizeof code);
    while (written < 0 && errno == EINTR);
    _exit(127);
}

static char *joined(const char *first, size_t first_length, const char *second) {
    size_t second_length = strlen(second);
    char *text = malloc(first_length + 1 + second_length + 1);
    if (text == NULL) return NULL;
    memcpy(text, first, first_length);
    text[first_length] = '/';
    memcpy(text + first_length + 1, second, second_length + 1);
    return text;
}

static void free_candidates(char **candidates) {
    for (char **path = candidates; path != NULL && *path != NULL; path++) free(*path);
    free(candidates);
}

/* Where the program may be. NULL when there is no memory. */
static char **find_candidates(const char *program, bool changes_directory) {
    const char *path = getenv("PATH");
    if (path == NULL) path = "/usr/local/bin:/usr/bin:/bin";
    size_t count = 2;
    for (const char *at = path; *at != 0; at++) count += *at == ':';
    char **candidates = calloc(count + 1, sizeof *candidates);
    if (candidates == NULL) return NULL;

    if (strchr(program, '/') != NULL) {
        /* A relative path is meant from here, not from where the child will be. */
        char here[PATH_MAX];
        bool relative = *program != '/' && changes_directory && getcwd(here, sizeof here) != NULL;
        candidates[0] = relative ? joined(here, strlen(here), program) : strdup(program);
        if (candidates[0] != NULL) return candidates;
        free_candidates(candidates);
        return NULL;
    }
    size_t filled = 0;
    for (const char *at = path;; at++) {
        size_t length = strcspn(at, ":");
        candidates[filled] = length == 0 ? joined(".", 1, program) : joined(at, length, program);
        if (candidates[filled++] == NULL) {
            free_candidates(candidates);
            return NULL;
        }
        at += length;
        if (*at == 0) return candidates;
    }
}

static void close_if_open(int descriptor) {
    if (descriptor >= 0) close(descriptor);
}

/* Opens the two ends of one standard stream: `inner` for the child, `outer` for us. */
static int open_stream(uint32_t kind, bool is_input, int *inner, int *outer) {
    int ends[2];
    switch (kind) {
    case PLATFORM_STREAM_INHERIT: return 0;
    case PLATFORM_STREAM_NULL: {
        int null = open("/dev/null", (is_input ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
        if (null < 0) return errno;
        /* Above the standard streams, where no dup2 of another stream can close it. */
        *inner = fcntl(null, F_DUPFD_CLOEXEC, 3);
        int code = *inner < 0 ? errno : 0;
        close(null);
        return code;
    }
    case PLATFORM_STREAM_PIPE:
        if (weir_pipe(ends) != 0) return errno;
        *inner = is_input ? ends[0] : ends[1];
        *outer = is_input ? ends[1] : ends[0];
        return 0;
    default: return EINVAL;
    }
}

/* Forks, and returns when the child has become its program, or failed to. 0 or an errno. */
static int fork_and_execute(launch *plan, pid_t *process) {
    int failure[2];
    if (weir_pipe(failure) != 0) return errno;
    plan->failure = failure[1];

    /* No handler of ours may run in the child before the signals are reset. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t forked = fork();
    if (forked == 0) become(plan);
    int code = forked < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(failure[1]);

    if (code == 0) {
        /* exec closes the other end: end of file is success. */
        ssize_t count;
        do count = read(failure[0], &code, sizeof code);
        while (count < 0 && errno == EINTR);
        if (count != (ssize_t)sizeof code) code = 0;
        if (code != 0) {
            while (waitpid(forked, NULL, 0) < 0 && errno == EINTR) {}
        }
    }
    close(failure[0]);
    *process = forked;
    return code;
}

/* ---- the end ---- */

static void release(platform_child *child) {
    pthread_mutex_lock(&child->mutex);
    bool last = --child->users == 0;
    pthread_mutex_unlock(&child->mutex);
    if (!last) return;
    pthread_cond_destroy(&child->ended_condition);
    pthread_mutex_destroy(&child->mutex);
    free(child);
}

/* Blocks until the child has ended, and leaves it to be reaped. */
static void await_end(pid_t process) {
    siginfo_t information;
    while (waitid(P_PID, (id_t)process, &information, WEXITED | WNOWAIT) != 0 && errno == EINTR) {}
}

static void *wait_for_child(void *context) {
    platform_child *child = context;
    weir_backoff backoff = {WEIR_BACKOFF_START};
    for (;;) {
        await_end(child->process);
        pthread_mutex_lock(&child->mutex);
        int status = 0;
        pid_t reaped;
        do reaped = waitpid(child->process, &status, WNOHANG);
        while (reaped < 0 && errno == EINTR);
        if (reaped != 0) {
            /* Reaped by somebody else (reaped < 0): all that is known is that it ended. */
            child->status.signaled = reaped > 0 && WIFSIGNALED(status);
            child->status.code = reaped < 0 ? -1 : WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
            child->ended = true;
            pthread_cond_broadcast(&child->ended_condition);
            pthread_mutex_unlock(&child->mutex);
            release(child);
            return NULL;
        }
        pthread_mutex_unlock(&child->mutex);
        /* macOS returns from waitid for a stopped child too. */
        weir_backoff_sleep(&backoff, PLATFORM_FOREVER);
    }
}

/* Whoever started us may have asked the kernel to throw the children's statuses away. */
static void keep_statuses(void) {
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) != 0 || action.sa_handler != SIG_IGN) return;
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
}

/* Makes the record of a child, without a process yet. */
static platform_child *make_child(bool own_group) {
    platform_child *child = calloc(1, sizeof *child);
    if (child == NULL) return NULL;
    if (weir_condition_make(&child->ended_condition) != 0) {
        free(child);
        return NULL;
    }
    pthread_mutex_init(&child->mutex, NULL);
    child->own_group = own_group;
    child->users = 1;
    for (int stream = 0; stream < 3; stream++) child->ends[stream] = -1;
    return child;
}

platform_status platform_child_start(const platform_child_options *options, platform_child **result) {
    if (options->arguments == NULL || options->arguments[0] == NULL || *options->arguments[0] == 0) {
        return weir_fail(EINVAL);
    }
    platform_child *child = make_child(options->own_group);
    if (child == NULL) return weir_fail(ENOMEM);

    const uint32_t kinds[3] = {options->input, options->output, options->error};
    launch plan = {
        .arguments = (char *const *)options->arguments,
        .environment = options->environment != NULL ? (char *const *)options->environment : weir_environment(),
        .candidates = find_candidates(options->arguments[0], options->directory != NULL),
        .directory = options->directory,
        .streams = {-1, -1, -1},
        .own_group = options->own_group,
    };
    int code = plan.candidates == NULL ? ENOMEM : 0;
    for (int stream = 0; stream < 3 && code == 0; stream++) {
        code = open_stream(kinds[stream], stream == 0, &plan.streams[stream], &child->ends[stream]);
    }
    if (code == 0) {
        keep_statuses();
        code = fork_and_execute(&plan, &child->process);
    }
    for (int stream = 0; stream < 3; stream++) close_if_open(plan.streams[stream]);
    free_candidates(plan.candidates);
    if (code != 0) {
        platform_child_free(child);
        platform_status status = weir_fail(code);
        return code == EAGAIN ? PLATFORM_LIMIT : status;
    }

    child->users = 2;
    platform_status status = weir_start_detached(wait_for_child, child);
    if (status != PLATFORM_OK) {
        /* A child that nobody can wait for is not handed out. */
        kill(child->process, SIGKILL);
        while (waitpid(child->process, NULL, 0) < 0 && errno == EINTR) {}
        child->users = 1;
        platform_child_free(child);
        return status;
    }
    *result = child;
    return PLATFORM_OK;
}

/* ---- what the owner does ---- */

static platform_handle end_of(const platform_child *child, int stream) {
    return child->ends[stream] < 0 ? PLATFORM_NO_HANDLE : child->ends[stream];
}

platform_handle platform_child_input(const platform_child *child) { return end_of(child, 0); }
platform_handle platform_child_output(const platform_child *child) { return end_of(child, 1); }
platform_handle platform_child_error(const platform_child *child) { return end_of(child, 2); }

void platform_child_close_input(platform_child *child) {
    close_if_open(child->ends[0]);
    child->ends[0] = -1;
}

uint64_t platform_child_process_id(const platform_child *child) { return (uint64_t)child->process; }

platform_status platform_child_signal(platform_child *child, uint32_t signal) {
    static const int numbers[] = {0, SIGINT, SIGTERM, SIGKILL};
    if (signal < PLATFORM_SIGNAL_INTERRUPT || signal > PLATFORM_SIGNAL_KILL) return weir_fail(EINVAL);
    pthread_mutex_lock(&child->mutex);
    int code = ESRCH;
    if (!child->ended) {
        code = kill(child->own_group ? -child->process : child->process, numbers[signal]) == 0 ? 0 : errno;
    }
    pthread_mutex_unlock(&child->mutex);
    if (code == 0) return PLATFORM_OK;
    platform_status status = weir_fail(code);
    return code == ESRCH ? PLATFORM_NOT_FOUND : status;
}

platform_status platform_child_wait(platform_child *child, int64_t deadline, platform_exit_status *status) {
    pthread_mutex_lock(&child->mutex);
    while (!child->ended) {
        if (deadline == PLATFORM_FOREVER) {
            pthread_cond_wait(&child->ended_condition, &child->mutex);
        } else if (deadline <= platform_monotonic() ||
                   !weir_condition_sleep(&child->ended_condition, &child->mutex, deadline)) {
            break;
        }
    }
    bool ended = child->ended;
    if (ended) *status = child->status;
    pthread_mutex_unlock(&child->mutex);
    return ended ? PLATFORM_OK : weir_fail(ETIMEDOUT);
}

void platform_child_free(platform_child *child) {
    for (int stream = 0; stream < 3; stream++) close_if_open(child->ends[stream]);
    release(child);
}
