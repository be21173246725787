/* A shared object that tells where its own code and data lie. */

struct Seen {
  const void* code; /* the address behind a call */
  int line;         /* of that call */
};

int counters[4] = {1, 2, 3, 4};
static int hidden = 5;

__attribute__((noinline)) const void* return_address(void) { return __builtin_return_address(0); }

#define LOOK(seen) ((seen)->line = __LINE__, (seen)->code = return_address())

static inline __attribute__((always_inline)) void inlined(struct Seen* seen) {
  LOOK(seen);
  seen->line += 0 * counters[0];
}

int look(struct Seen* seen) {
  LOOK(seen);
  return ++counters[1]; /* no tail call */
}

int look_inlined(struct Seen* seen) {
  inlined(seen);
  return ++counters[2];
}

static __attribute__((noinline)) int local_function(struct Seen* seen) {
  LOOK(seen);
  return ++hidden;
}

int look_local(struct Seen* seen) { return local_function(seen) + 1; }

int* hidden_variable(void) { return &hidden; }

int* local_variable(void) {
  static int calls;
  ++calls;
  return &calls;
}
