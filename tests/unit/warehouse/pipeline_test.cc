// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/pipeline.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <stdexcept>
#include <string>

namespace aft {
namespace {

TEST(Pipeline, WorksBesideItsOwnerOneThingAfterTheOther) {
  Pipeline pipeline;
  std::promise<void> go_on;
  std::string done;

  pipeline.Start([&] {
    go_on.get_future().wait();
    done += "a";
  });
  go_on.set_value();
  pipeline.Start([&] { done += "b"; });
  pipeline.Wait();

  EXPECT_EQ(done, "ab");
}

TEST(Pipeline, ThrowsAnErrorWhenItIsUsedNextAndOnce) {
  Pipeline pipeline;
  bool has_begun = false;
  pipeline.Start([] { throw std::runtime_error("no"); });

  EXPECT_THROW(pipeline.Start([&] { has_begun = true; }), std::runtime_error);

  pipeline.Wait();
  EXPECT_FALSE(has_begun);
}

TEST(Pipeline, WaitsAtItsEnd) {
  bool is_done = false;
  {
    Pipeline pipeline;
    pipeline.Start([&] {
      ::usleep(1000);
      is_done = true;
      throw std::runtime_error("nobody asks");
    });
  }
  EXPECT_TRUE(is_done);
}

TEST(Pipeline, LeavesSignalsToOtherThreads) {
  sigset_t in_thread;
  Pipeline pipeline;

  pipeline.Start([&] { pthread_sigmask(SIG_BLOCK, nullptr, &in_thread); });
  pipeline.Wait();

  sigset_t here;
  pthread_sigmask(SIG_BLOCK, nullptr, &here);
  EXPECT_EQ(sigismember(&in_thread, SIGINT), 1);
  EXPECT_EQ(sigismember(&here, SIGINT), 0);
}

TEST(Pipeline, EndsInAForkThatHasNotItsThread) {
  std::promise<void> go_on;
  Pipeline pipeline;
  pipeline.Start([&] { go_on.get_future().wait(); });

  const pid_t child = ::fork();
  if (child == 0) {
    pipeline.~Pipeline();
    ::_exit(7);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  go_on.set_value();

  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace aft
