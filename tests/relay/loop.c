/* What is to be measured against: takes a datagram on a socket and sends it to many addresses, in the
 * least that C can do. With "tags" each copy gets an HMAC-SHA256 of its own, as ours do, by the code
 * that hosts use; without, the same bytes go to everybody.
 *
 * Standard input: one line "session address port" a listener; then the port it took is printed.
 */
#include "../../host/pressel/transport/copies.c"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { LISTENERS_MAX = 256 };

int main(int count, char **words)
{
    static struct receiver receivers[LISTENERS_MAX];
    static uint32_t seqs[LISTENERS_MAX];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int has_tags = count > 1 && !strcmp(words[1], "tags");
    int listeners = 0, port;
    char address[32];
    unsigned session;
    while (listeners < LISTENERS_MAX && scanf("%u %31s %d", &session, address, &port) == 3) {
        struct receiver *receiver = receivers + listeners++;
        uint8_t block[BLOCK_BYTES] = {session, session >> 8};
        pressel_prepare(receiver, block, block);
        receiver->session = session;
        receiver->address = inet_addr(address);
        receiver->port = htons(port);
    }
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 1 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) ||
        getsockname(fd, (struct sockaddr *)&here, &size))
        return 1;
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    for (;;) {
        uint8_t datagram[DATAGRAM_BYTES_MAX];
        struct sockaddr_in addresses[LISTENERS_MAX];
        struct mmsghdr messages[LISTENERS_MAX];
        struct iovec part = {datagram, sizeof datagram};
        uint32_t refused = 0;
        ssize_t got = recv(fd, datagram, sizeof datagram, 0);
        if (got < HEADER_BYTES + TAG_BYTES)
            continue;
        if (has_tags) {
            for (int n = 0; n < listeners; n++)
                seqs[n]++;
            pressel_send_copies(fd, datagram, got, receivers, seqs, listeners, &refused);
            continue;
        }
        part.iov_len = got;
        memset(messages, 0, sizeof messages);
        for (int n = 0; n < listeners; n++) {
            addresses[n] = (struct sockaddr_in){
                .sin_family = AF_INET,
                .sin_port = receivers[n].port,
                .sin_addr.s_addr = receivers[n].address,
            };
            messages[n].msg_hdr = (struct msghdr){
                .msg_name = addresses + n,
                .msg_namelen = sizeof addresses[n],
                .msg_iov = &part,
                .msg_iovlen = 1,
            };
        }
        for (int n = 0; n < listeners;) {
            int sent = sendmmsg(fd, messages + n, listeners - n, 0);
            n += sent > 0 ? sent : 1;
        }
    }
}
