/* The sockets: handshake, frames, what a server's pings want, and the time stamps in what it sends. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };
#define READ_SIZE (1 << 20)
#define SMALL_WINDOW 8192 /* a stuck page's receive buffer: the kernel must not hide it for a minute */

static int poll_fd, begun;
static uint8_t read_buffer[READ_SIZE];

void open_poll(void) { poll_fd = epoll_create1(0); }

static void watch_for(struct conn *conn, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = conn};
    epoll_ctl(poll_fd, operation, conn->fd, &event);
}

static void lose(struct conn *conn) {
    if (conn->state == OPEN) {
        seen.closed++;
        if (conn->stuck) {
            seen.last_stuck_close_us = wall_us();
            if (!seen.stuck_closed++)
                seen.first_stuck_close_us = seen.last_stuck_close_us;
        }
    } else
        seen.failed++;
    close(conn->fd);
    conn->fd = -1;
    conn->state = CLOSED;
    free(conn->rest);
    conn->rest = NULL;
    conn->rest_size = 0;
}

static void begin(struct conn *conn) {
    int yes = 1, small = SMALL_WINDOW;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
    inet_pton(AF_INET, options.host, &address.sin_addr);
    conn->begun_us = monotonic_us();
    conn->state = CONNECTING;
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (conn->fd < 0) {
        lose(conn);
        return;
    }
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (conn->stuck)
        setsockopt(conn->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(conn->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        lose(conn);
    else
        watch_for(conn, EPOLL_CTL_ADD, EPOLLOUT);
}

/* `w=3,14,15`: the symbols of a connection, the same at every run */
static int write_watchlist(char *out, int number) {
    bool taken[1024] = {false};
    uint64_t dice = 88172645463325252ull + 2654435761ull * (uint64_t)number;
    int size = sprintf(out, "%cw=", strchr(options.path, '?') ? '&' : '?');
    for (int count = 0; count < options.watch && count < options.symbols;) {
        dice = dice * 6364136223846793005ull + 1442695040888963407ull;
        int symbol = (int)((dice >> 33) % (uint64_t)options.symbols);
        if (taken[symbol])
            continue;
        taken[symbol] = true;
        size += sprintf(out + size, count++ ? ",%d" : "%d", symbol);
    }
    return size;
}

static void ask_for_upgrade(struct conn *conn) {
    char request[8192], watchlist[6000] = "";
    int number = (int)(conn - conns), error = 0;
    socklen_t error_size = sizeof error;
    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error) {
        lose(conn);
        return;
    }
    if (options.watch)
        write_watchlist(watchlist, number);
    int size = snprintf(request, sizeof request,
                        "GET %s%s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bGl2ZWRlc2sgaXMgbG9hZA==\r\n",
                        options.path, watchlist, options.host, options.port);
    if (options.origin)
        size += snprintf(request + size, sizeof request - size, "Origin: %s\r\n", options.origin);
    if (options.cookie_count)
        size += snprintf(request + size, sizeof request - size, "Cookie: %s\r\n",
                         options.cookies[number % options.cookie_count]);
    size += snprintf(request + size, sizeof request - size, "\r\n");
    if (write(conn->fd, request, size) != size) {
        lose(conn);
        return;
    }
    conn->state = UPGRADING;
    watch_for(conn, EPOLL_CTL_MOD, EPOLLIN);
}

/* A masked frame (RFC 6455, 5.3); the mask of zeros leaves the bytes as they are */
static void say(struct conn *conn, int opcode, const void *payload, size_t size) {
    uint8_t frame[6 + 125] = {0x80 | opcode, 0x80 | size};
    if (size > 125)
        return; /* control frames and our own words are shorter */
    memcpy(frame + 6, payload, size);
    if (write(conn->fd, frame, 6 + size) < 0)
        return; /* the next read tells */
}

static void greeted(struct conn *conn) {
    conn->state = OPEN;
    seen.ready++;
    note(&seen.ready_us, monotonic_us() - conn->begun_us);
}

static bool in_window(int64_t us) { return window_begin_us && us >= window_begin_us && (!window_end_us || us < window_end_us); }

static void read_stamps(struct conn *conn, const uint8_t *at, const uint8_t *end, int64_t now_us, bool special) {
    const char *element = special ? options.special : options.element;
    size_t element_size = element ? strlen(element) : 0, stamp_size = strlen(options.stamp);
    while (!element || (at = memmem(at, end - at, element, element_size))) {
        at = memmem(at, end - at, options.stamp, stamp_size);
        if (!at)
            return;
        int64_t us = 0;
        for (at += stamp_size; at < end && *at >= '0' && *at <= '9'; at++)
            us = us * 10 + (*at - '0');
        if (!in_window(us))
            continue;
        if (special)
            note(&seen.special_us, now_us - us);
        else if (!conn->stuck) {
            note(&seen.updates_us, now_us - us);
            seen.updates++;
            conn->updates++;
        }
    }
}

static void hear(struct conn *conn, const uint8_t *text, size_t size) {
    int64_t now_us = wall_us();
    if (options.socket_io && size) {
        if (text[0] == '0') { /* engine.io is open: join socket.io's main namespace */
            say(conn, TEXT, "40", 2);
            return;
        }
        if (text[0] == '2') {
            say(conn, TEXT, "3", 1);
            seen.pings++;
            return;
        }
        if (size > 1 && text[0] == '4' && text[1] == '4') { /* refused */
            lose(conn);
            return;
        }
    }
    if (conn->state == GREETING)
        greeted(conn);
    if (in_window(now_us))
        seen.frames++;
    size_t special_size = options.special ? strlen(options.special) : 0;
    bool special = special_size && size > special_size && memmem(text, 64 < size ? 64 : size, options.special, special_size);
    read_stamps(conn, text, text + size, now_us, special);
}

/* Takes whole frames; gives how many bytes they had */
static size_t take_frames(struct conn *conn, const uint8_t *data, size_t size) {
    size_t done = 0;
    while (conn->state != CLOSED && size - done >= 2) {
        const uint8_t *frame = data + done;
        size_t head = 2;
        uint64_t length = frame[1] & 0x7f;
        if (length >= 126) {
            size_t extra = length == 126 ? 2 : 8;
            head += extra;
            if (size - done < head)
                break;
            length = 0;
            for (size_t byte = 0; byte < extra; byte++)
                length = length << 8 | frame[2 + byte];
        }
        if (size - done < head + length)
            break;
        int opcode = frame[0] & 0x0f;
        if (opcode == CLOSE) {
            say(conn, CLOSE, frame + head, length < 2 ? 0 : 2);
            lose(conn);
        } else if (opcode == PING) {
            say(conn, PONG, frame + head, length);
            seen.pings++;
        } else if (opcode <= TEXT)
            hear(conn, frame + head, length);
        done += head + length;
    }
    return done;
}

static void take(struct conn *conn) {
    if (conn->rest_size)
        memcpy(read_buffer, conn->rest, conn->rest_size);
    ssize_t got = read(conn->fd, read_buffer + conn->rest_size, READ_SIZE - conn->rest_size);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        lose(conn);
        return;
    }
    if (window_begin_us && !window_end_us)
        seen.bytes += got;
    size_t size = conn->rest_size + got, done = 0;
    if (conn->state == UPGRADING) {
        uint8_t *end = memmem(read_buffer, size, "\r\n\r\n", 4);
        if (end && memcmp(read_buffer, "HTTP/1.1 101", 12)) {
            if (!seen.failed)
                fprintf(stderr, "load: answered %.*s\n", (int)strcspn((char *)read_buffer, "\r\n"), read_buffer);
            lose(conn);
            return;
        }
        if (end) {
            done = end + 4 - read_buffer;
            conn->state = GREETING;
        }
    }
    if (conn->state == GREETING || conn->state == OPEN)
        done += take_frames(conn, read_buffer + done, size - done);
    if (conn->state == CLOSED)
        return;
    if (size - done > conn->rest_size)
        conn->rest = realloc(conn->rest, size - done);
    conn->rest_size = size - done;
    memcpy(conn->rest ? conn->rest : read_buffer, read_buffer + done, conn->rest_size);
}

void run_until(int64_t end_us, bool connecting) {
    struct epoll_event events[256];
    for (int64_t now; (now = monotonic_us()) < end_us;) {
        if (connecting) {
            if (seen.ready + seen.failed >= options.connections)
                return;
            while (begun < options.connections && begun - seen.ready - seen.failed < options.in_flight)
                begin(&conns[begun++]);
        }
        int64_t left_ms = (end_us - now + 999) / 1000;
        int count = epoll_wait(poll_fd, events, 256, left_ms > 100 ? 100 : (int)left_ms);
        for (int each = 0; each < count; each++) {
            struct conn *conn = events[each].data.ptr;
            if (conn->state == CONNECTING)
                ask_for_upgrade(conn);
            else if (events[each].events & EPOLLIN)
                take(conn);
            else if (conn->fd >= 0) /* a stuck one: the server has gone */
                lose(conn);
        }
    }
}

static void set_reading(uint32_t events) {
    for (int number = options.connections - options.stuck; number < options.connections; number++)
        if (conns[number].fd >= 0)
            watch_for(&conns[number], EPOLL_CTL_MOD, events);
}

void stop_reading(void) { set_reading(EPOLLRDHUP); }
void go_on_reading(void) { set_reading(EPOLLIN); }
