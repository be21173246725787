// DPCs and timers: when they run, and what they outlive.
#include <gtest/gtest.h>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

constexpr const char* kAllowed = "";

// A routine that says that it ran: a rule stands for the fact.
const Work kTells{.run = [](const Work& work) {
  static_cast<Kernel*>(work.arguments[0])->broken("KRN-ASSERT-01", "the routine ran");
}};

Work telling(Kernel& kernel) {
  Work work = kTells;
  work.arguments[0] = &kernel;
  return work;
}

const Work kQuiet{.run = [](const Work&) {}};

char* make_dpc(Kernel& kernel) {
  char* dpc = allocate(kernel, 64);
  kernel.initialize_dpc(dpc);
  return dpc;
}

char* make_timer(Kernel& kernel) {
  char* timer = allocate(kernel, 64);
  kernel.initialize_timer(timer);
  return timer;
}

// The DPC makes two steps, its begin and its return. Main inserts once more: before both, in vain;
// between them or after both.
TEST(DpcTest, IsQueuedOnceUntilItBegins) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* dpc = make_dpc(kernel);
              EXPECT_TRUE(kernel.queue_dpc(dpc, kQuiet));
              if (kernel.queue_dpc(dpc, kQuiet)) kernel.broken("KRN-ASSERT-01", "queued again");
            }),
            (Verdicts{{"", 1}, {"KRN-ASSERT-01", 2}}));
}

TEST(DpcTest, RunsAtDispatchLevelInTheModuleThatQueuedIt) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              Work work{.run = [](const Work& running) {
                const auto& inside = *static_cast<Kernel*>(running.arguments[0]);
                EXPECT_EQ(inside.irql(), kDispatchLevel);
                EXPECT_EQ(inside.current_module(), ModuleId{0});
              }};
              work.arguments[0] = &kernel;
              kernel.queue_dpc(make_dpc(kernel), work);
              kernel.flush_dpcs();
              EXPECT_EQ(kernel.irql(), kPassiveLevel);
            }),
            kAllowed);
}

TEST(DpcTest, DoesNotRunOnceRemoved) {
  const DriverBody body = [](Kernel& kernel) {
    char* dpc = make_dpc(kernel);
    kernel.queue_dpc(dpc, telling(kernel));
    if (kernel.remove_dpc(dpc)) {
      EXPECT_FALSE(kernel.remove_dpc(dpc));
      kernel.free(dpc, "ExFreePool");  // what is removed needs no memory
    }
  };
  // remove remove free, with the two steps of the DPC's fiber after the first, between the others
  // or at the end: 6 orders; or the DPC begins first.
  EXPECT_EQ(verdicts(body), (Verdicts{{"", 6}, {"KRN-ASSERT-01", 1}}));
}

// Queued, then either it runs or its memory is freed first.
TEST(DpcTest, IsFoundInFreedMemory) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* dpc = make_dpc(kernel);
              kernel.queue_dpc(dpc, kQuiet);
              kernel.free(dpc, "ExFreePool");
            }),
            (Verdicts{{"", 2}, {"KRN-POOL-01", 1}}));
}

TEST(DpcTest, FlushingWaitsForThoseQueuedBefore) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* dpc = make_dpc(kernel);
              kernel.queue_dpc(dpc, kQuiet);
              kernel.flush_dpcs();
              kernel.free(dpc, "ExFreePool");
            }),
            (Verdicts{{"", 3}}));  // the flush begins before, between or after the DPC's steps
}

TEST(DpcTest, NeedsAnInitializedDpc) {
  EXPECT_EQ(message([](Kernel& kernel) { kernel.queue_dpc(allocate(kernel, 64), kQuiet); }),
            "KeInsertQueueDpc on main is given a DPC that was never initialized");
  EXPECT_EQ(message([](Kernel& kernel) { kernel.queue_dpc(make_timer(kernel), kQuiet); }),
            "KeInsertQueueDpc on main is given a timer where it needs a DPC");
}

TEST(DpcTest, CannotWait) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              Work work{.run = [](const Work& running) {
                static_cast<Kernel*>(running.arguments[0])->sleep(1);
              }};
              work.arguments[0] = &kernel;
              kernel.queue_dpc(make_dpc(kernel), work);
              kernel.flush_dpcs();
            }),
            "KRN-IRQL-01");
}

