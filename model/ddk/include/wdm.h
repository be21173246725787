// The kernel's face to drivers: pool, lists, locks, events, work items, threads, interlocked.
#pragma once

#include "bugcodes.h"
#include "nmrcheck_hooks.h"
#include "ntdef.h"
#include "ntstatus.h"
#include "wdm_debug.h"
#include "wdm_dpc.h"
#include "wdm_event.h"
#include "wdm_interlocked.h"
#include "wdm_io.h"
#include "wdm_list.h"
#include "wdm_lock.h"
#include "wdm_memory.h"
#include "wdm_pool.h"
#include "wdm_readwrite.h"
#include "wdm_thread.h"
