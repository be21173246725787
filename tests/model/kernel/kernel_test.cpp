// Images, frames, threads and work items.
#include "model/kernel/kernel.h"

#include <gtest/gtest.h>

#include "tests/model/kernel/driver.h"

namespace nmrcheck::model::test {
namespace {

// Queues a work item as a driver and unloads the driver at once.
Verdicts verdicts_of_work_item(bool pin) {
  return verdicts_of([pin](World& world) {
    Kernel& kernel = world.kernel();
    const ModuleId driver = kernel.load("driver.sys");
    kernel.push({FrameKind::kModuleCode, driver});
    kernel.queue_work("work item", pin, {.run = [](const Work&) {}});
    kernel.pop();
    kernel.unload(driver, [] {});
  });
}

// The item's one step is its return, the driver's last one the end of the image.
TEST(KernelTest, OnlyAPinnedWorkItemKeepsTheImage) {
  EXPECT_EQ(verdicts_of_work_item(true), (Verdicts{{"", 1}}));
  EXPECT_EQ(verdicts_of_work_item(false), (Verdicts{{"", 1}, {"NMR-UNL-03", 1}}));
}

Verdicts verdicts_of_thread(bool joins) {
  return verdicts_of([joins](World& world) {
    Kernel& kernel = world.kernel();
    const ModuleId driver = kernel.load("driver.sys");
    kernel.push({FrameKind::kModuleCode, driver});
    const sim::FiberId thread = kernel.start_thread("thread", [] {});
    kernel.pop();
    kernel.unload(driver, [&] {
      if (joins) kernel.join_thread(thread);
    });
  });
}

TEST(KernelTest, AThreadIsJoinedBeforeUnload) {
  EXPECT_EQ(verdicts_of_thread(true), (Verdicts{{"", 1}}));
  EXPECT_EQ(verdicts_of_thread(false), (Verdicts{{"", 1}, {"NMR-UNL-03", 1}}));
}

TEST(KernelTest, AThreadBelongsToTheModuleThatStartsIt) {
  EXPECT_EQ(verdict_of([](World& world) {
              Kernel& kernel = world.kernel();
              EXPECT_EQ(kernel.current_module(), kNoModule);
              const ModuleId outer = kernel.load("outer.sys");
              const ModuleId inner = kernel.load("inner.sys");
              const FrameScope scope(kernel, {FrameKind::kModuleCode, outer});
              {
                const FrameScope call(kernel, {FrameKind::kCall, inner});
                kernel.start_thread("thread", [&kernel, inner] {
                  EXPECT_EQ(kernel.current_module(), inner);
                  EXPECT_EQ(kernel.describe_fiber(), "thread");
                });
              }
              EXPECT_EQ(kernel.current_module(), outer);
              EXPECT_EQ(kernel.module(inner).name, "inner.sys");
              EXPECT_EQ(kernel.module_count(), 2u);
            }),
            "");
}

TEST(KernelTest, EachFiberHasItsOwnIrqlAndPlace) {
  EXPECT_EQ(verdict([](Kernel& kernel) {
              kernel.set_irql(kDispatchLevel);
              kernel.set_place({"driver.c", 1});
              kernel.start_thread("thread", [&kernel] {
                EXPECT_EQ(kernel.irql(), kPassiveLevel);
                EXPECT_EQ(kernel.place().file, nullptr);
                kernel.set_irql(kApcLevel);
                kernel.execution().yield("yield");
                kernel.set_irql(kPassiveLevel);
              });
              EXPECT_EQ(kernel.irql(), kDispatchLevel);
              EXPECT_EQ(kernel.place().line, 1u);
            }),
            "");
}

TEST(KernelTest, WaitingForAThreadNeedsALowIrql) {
  EXPECT_EQ(message([](Kernel& kernel) {
              const sim::FiberId thread = kernel.start_thread("thread", [] {});
              kernel.set_irql(kDispatchLevel);
              kernel.join_thread(thread);
            }),
            "waiting for a thread at IRQL 2 on main; the highest allowed is 1");
}

TEST(KernelTest, StatusesHaveNames) {
  EXPECT_EQ(status_name(kStatusPending), "STATUS_PENDING");
  EXPECT_EQ(status_name(kStatusNoInterface), "STATUS_NOINTERFACE");
  EXPECT_EQ(status_name(0xC0000002), "status 0xC0000002");
  EXPECT_TRUE(nt_success(kStatusTimeout));
  EXPECT_FALSE(nt_success(kStatusInvalidParameter));
}

}  // namespace
}  // namespace nmrcheck::model::test
