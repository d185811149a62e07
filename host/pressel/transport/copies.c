/* One datagram to many listeners: what differs between their copies is written, sealed and handed to
 * the system in one call. `copies.py` says the same in Python, to the byte, and loads this where it
 * could be compiled.
 *
 * A copy is the datagram as it came, with another session (bytes 4 to 7), sequence number (12 to 15),
 * CRC-32 (20 to 23) and tag (the last 8 bytes), as `ptt/wire/envelope.py` lays them out. The CRC runs
 * over the payload first, so that part is computed once; the tag is HMAC-SHA256 under the listener's
 * key, whose two first blocks were hashed when it was made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

enum {
    SESSION_AT = 4,
    SEQ_AT = 12,
    CRC_AT = 20,
    HEADER_BYTES = 24,
    TAG_BYTES = 8,
    BLOCK_BYTES = 64,
    DATAGRAM_BYTES_MAX = 1200, /* as `ptt/base/numbers.py` has it; who calls looks at it, too */
    BATCH = 64,                /* copies a system call: 77 KB on the stack */
};

struct receiver {
    uint32_t inner[8]; /* SHA-256 after the key's block */
    uint32_t outer[8];
    uint32_t session;
    uint32_t address; /* as on the wire */
    uint16_t port;    /* as on the wire */
    uint16_t unused;
};

/* --- SHA-256 (FIPS 180-4) --- */

static const uint32_t ROUND[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put32(uint8_t *at, uint32_t value)
{
    at[0] = value >> 24;
    at[1] = value >> 16;
    at[2] = value >> 8;
    at[3] = value;
}

static uint32_t right(uint32_t value, int bits)
{
    return value >> bits | value << (32 - bits);
}

static void hash_block_portable(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    for (int t = 0; t < 16; t++)
        w[t] = get32(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t near = w[t - 15], far = w[t - 2];
        w[t] = w[t - 16] + (right(near, 7) ^ right(near, 18) ^ near >> 3) + w[t - 7] +
               (right(far, 17) ^ right(far, 19) ^ far >> 10);
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; t++) {
        uint32_t one = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + (g ^ (e & (f ^ g))) +
                       ROUND[t] + w[t];
        uint32_t two = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) | (c & (a | b)));
        h = g, g = f, f = e, e = d + one;
        d = c, c = b, b = a, a = one + two;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

#if defined(__x86_64__)
/* The processor's own instructions: two rounds each, on the words A B E F and C D G H. */
__attribute__((target("sha,sse4.1"))) static void hash_block_x86(uint32_t state[8],
                                                                 const uint8_t *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8);
    __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int n = 0; n < 4; n++)
        w[n] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * n)), swap);
#pragma GCC unroll 16
    for (int n = 0; n < 16; n++) {
        __m128i sum = _mm_add_epi32(w[n & 3], _mm_load_si128((const __m128i *)(ROUND + 4 * n)));
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
        if (n < 12) {
            __m128i last = w[(n + 3) & 3];
            __m128i next = _mm_sha256msg1_epu32(w[n & 3], w[(n + 1) & 3]);
            next = _mm_add_epi32(next, _mm_alignr_epi8(last, w[(n + 2) & 3], 4));
            w[n & 3] = _mm_sha256msg2_epu32(next, last);
        }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

static int has_sha(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 29 & 1 && __get_cpuid(1, &a, &b, &c, &d) &&
           c >> 19 & 1;
}
#endif

static void (*hash_block)(uint32_t state[8], const uint8_t *block) = hash_block_portable;
static uint32_t crc_table[4][256];

__attribute__((constructor)) static void prepare(void)
{
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t crc = n;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        crc_table[0][n] = crc;
    }
    for (int table = 1; table < 4; table++)
        for (uint32_t n = 0; n < 256; n++) {
            uint32_t before = crc_table[table - 1][n];
            crc_table[table][n] = before >> 8 ^ crc_table[0][before & 255];
        }
#if defined(__x86_64__)
    if (has_sha())
        hash_block = hash_block_x86;
#endif
}

/* For the tests: 0 takes the portable hash from now on, 1 what is best here. */
void pressel_choose_hash(int is_best)
{
    hash_block = hash_block_portable;
#if defined(__x86_64__)
    if (is_best && has_sha())
        hash_block = hash_block_x86;
#else
    (void)is_best;
#endif
}

/* The states after the two blocks of 64 bytes with which both hashes of a key begin. */
void pressel_prepare(struct receiver *receiver, const uint8_t *inner, const uint8_t *outer)
{
    memcpy(receiver->inner, START, sizeof START);
    memcpy(receiver->outer, START, sizeof START);
    hash_block(receiver->inner, inner);
    hash_block(receiver->outer, outer);
}

/* The last block of a message whose bytes up to it, and `used` of this block, were `total` in all. */
static void close_block(uint32_t state[8], uint8_t *block, uint32_t used, uint32_t total)
{
    memset(block + used, 0, BLOCK_BYTES - used);
    block[used] = 0x80;
    if (used >= BLOCK_BYTES - 8) {
        hash_block(state, block);
        memset(block, 0, BLOCK_BYTES);
    }
    put32(block + BLOCK_BYTES - 4, total * 8);
    hash_block(state, block);
}

