/* What the two halves of the load client share: the options, the sockets, and what was seen. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state { UNUSED, CONNECTING, UPGRADING, GREETING, OPEN, CLOSED };

struct conn {
    int fd;
    enum state state;
    bool stuck;          /* one of those that stop reading */
    int64_t begun_us;    /* when its TCP connection was begun */
    uint8_t *rest;       /* the incomplete frame that the last read ended with */
    size_t rest_size;
    uint64_t updates;    /* in the window */
};

/* Latencies in microseconds; 128 steps an octave, so that a value is off by less than 1 % */
#define STEP_BITS 7
#define STEPS (48 << STEP_BITS)
struct histogram {
    uint64_t counts[STEPS], total;
    int64_t max;
};

struct options {
    const char *host, *path, *origin, *element, *stamp, *special;
    int port, connections, in_flight, symbols, watch, stuck;
    bool socket_io;
    double timeout, settle, warmup, window, drain, stuck_seconds;
    char **cookies;
    int cookie_count;
    int pids[16], pid_count;
};

struct seen {
    uint64_t frames, bytes, updates, pings;
    int ready, failed, closed, stuck_closed;
    int64_t first_stuck_close_us, last_stuck_close_us;
    struct histogram updates_us, special_us, ready_us;
};

extern struct options options;
extern struct seen seen;
extern struct conn *conns;
extern int64_t window_begin_us, window_end_us; /* stamps within are measured; both 0: none */

int64_t monotonic_us(void);
int64_t wall_us(void);
void note(struct histogram *histogram, int64_t us);
double quantile_ms(const struct histogram *histogram, double share);

void open_poll(void);
void run_until(int64_t monotonic_end_us, bool connecting);
void stop_reading(void);
void go_on_reading(void);

#endif
