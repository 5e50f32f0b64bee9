// SPDX-License-Identifier: Apache-2.0
#include "plugin/session.h"

#include <sys/wait.h>

#include <csignal>

#include "host_shim/ignored_signal.h"
#include "plugin/commands/start.h"

namespace aft {
namespace {

// What a shell reports for a process that a signal ended.
constexpr int kSignalBase = 128;

}  // namespace

// Workers may have something to say before the run is there.
Session::Session(const std::vector<std::string>& arguments,
                 const Installation& installation, const HostFunctions& host)
    : signal_child_(host.signal_child),
      context_(loop_, installation, host.output,
               {[this] {
                  if (run_ != nullptr) run_->HostIsReady();
                },
                [this](const std::string& line) {
                  if (run_ != nullptr) run_->HostSays(line);
                }}) {
  run_ = StartCommand(context_, arguments);
}

void Session::CommandExited(int wait_status) {
  run_->CommandExited(WIFSIGNALED(wait_status) ? kSignalBase + WTERMSIG(wait_status)
                                               : WEXITSTATUS(wait_status));
}

int Session::exit_code() const {
  const int exit_code = run_->exit_code();
  return has_lost_reader_ && exit_code != 0 ? kSignalBase + SIGPIPE : exit_code;
}

void Session::Signalled(int signal, bool came_from_terminal) {
  if (signal == SIGPIPE) {
    // What has stopped the run may have ended its reader as well: that is no second
    // signal.
    if (is_stopped_ || !run_->StopsWithoutReader()) return;
    has_lost_reader_ = true;
    signal = SIGTERM;  // for Python ignores SIGPIPE
  }
  is_stopped_ = true;
  // dbt 1.x dies of SIGTERM and SIGHUP with its queries still running; on SIGINT, unless
  // it is made to ignore that, it cancels them. While it has no queries, SIGTERM ends it
  // without a word.
  const bool is_as_it_came = signal == SIGQUIT || IsIgnored(SIGINT) ||
                             (has_lost_reader_ && !run_->MayHaveQueries());
  if (!came_from_terminal || signal != SIGINT)
    signal_child_(is_as_it_came ? signal : SIGINT);
  run_->Interrupt();
}

}  // namespace aft
