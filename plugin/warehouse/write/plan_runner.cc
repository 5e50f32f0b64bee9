// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/plan_runner.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "host_shim/error.h"

namespace aft {

std::string StagingName() {
  // std::random_device of a C++ library that is linked in takes a glibc as new as its
  // own.
  uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random)
    throw Error(Text("cannot name a staging table: getrandom: ", std::strerror(errno)));
  std::string name = "aft_staging_";
  for (int i = 0; i < 16; ++i, random /= 16) name += "0123456789abcdef"[random % 16];
  return name;
}

PlanRunner::PlanRunner(Connection& connection, const Dialect& dialect, std::string doing)
    : connection_(connection), dialect_(dialect), doing_(std::move(doing)) {}

PlanRunner::~PlanRunner() {
  if (!dialect_.statements().has_transactional_ddl()) Undo();
  if (!drop_staging_.empty()) TryTo(drop_staging_);
  if (!reserved_) return;
  // It goes with the connection otherwise.
  try {
    dialect_.ReleaseStaging(connection_, *reserved_);
  } catch (const Error&) {
    return;
  }
}

void PlanRunner::Reserve(const WritePlan& plan) {
  if (!plan.staging || dialect_.statements().has_transactional_ddl()) return;
  drop_staging_ = plan.drop_staging;
  if (plan.is_temporary) return;
  reserved_ = plan.staging;
  dialect_.ReserveStaging(connection_, *reserved_, doing_);
}

void PlanRunner::Run(const std::vector<WriteStep>& steps,
                     const std::function<bool()>& is_done_by_others) {
  for (const WriteStep& step : steps) {
    begun_.push_back(step);
    try {
      Execute(step);
    } catch (const DatabaseError& error) {
      // Of another error, only the answer may have failed: what the step did is undone.
      is_overtaken_ = step.is_atomic && error.IsAboutExistence();
      if (is_overtaken_) begun_.pop_back();
      if (!is_overtaken_ || !is_done_by_others()) throw;
    }
  }
}

void PlanRunner::Execute(const WriteStep& step) {
  const auto rows = dialect_.Execute(connection_, step.statement, doing_);
  if (!step.places_rows) return;
  tells_placed_ = tells_placed_ && rows;
  if (tells_placed_) placed_ = placed_.value_or(0) + *rows;
  if (!tells_placed_) placed_.reset();
}

std::vector<std::string> PlanRunner::Finish(const std::vector<FinalStep>& steps) {
  std::vector<std::string> notices;
  for (const FinalStep& step : steps) {
    try {
      dialect_.Execute(connection_, step.statement, Text("run ", step.statement));
      if (!step.notice.empty()) notices.push_back(step.notice);
    } catch (const Error& error) {
      // If this read as a failed write, the rows would be written again.
      notices.push_back(Text("the rows are in the table, but aft ", error.what()));
    }
  }
  return notices;
}

bool PlanRunner::TryTo(const std::string& statement) const {
  // The error that brought us here says more than one of cleaning up.
  try {
    Statement(connection_, "take back a write", Stop::kNever).ExecuteDirect(statement);
  } catch (const Error&) {
    return false;
  }
  return true;
}

// Of the last step, only the answer may have been lost.
void PlanRunner::Undo() const {
  const WriteStep* undone = nullptr;
  for (auto step = begun_.rbegin(); step != begun_.rend(); ++step) {
    if (step->undo.empty()) continue;
    if (TryTo(step->undo)) {
      undone = &*step;
    } else if (undone != nullptr) {
      // The old table is gone; so the new one has to stay.
      TryTo(undone->statement);
      return;
    }
  }
}

}  // namespace aft
