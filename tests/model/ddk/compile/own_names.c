// A driver may use every name that the WDK does not have.
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define list driver_list
#define lock driver_lock
#define step driver_step
#define state driver_state

#include <ndis.h>
#include <netioddk.h>
#include <ntddk.h>
#include <ntifs.h>
#include <ntintsafe.h>
#include <ntstrsafe.h>

#undef list
#undef lock
#undef step
#undef state

// Names of the host's C library, and short ones.
int open_file(void* target);
int open(LONG first, LONG second);
void* list(ULONG file);
typedef enum _kernel { kernel_idle, kernel_busy } kernel;
struct event {
  LONG lock, work, place, index, name, time, signal, socket, bind, errno_;
};
struct stat {
  ULONG vector, string, step, trace, select, read, write, close;
};
typedef struct _heap {
  struct stat string;
} heap;

LONG check_names(struct event* first, heap* second, kernel third);
LONG check_names(struct event* first, heap* second, kernel third) {
  LONG index = min(first->lock, first->work);
  LONG pipe = max(index, (LONG)second->string.step);
  return third == kernel_busy ? pipe : 0;
}
