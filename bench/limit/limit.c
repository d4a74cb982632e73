/* The machine's own limit: quotes as ready frames, broadcast by epoll and send(), and nothing else.
 *
 * `limit PORT RATE WINDOW_MS SYMBOLS`: each symbol moves RATE times a second, the moves evenly spread. A window of 0 sends
 * every move at once, a frame and a send() each; any other gathers the moves of a window into one frame a client.
 * A client names its symbols by `?w=3,14,15`. One that is behind is dropped: half a frame would never be made whole.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_SYMBOLS 1024
#define MOST_CLIENTS 20000
#define MOST_WATCHED 128
#define HEAD 4 /* a frame's head, for payloads of 126 to 65535 bytes */

struct client {
    int fd, count, place;
    bool open;
    short watched[MOST_WATCHED];
};

struct quote {
    char html[256];
    int size;
    bool moved;
};

static struct client *clients[MOST_CLIENTS];
static int client_count, poll_fd;
static struct quote quotes[MOST_SYMBOLS];

static int64_t clock_us(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void drop(struct client *client) {
    clients[client->place] = clients[--client_count];
    clients[client->place]->place = client->place;
    close(client->fd);
    free(client);
}

static void draw(int symbol, int64_t number) {
    struct quote *quote = &quotes[symbol];
    quote->moved = true;
    quote->size = snprintf(quote->html, sizeof quote->html,
                           "<div id=\"quote-SYM%03d\" class=\"quote up\" data-ts=\"%ld\"><b>%ld.%02ld</b> <span class=\"up\">+1.25 USD"
                           "</span> <span class=\"up\">+0.84 %%</span> <small>since the open of today</small></div>",
                           symbol, (long)clock_us(CLOCK_REALTIME), 100 + (long)(number % 50), (long)(number % 100));
}

static bool send_frame(struct client *client, char *frame, int size) {
    frame[0] = (char)0x81;
    frame[1] = 126;
    frame[2] = (char)((size - HEAD) >> 8);
    frame[3] = (char)(size - HEAD);
    return send(client->fd, frame, (size_t)size, MSG_NOSIGNAL) == size;
}

static void send_move(int symbol) {
    char frame[HEAD + sizeof quotes[0].html];
    memcpy(frame + HEAD, quotes[symbol].html, (size_t)quotes[symbol].size);
    for (int each = client_count - 1; each >= 0; each--) {
        struct client *client = clients[each];
        for (int place = 0; client->open && place < client->count; place++)
            if (client->watched[place] == symbol) {
                if (!send_frame(client, frame, HEAD + quotes[symbol].size))
                    drop(client);
                break;
            }
    }
}

static void send_window(void) {
    static char frame[65536];
    for (int each = client_count - 1; each >= 0; each--) {
        struct client *client = clients[each];
        int size = HEAD;
        for (int place = 0; client->open && place < client->count; place++) {
            struct quote *quote = &quotes[client->watched[place]];
            if (quote->moved) {
                memcpy(frame + size, quote->html, (size_t)quote->size);
                size += quote->size;
            }
        }
        if (size > HEAD && !send_frame(client, frame, size))
            drop(client);
    }
    for (int symbol = 0; symbol < MOST_SYMBOLS; symbol++)
        quotes[symbol].moved = false;
}

static void let_in(int listener) {
    int yes = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (client_count == MOST_CLIENTS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct client *client = calloc(1, sizeof *client);
        client->fd = fd;
        client->place = client_count;
        clients[client_count++] = client;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
    }
}

static void hear(struct client *client) {
    static char hello[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: nobody-looks-at-this\r\n\r\n\x81\x02hi";
    char text[8192];
    ssize_t got = read(client->fd, text, sizeof text - 1);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        drop(client);
        return;
    }
    if (client->open)
        return;
    text[got] = 0;
    char *at = strstr(text, "w=");
    for (at = at ? at + 2 : text + got; *at >= '0' && *at <= '9' && client->count < MOST_WATCHED; at += *at == ',')
        client->watched[client->count++] = (short)strtol(at, &at, 10);
    client->open = true;
    if (write(client->fd, hello, sizeof hello - 1) < 0)
        drop(client);
}

static int listen_on(int port) {
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("limit");
        exit(1);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    return listener;
}

int main(int count, char **words) {
    if (count != 5)
        return 2;
    double rate = atof(words[2]), window_us = 1000 * atof(words[3]);
    int symbols = atoi(words[4]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poll_fd = epoll_create1(0);
    int listener = listen_on(atoi(words[1]));
    double begun = (double)clock_us(CLOCK_MONOTONIC), gap_us = 1e6 / (rate * symbols), flushed = begun;
    for (int64_t number = 0;;) {
        double now = (double)clock_us(CLOCK_MONOTONIC);
        for (; begun + (double)number * gap_us <= now; number++) {
            draw((int)(number % symbols), number);
            if (window_us == 0)
                send_move((int)(number % symbols));
        }
        if (window_us > 0 && now >= flushed + window_us) {
            flushed = now;
            send_window();
        }
        struct epoll_event events[256];
        int ready = epoll_wait(poll_fd, events, 256, 1);
        for (int each = 0; each < ready; each++) {
            if (events[each].data.ptr)
                hear(events[each].data.ptr);
            else
                let_in(listener);
        }
    }
}