static void put_tag(uint8_t *datagram, uint32_t end, const struct receiver *receiver)
{
    uint32_t inner[8], outer[8];
    uint8_t block[BLOCK_BYTES];
    memcpy(inner, receiver->inner, sizeof inner);
    memcpy(outer, receiver->outer, sizeof outer);
    uint32_t at = 0;
    for (; at + BLOCK_BYTES <= end; at += BLOCK_BYTES)
        hash_block(inner, datagram + at);
    memcpy(block, datagram + at, end - at);
    close_block(inner, block, end - at, BLOCK_BYTES + end);
    for (int n = 0; n < 8; n++)
        put32(block + 4 * n, inner[n]);
    close_block(outer, block, 32, BLOCK_BYTES + 32);
    put32(datagram + end, outer[0]);
    put32(datagram + end + 4, outer[1]);
}

static uint32_t crc_bytes(uint32_t crc, const uint8_t *data, uint32_t count)
{
    for (; count; count--)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *data++) & 255];
    return crc;
}

static uint32_t crc_header(uint32_t crc, const uint8_t *header)
{
    for (int at = 0; at < CRC_AT; at += 4) {
        crc ^= header[at] | (uint32_t)header[at + 1] << 8 | (uint32_t)header[at + 2] << 16 |
               (uint32_t)header[at + 3] << 24;
        crc = crc_table[3][crc & 255] ^ crc_table[2][crc >> 8 & 255] ^
              crc_table[1][crc >> 16 & 255] ^ crc_table[0][crc >> 24];
    }
    return crc;
}

/* Write one copy of the datagram of `size` bytes, room for the tag among them. */
static void write_copy(uint8_t *copy, const uint8_t *datagram, uint32_t size, uint32_t payload_crc,
                       const struct receiver *receiver, uint32_t seq)
{
    memcpy(copy, datagram, size);
    put32(copy + SESSION_AT, receiver->session);
    put32(copy + SEQ_AT, seq);
    put32(copy + CRC_AT, ~crc_header(payload_crc, copy));
    put_tag(copy, size - TAG_BYTES, receiver);
}

static uint32_t payload_crc_of(const uint8_t *datagram, uint32_t size)
{
    return crc_bytes(~0u, datagram + HEADER_BYTES, size - TAG_BYTES - HEADER_BYTES);
}

static int is_too_long_or_short(uint32_t size)
{
    return size < HEADER_BYTES + TAG_BYTES || size > DATAGRAM_BYTES_MAX;
}

/* Write `count` copies one behind the other to `out`. Returns `count`, or -1: no such datagram. */
int pressel_write_copies(const uint8_t *datagram, uint32_t size, const struct receiver *receivers,
                         const uint32_t *seqs, uint32_t count, uint8_t *out)
{
    if (is_too_long_or_short(size))
        return -1;
    uint32_t crc = payload_crc_of(datagram, size);
    for (uint32_t n = 0; n < count; n++)
        write_copy(out + n * size, datagram, size, crc, receivers + n, seqs[n]);
    return count;
}

/* Send a copy to each receiver. Returns how many the socket has taken, or could not send at all, which
 * `refused` counts; below `count` when it takes no more now, and -1: no such datagram. */
int pressel_send_copies(int socket, const uint8_t *datagram, uint32_t size,
                        const struct receiver *receivers, const uint32_t *seqs, uint32_t count,
                        uint32_t *refused)
{
    uint8_t copies[BATCH][DATAGRAM_BYTES_MAX];
    struct sockaddr_in addresses[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    if (is_too_long_or_short(size))
        return -1;
    uint32_t crc = payload_crc_of(datagram, size);
    memset(messages, 0, sizeof messages);
    memset(addresses, 0, sizeof addresses);
    for (uint32_t first = 0; first < count; first += BATCH) {
        uint32_t in_batch = count - first < BATCH ? count - first : BATCH;
        for (uint32_t n = 0; n < in_batch; n++) {
            const struct receiver *receiver = receivers + first + n;
            write_copy(copies[n], datagram, size, crc, receiver, seqs[first + n]);
            addresses[n].sin_family = AF_INET;
            addresses[n].sin_port = receiver->port;
            addresses[n].sin_addr.s_addr = receiver->address;
            parts[n] = (struct iovec){copies[n], size};
            messages[n].msg_hdr = (struct msghdr){
                .msg_name = addresses + n,
                .msg_namelen = sizeof addresses[n],
                .msg_iov = parts + n,
                .msg_iovlen = 1,
            };
        }
        for (uint32_t n = 0; n < in_batch;) {
            int sent = sendmmsg(socket, messages + n, in_batch - n, MSG_DONTWAIT);
            if (sent > 0) {
                n += sent;
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return first + n;
            } else if (errno != EINTR) { /* this one cannot be sent, the next one may */
                n++;
                ++*refused;
            }
        }
    }
    return count;
}
