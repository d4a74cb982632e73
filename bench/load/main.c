/* The load client: N sockets in one thread, every time stamp in every frame, one JSON object at the end.
 *
 * A line `begin <us>` is printed when the measured window begins. An update counts when its stamp lies within the
 * window; the wait after the window (`--drain`) is for those still on their way. The server's processor time and memory
 * are read from /proc for the processes named by `--pids`. `bench/load.py` shows the options in use.
 */
#define _GNU_SOURCE
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_US 500000
#define MOST_SAMPLES 2000

struct options options = {.host = "127.0.0.1", .path = "/", .stamp = "data-ts=\"", .connections = 1, .in_flight = 50,
                          .symbols = 100, .timeout = 60, .warmup = 2, .window = 5, .drain = 1};
struct seen seen;
struct conn *conns;
int64_t window_begin_us, window_end_us;

static int64_t clock_us(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t monotonic_us(void) { return clock_us(CLOCK_MONOTONIC); }
int64_t wall_us(void) { return clock_us(CLOCK_REALTIME); }

void note(struct histogram *histogram, int64_t us) {
    uint64_t value = us < 0 ? 0 : (uint64_t)us;
    int shift = value < (2u << STEP_BITS) ? 0 : 63 - __builtin_clzll(value) - STEP_BITS;
    size_t place = ((size_t)shift << STEP_BITS) + (value >> shift);
    histogram->counts[place < STEPS ? place : STEPS - 1]++;
    histogram->total++;
    if (us > histogram->max)
        histogram->max = us;
}

double quantile_ms(const struct histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->total), passed = 0;
    for (size_t place = 0; place < STEPS; place++) {
        passed += histogram->counts[place];
        if (passed > wanted) {
            size_t shift = place < (2u << STEP_BITS) ? 0 : (place >> STEP_BITS) - 1;
            return (double)((place - (shift << STEP_BITS)) << shift) / 1000;
        }
    }
    return (double)histogram->max / 1000;
}

static double own_cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Processor seconds of the server's processes: fields 14 and 15 of their stat */
static double server_cpu(void) {
    double total = 0;
    for (int each = 0; each < options.pid_count; each++) {
        char path[64], line[1024];
        snprintf(path, sizeof path, "/proc/%d/stat", options.pids[each]);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        char *after = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        unsigned long user = 0, kernel = 0;
        if (after && sscanf(after + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &kernel) == 2)
            total += (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
        fclose(file);
    }
    return total;
}

static double server_rss_kb(void) {
    double total = 0;
    for (int each = 0; each < options.pid_count; each++) {
        char path[64];
        long size, resident;
        snprintf(path, sizeof path, "/proc/%d/statm", options.pids[each]);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%ld %ld", &size, &resident) == 2)
            total += (double)resident * (double)sysconf(_SC_PAGESIZE) / 1000;
        fclose(file);
    }
    return total;
}

static void read_cookies(const char *path) {
    char line[4096];
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(2);
    }
    options.cookies = calloc((size_t)options.connections + 1, sizeof(char *));
    while (options.cookie_count < options.connections && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = 0;
        options.cookies[options.cookie_count++] = strdup(line);
    }
    fclose(file);
}

static void read_options(int count, char **words) {
    const char *cookies = NULL;
    static const char *names[] = {"port", "path", "origin", "cookies", "element", "stamp", "special", "connections",
                                  "in-flight", "symbols", "watch", "stuck", "stuck-seconds", "timeout", "settle",
                                  "warmup", "window", "drain", "pids", "socket-io", NULL};
    struct option known[32] = {{0}};
    for (int each = 0; names[each]; each++)
        known[each] = (struct option){names[each], strcmp(names[each], "socket-io") != 0, NULL, each};
    for (int which; (which = getopt_long(count, words, "", known, NULL)) != -1;) {
        switch (which) {
        case 0: options.port = atoi(optarg); break;
        case 1: options.path = optarg; break;
        case 2: options.origin = optarg; break;
        case 3: cookies = optarg; break;
        case 4: options.element = optarg; break;
        case 5: options.stamp = optarg; break;
        case 6: options.special = optarg; break;
        case 7: options.connections = atoi(optarg); break;
        case 8: options.in_flight = atoi(optarg); break;
        case 9: options.symbols = atoi(optarg); break;
        case 10: options.watch = atoi(optarg); break;
        case 11: options.stuck = atoi(optarg); break;
        case 12: options.stuck_seconds = atof(optarg); break;
        case 13: options.timeout = atof(optarg); break;
        case 14: options.settle = atof(optarg); break;
        case 15: options.warmup = atof(optarg); break;
        case 16: options.window = atof(optarg); break;
        case 17: options.drain = atof(optarg); break;
        case 18:
            for (char *pid = strtok(optarg, ","); pid && options.pid_count < 16; pid = strtok(NULL, ","))
                options.pids[options.pid_count++] = atoi(pid);
            break;
        case 19: options.socket_io = true; break;
        default: exit(2);
        }
    }
    if (options.symbols > 1024 || options.stuck > options.connections)
        exit(2);
    if (cookies)
        read_cookies(cookies);
}

