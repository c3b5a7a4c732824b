/* A TCP echo server with epoll and nothing more: no text, no errors reported,
 * no memory of its clients. What it reaches is about what one thread of this
 * machine can do with these system calls; it is here only to be compared with
 * `async_tcp_echo_server`.
 *
 * A client that sends and does not read would lose bytes: the clients of the
 * measurement wait for each echo.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&address, length) ||
        listen(listener, 1024) ||
        getsockname(listener, (struct sockaddr *)&address, &length)) {
        perror("epoll_echo");
        return 1;
    }
    printf("A servir em 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);

    static struct epoll_event ready[1024];
    static char buffer[1024];
    for (;;) {
        int count = epoll_wait(poll, ready, 1024, -1);
        for (int i = 0; i < count; i++) {
            int client = ready[i].data.fd;
            if (client == listener) {
                client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (client < 0)
                    continue;
                event.events = EPOLLIN;
                event.data.fd = client;
                epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
                continue;
            }
            ssize_t received = read(client, buffer, sizeof buffer);
            if (received <= 0 || write(client, buffer, received) != received)
                close(client);
        }
    }
}