TEST(DpcTest, AThreadedOneRunsAtEitherLevel) {
  static int levels[3];
  levels[kPassiveLevel] = levels[kDispatchLevel] = 0;
  const DriverBody body = [](Kernel& kernel) {
    char* dpc = allocate(kernel, 64);
    kernel.initialize_dpc(dpc, true);
    Work work{.run = [](const Work& running) {
      ++levels[static_cast<Kernel*>(running.arguments[0])->irql()];
    }};
    work.arguments[0] = &kernel;
    kernel.queue_dpc(dpc, work);
    kernel.flush_dpcs();
  };
  EXPECT_EQ(verdicts(body), (Verdicts{{"", 6}}));  // those of a plain one, for each answer
  EXPECT_EQ(levels[kPassiveLevel], 3);
  EXPECT_EQ(levels[kDispatchLevel], 3);
}

TEST(DpcTest, RunsOnTheProcessorThatItIsSentTo) {
  static std::uint32_t processor;
  const DriverBody body = [](Kernel& kernel) {
    char* dpc = make_dpc(kernel);
    kernel.target_dpc(dpc, 1);
    Work work{.run = [](const Work& running) {
      processor = static_cast<Kernel*>(running.arguments[0])->processor();
    }};
    work.arguments[0] = &kernel;
    kernel.queue_dpc(dpc, work);
    kernel.flush_dpcs();
    EXPECT_EQ(processor, 1u);
  };
  EXPECT_EQ(verdict(body), kAllowed);
}

TEST(DpcTest, AThreadStaysOnAProcessorOfTheSearchsChoice) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              const std::uint32_t first = kernel.processor();
              EXPECT_LT(first, Kernel::kProcessors);
              EXPECT_EQ(kernel.processor(), first);
              if (first == 1) kernel.broken("KRN-ASSERT-01", "on the second");
            }),
            (Verdicts{{"", 1}, {"KRN-ASSERT-01", 1}}));
}

Verdicts verdicts_of_unload(bool timer, void (*unload)(Kernel& kernel, void* object)) {
  return verdicts_of([=](World& world) {
    Kernel& kernel = world.kernel();
    const ModuleId driver = kernel.load("driver.sys");
    void* object = kernel.image_data(driver, 64, "globals");
    kernel.push({FrameKind::kModuleCode, driver});
    if (timer) {
      kernel.initialize_timer(object);
      kernel.set_timer(object, kQuiet);
    } else {
      kernel.initialize_dpc(object);
      kernel.queue_dpc(object, kQuiet);
    }
    kernel.pop();
    kernel.unload(driver, [&] { unload(kernel, object); });
  });
}

// begin return unload; begin unload: its code still runs; unload begin: it is still queued.
TEST(DpcTest, DoesNotKeepTheImage) {
  EXPECT_EQ(verdicts_of_unload(false, [](Kernel&, void*) {}),
            (Verdicts{{"", 1}, {"NMR-UNL-03", 2}}));
  EXPECT_EQ(verdicts_of_unload(false, [](Kernel& kernel, void*) { kernel.flush_dpcs(); }),
            (Verdicts{{"", 3}}));
}

TEST(TimerTest, GoesOffAtAnyMomentUnlessCancelled) {
  const DriverBody body = [](Kernel& kernel) {
    char* timer = make_timer(kernel);
    EXPECT_FALSE(kernel.set_timer(timer, telling(kernel)));
    kernel.set_timer(timer, telling(kernel));
    if (kernel.cancel_timer(timer)) {
      EXPECT_FALSE(kernel.cancel_timer(timer));
    }
  };
  // It goes off before the second setting, between that and the cancelling, or not: then the last
  // step of main lies before, between or after the two of the timer's fiber.
  EXPECT_EQ(verdicts(body), (Verdicts{{"", 3}, {"KRN-ASSERT-01", 2}}));
}

TEST(TimerTest, ThatIsSetAgainIsStillOneTimer) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* timer = make_timer(kernel);
              EXPECT_FALSE(kernel.set_timer(timer, kQuiet));
              EXPECT_TRUE(kernel.set_timer(timer, kQuiet));
            }),
            kAllowed);
}

TEST(TimerTest, NeedsTheMemoryOfItsDpc) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* dpc = make_dpc(kernel);
              Work work = kQuiet;
              work.arguments[0] = dpc;
              kernel.set_timer(make_timer(kernel), work);
              kernel.free(dpc, "ExFreePool");
            }),
            (Verdicts{{"", 2}, {"KRN-POOL-01", 1}}));
}

