/* O exercício 1 em C, com uma thread por cliente. */

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LINE 1024

struct value {
    char *name, *value;
    struct value *next;
};

static struct value *values;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct value *find(const char *name) {
    struct value *known = values;
    while (known && strcmp(known->name, name))
        known = known->next;
    return known;
}

static int send_all(int client, const char *text, size_t length) {
    while (length > 0) {
        ssize_t sent = send(client, text, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        text += sent;
        length -= (size_t)sent;
    }
    return 0;
}

/* Só ASCII e UTF-8 bem formado, sem contar com as formas mais longas. */
static int is_text(const unsigned char *line, size_t length) {
    for (size_t i = 0; i < length; i++) {
        int more = line[i] < 0x80 ? 0 : line[i] >= 0xc2 && line[i] < 0xe0 ? 1
            : (line[i] & 0xf0) == 0xe0 ? 2 : line[i] >= 0xf0 && line[i] < 0xf5
            ? 3 : -1;
        if (more < 0)
            return 0;
        while (more-- > 0)
            if (++i >= length || (line[i] & 0xc0) != 0x80)
                return 0;
    }
    return 1;
}

/* Responde a uma linha, já sem o seu fim. */
static int answer(int client, char *line, size_t length) {
    char text[MAX_LINE + 8] = "ERR que é isso?\n";
    char *words[4];
    size_t count = 0, empty = length == 0;
    if (is_text((unsigned char *)line, length) && !memchr(line, 0, length)) {
        line[length] = 0;
        for (char *rest = line; rest && count < 4; count++) {
            words[count] = rest;
            if ((rest = strchr(rest, ' ')))
                *rest++ = 0;
            empty += !*words[count];
        }
    }
    pthread_mutex_lock(&lock);
    if (count == 3 && !empty && !strcmp(words[0], "SET")) {
        struct value *known = find(words[1]);
        if (!known) {
            known = malloc(sizeof *known);
            *known = (struct value){strdup(words[1]), NULL, values};
            values = known;
        }
        free(known->value);
        known->value = strdup(words[2]);
        strcpy(text, "OK\n");
    } else if (count == 2 && !empty && !strcmp(words[0], "GET")) {
        struct value *known = find(words[1]);
        if (known)
            snprintf(text, sizeof text, "OK %s\n", known->value);
        else
            strcpy(text, "ERR não há\n");
    }
    pthread_mutex_unlock(&lock);
    return send_all(client, text, strlen(text));
}

static void *serve(void *argument) {
    int client = (int)(intptr_t)argument;
    char buffer[MAX_LINE + 1];
    size_t held = 0;
    for (;;) {
        char *end = memchr(buffer, '\n', held);
        if (end) {
            size_t length = (size_t)(end - buffer);
            char line[MAX_LINE + 1];
            memcpy(line, buffer, length);
            held -= length + 1;
            memmove(buffer, end + 1, held);
            if (answer(client, line, length))
                break;
        } else if (held == MAX_LINE) {
            static const char text[] = "ERR linha sem fim\n";
            send_all(client, text, sizeof text - 1);
            shutdown(client, SHUT_WR);
            while (recv(client, buffer, sizeof buffer, 0) > 0)
                ;
            break;
        } else {
            ssize_t count = recv(client, buffer + held, MAX_LINE - held, 0);
            if (count <= 0)
                break;
            held += (size_t)count;
        }
    }
    close(client);
    return NULL;
}

int main(int count, char **arguments) {
    char *colon = count > 1 ? strchr(arguments[1], ':') : NULL;
    if (!colon)
        return 2;
    *colon = 0;
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    inet_pton(AF_INET, arguments[1], &address.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) ||
        listen(listener, 128)) {
        perror("não escuta");
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        pthread_t thread;
        if (client >= 0 &&
            pthread_create(&thread, NULL, serve, (void *)(intptr_t)client) == 0)
            pthread_detach(thread);
    }
}