static void wait_seconds(double seconds) { run_until(monotonic_us() + (int64_t)(seconds * 1e6), false); }

/* Runs the window in pieces, so that memory is sampled; gives the highest sample */
static double run_window(double rss_kb) {
    int64_t begun = monotonic_us(), end = begun + (int64_t)(options.window * 1e6);
    int64_t resume = options.stuck && options.stuck_seconds ? begun + (int64_t)(options.stuck_seconds * 1e6) : INT64_MAX;
    double most = rss_kb;
    if (options.stuck)
        stop_reading();
    for (int64_t next = begun; next < end;) {
        next = next + SAMPLE_US < end ? next + SAMPLE_US : end;
        run_until(next, false);
        double now = server_rss_kb();
        most = now > most ? now : most;
        if (next >= resume) {
            go_on_reading();
            resume = INT64_MAX;
        }
    }
    return most;
}

int main(int count, char **words) {
    read_options(count, words);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    conns = calloc((size_t)options.connections, sizeof *conns);
    for (int each = 0; each < options.connections; each++) {
        conns[each].fd = -1;
        conns[each].stuck = each >= options.connections - options.stuck;
    }
    open_poll();

    double rss_before = server_rss_kb(), cpu_before = server_cpu();
    int64_t begun = monotonic_us();
    run_until(begun + (int64_t)(options.timeout * 1e6), true);
    double connecting = (double)(monotonic_us() - begun) / 1e6, cpu_connected = server_cpu();
    int ready = seen.ready;
    wait_seconds(options.settle);
    double rss_idle = server_rss_kb();
    wait_seconds(options.warmup);

    double own_begin = own_cpu(), cpu_begin = server_cpu(), rss_begin = server_rss_kb();
    int64_t window_begun = monotonic_us();
    window_begin_us = wall_us();
    printf("begin %ld\n", (long)window_begin_us);
    fflush(stdout);
    double rss_most = run_window(rss_begin);
    window_end_us = wall_us();
    double seconds = (double)(monotonic_us() - window_begun) / 1e6, cpu = server_cpu() - cpu_begin;
    double own = own_cpu() - own_begin;
    wait_seconds(options.drain);

    uint64_t least = UINT64_MAX;
    for (int each = 0; each < options.connections - options.stuck; each++)
        least = conns[each].state == OPEN && conns[each].updates < least ? conns[each].updates : least;
    printf("{\"connections\": %d, \"ready\": %d, \"failed\": %d, \"closed\": %d, ", options.connections, ready, seen.failed,
           seen.closed);
    printf("\"connects_s\": %.1f, \"ready_p50_ms\": %.2f, \"ready_p99_ms\": %.2f, \"connect_cpu_ms\": %.3f, ",
           connecting > 0 ? ready / connecting : 0, quantile_ms(&seen.ready_us, .5), quantile_ms(&seen.ready_us, .99),
           ready ? 1000 * (cpu_connected - cpu_before) / ready : 0);
    printf("\"begin_us\": %ld, \"end_us\": %ld, \"seconds\": %.3f, \"frames_s\": %.0f, \"updates_s\": %.0f, "
           "\"updates\": %lu, \"least_updates\": %lu, \"mb_s\": %.2f, \"pings\": %lu, ",
           (long)window_begin_us, (long)window_end_us, seconds, seen.frames / seconds, seen.updates / seconds, seen.updates,
           least == UINT64_MAX ? 0 : least, seen.bytes / seconds / 1e6, seen.pings);
    printf("\"p50_ms\": %.2f, \"p95_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f, ", quantile_ms(&seen.updates_us, .5),
           quantile_ms(&seen.updates_us, .95), quantile_ms(&seen.updates_us, .99), seen.updates_us.max / 1000.0);
    printf("\"special\": %lu, \"special_p50_ms\": %.2f, \"special_p99_ms\": %.2f, ", seen.special_us.total,
           quantile_ms(&seen.special_us, .5), quantile_ms(&seen.special_us, .99));
    printf("\"server_cpu_s\": %.3f, \"core\": %.4f, \"cpu_per_million\": %.3f, \"client_core\": %.4f, ", cpu, cpu / seconds,
           seen.updates ? 1e6 * cpu / (double)seen.updates : 0, own / seconds);
    printf("\"rss_before_mb\": %.2f, \"idle_kb\": %.2f, \"loaded_kb\": %.2f, \"rss_growth_mb\": %.2f, ", rss_before / 1000,
           ready ? (rss_idle - rss_before) / ready : 0, ready ? (rss_begin - rss_before) / ready : 0,
           (rss_most - rss_begin) / 1000);
    printf("\"stuck_closed\": %d, \"stuck_first_s\": %.2f, \"stuck_last_s\": %.2f}\n", seen.stuck_closed,
           seen.stuck_closed ? (seen.first_stuck_close_us - window_begin_us) / 1e6 : 0,
           seen.stuck_closed ? (seen.last_stuck_close_us - window_begin_us) / 1e6 : 0);
    return 0;
}
