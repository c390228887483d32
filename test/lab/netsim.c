// A line between two network interfaces that is as slow, long and lossy as it is told to be. The kernels of small
// machines often lack netem; this needs AF_PACKET and root alone.
//
//   netsim line IF_A IF_B CONTROL SEED   carries frames between them until it is killed
//   netsim plain IF…                     switches off what would make one huge frame of many packets, or leave
//                                        checksums to a device that is not there
//
// CONTROL holds "RATE_KBIT DELAY_MS JITTER_MS LOSS_PERCENT BURST", read again on SIGHUP. A rate of 0 is no limit. The
// delay is of one way. Losses come in bursts of BURST packets in the mean (Gilbert's model); 1 is by single packets.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// What waits for a slow line: as much as it carries in this time, as in a home router; more is dropped.
static const double QUEUE_MS = 400;
enum { MAX_FRAME = 65536, TAKEN_AT_ONCE = 64 };

struct frame { double due; uint64_t order; int out, length; unsigned char *bytes; };
struct line { double rate_kbit, delay_ms, jitter_ms, loss, burst; };
struct way { double busy_until; int is_losing; };

static struct frame *heap;
static size_t held, room;
static uint64_t random_state, frames_seen;
static volatile sig_atomic_t is_told = 1;

static void on_hangup(int signal) { (void)signal; is_told = 1; }

static _Noreturn void fail(const char *what) { perror(what); exit(1); }

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

// xorshift64: the same losses at every run of the same seed and traffic.
static double chance(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (double)(random_state >> 11) / 9007199254740992.0;
}

// The heap's order: who is due first, and of those who are due at once who came first.
static int is_before(const struct frame *one, const struct frame *other) {
  return one->due != other->due ? one->due < other->due : one->order < other->order;
}

static void swap(size_t one, size_t other) {
  struct frame kept = heap[one];
  heap[one] = heap[other];
  heap[other] = kept;
}

static void hold(struct frame frame) {
  if (held == room) {
    room = room ? room * 2 : 1024;
    heap = realloc(heap, room * sizeof *heap);
    if (!heap) fail("realloc");
  }
  heap[held] = frame;
  for (size_t at = held++; at > 0 && is_before(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2) {
    swap(at, (at - 1) / 2);
  }
}

static struct frame take_first(void) {
  struct frame first = heap[0];
  heap[0] = heap[--held];
  for (size_t at = 0;;) {
    size_t least = at;
    for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < held; child++) {
      if (is_before(&heap[child], &heap[least])) least = child;
    }
    if (least == at) return first;
    swap(at, least);
    at = least;
  }
}

static int open_interface(const char *name) {
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  if (fd < 0) fail("socket");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  address.sll_ifindex = (int)if_nametoindex(name);
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) fail(name);
  struct packet_mreq all = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
  setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
  int yes = 1, bytes = 8 << 20;
  setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  return fd;
}

static void read_control(const char *path, struct line *line) {
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  int count = fscanf(file, "%lf %lf %lf %lf %lf", &line->rate_kbit, &line->delay_ms, &line->jitter_ms,
                     &line->loss, &line->burst);
  fclose(file);
  if (count != 5) { fprintf(stderr, "%s: five numbers are needed\n", path); exit(1); }
}

// Gilbert's model: a way loses everything or nothing, and changes between the two by chance.
static int is_lost(const struct line *line, struct way *way) {
  if (line->loss <= 0) return 0;
  if (line->loss >= 100) return 1;
  double leave = 1 / (line->burst < 1 ? 1 : line->burst);
  double enter = leave * line->loss / (100 - line->loss);
  way->is_losing = way->is_losing ? chance() >= leave : chance() < enter;
  return way->is_losing;
}

static void carry(const struct line *line, struct way *way, int out, const unsigned char *bytes, int length) {
  if (is_lost(line, way)) return;
  double due = now_ms();
  if (line->rate_kbit > 0) {
    double starts = way->busy_until > due ? way->busy_until : due;
    if (starts - due > QUEUE_MS) return;
    way->busy_until = starts + length * 8 / line->rate_kbit;
    due = way->busy_until;
  }
  struct frame frame = {.due = due + line->delay_ms, .order = frames_seen++, .out = out, .length = length};
  if (line->jitter_ms > 0) frame.due += (chance() * 2 - 1) * line->jitter_ms;
  frame.bytes = malloc((size_t)length);
  if (!frame.bytes) fail("malloc");
  memcpy(frame.bytes, bytes, (size_t)length);
  hold(frame);
}

static void wait_for_work(const int ends[2]) {
  struct pollfd polled[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
  struct timespec left, *limit = NULL;
  if (held > 0) {
    double ms = heap[0].due - now_ms();
    if (ms < 0) ms = 0;
    left = (struct timespec){(time_t)(ms / 1000), (long)((ms - 1000 * (time_t)(ms / 1000)) * 1e6)};
    limit = &left;
  }
  // Only here a SIGHUP comes in, so that none is missed between a look and a sleep.
  sigset_t none;
  sigemptyset(&none);
  ppoll(polled, 2, limit, &none);
}

static void run_line(const int ends[2], const char *control) {
  struct line line = {0};
  struct way ways[2] = {{0}};
  static unsigned char bytes[MAX_FRAME];
  for (;;) {
    if (is_told) { is_told = 0; read_control(control, &line); }
    wait_for_work(ends);
    for (int from = 0; from < 2; from++) {
      for (int count = 0; count < TAKEN_AT_ONCE; count++) {
        int length = (int)recv(ends[from], bytes, sizeof bytes, MSG_DONTWAIT);
        if (length <= 0) break;
        carry(&line, &ways[from], ends[!from], bytes, length);
      }
    }
    for (double now = now_ms(); held > 0 && heap[0].due <= now;) {
      struct frame frame = take_first();
      send(frame.out, frame.bytes, (size_t)frame.length, 0);
      free(frame.bytes);
    }
  }
}

static void make_plain(const char *name) {
  static const uint32_t switches[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  for (size_t at = 0; at < sizeof switches / sizeof *switches; at++) {
    struct ethtool_value off = {.cmd = switches[at], .data = 0};
    struct ifreq request = {.ifr_data = (void *)&off};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCETHTOOL, &request)) fail(name);
  }
  close(fd);
}

int main(int count, char **words) {
  if (count > 2 && strcmp(words[1], "plain") == 0) {
    for (int at = 2; at < count; at++) make_plain(words[at]);
    return 0;
  }
  if (count != 6 || strcmp(words[1], "line") != 0) {
    fprintf(stderr, "netsim line IF_A IF_B CONTROL SEED | netsim plain IF…\n");
    return 2;
  }
  random_state = strtoull(words[5], NULL, 10) * 2654435761u + 88172645463325252u;
  struct sigaction action = {.sa_handler = on_hangup};
  sigaction(SIGHUP, &action, NULL);
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  sigprocmask(SIG_BLOCK, &hangup, NULL);
  int ends[2] = {open_interface(words[2]), open_interface(words[3])};
  printf("ready\n");
  fflush(stdout);
  run_line(ends, words[4]);
}