// Cancelling alone leaves a DPC that began already; flushing alone leaves a timer that is set.
TEST(TimerTest, IsCancelledAndFlushedBeforeUnload) {
  const auto cancel = [](Kernel& kernel, void* timer) { kernel.cancel_timer(timer); };
  const auto flush = [](Kernel& kernel, void*) { kernel.flush_dpcs(); };
  const auto both = [](Kernel& kernel, void* timer) {
    kernel.cancel_timer(timer);
    kernel.flush_dpcs();
  };
  // off cancel unload; flush off unload, flush unload off
  EXPECT_EQ(verdicts_of_unload(true, cancel)["NMR-UNL-03"], 1);
  EXPECT_EQ(verdicts_of_unload(true, flush)["NMR-UNL-03"], 2);
  EXPECT_EQ(verdicts_of_unload(true, both).count("NMR-UNL-03"), 0u);
}

TEST(TimerTest, CanBeWaitedFor) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* timer = make_timer(kernel);
              kernel.set_timer(timer, {});
              EXPECT_EQ(kernel.wait(timer, std::nullopt), kStatusSuccess);
              EXPECT_TRUE(kernel.read_timer(timer));
              EXPECT_EQ(kernel.wait(timer, 0), kStatusSuccess);  // stays signaled
              EXPECT_FALSE(kernel.cancel_timer(timer));
              EXPECT_EQ(kernel.wait(timer, std::nullopt), kStatusSuccess);
            }),
            kAllowed);
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* timer = allocate(kernel, 64);
              kernel.initialize_timer(timer, true);
              kernel.set_timer(timer, {});
              EXPECT_EQ(kernel.wait(timer, std::nullopt), kStatusSuccess);
              EXPECT_FALSE(kernel.read_timer(timer));  // the wait took the signal
              EXPECT_EQ(kernel.wait(timer, 0), kStatusTimeout);
              EXPECT_EQ(kernel.wait(timer, 10), kStatusTimeout);
            }),
            kAllowed);
}

TEST(TimerTest, ThatIsCancelledSignalsNobody) {
  EXPECT_EQ(verdicts([](Kernel& kernel) {
              char* timer = make_timer(kernel);
              kernel.set_timer(timer, {});
              if (kernel.cancel_timer(timer)) kernel.wait(timer, std::nullopt);
            }).count("harness.deadlock"),
            1u);
}

// As often as it goes off, unless main cancels it before.
TEST(TimerTest, APeriodicOneGoesOffAgainUntilCancelled) {
  static std::uint32_t runs;
  static std::uint32_t seen[Kernel::kPeriodsMax + 1];
  for (std::uint32_t& count : seen) count = 0;
  const DriverBody body = [](Kernel& kernel) {
    char* timer = make_timer(kernel);
    runs = 0;
    kernel.set_timer(timer, {.run = [](const Work&) { ++runs; }}, true);
    EXPECT_TRUE(kernel.cancel_timer(timer));  // it stays set
    EXPECT_FALSE(kernel.cancel_timer(timer));
    kernel.flush_dpcs();
    ++seen[runs];
  };
  EXPECT_EQ(verdicts(body).count("KRN-ASSERT-01"), 0u);
  for (const std::uint32_t count : seen) EXPECT_GT(count, 0u);
}

TEST(TimerTest, MayBeSetAgainWithAPeriodOrWithout) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* timer = allocate(kernel, 64);
              kernel.initialize_timer(timer, true);
              EXPECT_FALSE(kernel.set_timer(timer, {}));
              EXPECT_TRUE(kernel.set_timer(timer, {}, true));
              EXPECT_EQ(kernel.wait(timer, std::nullopt), kStatusSuccess);
              EXPECT_TRUE(kernel.set_timer(timer, {}));
              EXPECT_EQ(kernel.wait(timer, std::nullopt), kStatusSuccess);
              EXPECT_FALSE(kernel.cancel_timer(timer));
            }),
            kAllowed);
}

TEST(TimerTest, APeriodicOneIsWaitedForEachTime) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              char* timer = allocate(kernel, 64);
              kernel.initialize_timer(timer, true);
              kernel.set_timer(timer, {}, true);
              EXPECT_EQ(kernel.wait(timer, std::nullopt), kStatusSuccess);
              EXPECT_EQ(kernel.wait(timer, std::nullopt), kStatusSuccess);
              EXPECT_EQ(kernel.wait(timer, 10), kStatusTimeout);  // kPeriodsMax times
              EXPECT_TRUE(kernel.cancel_timer(timer));
            }),
            kAllowed);
}

}  // namespace
}  // namespace nmrcheck::model::test
