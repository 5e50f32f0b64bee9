// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/staging.h"

#include <random>
#include <utility>

namespace aft {
namespace {

std::string StagingName() {
  std::random_device random;
  std::string name = "aft_staging_";
  for (int i = 0; i < 16; ++i) name += "0123456789abcdef"[random() % 16];
  return name;
}

}  // namespace

Staging::Staging(odbc::Connection& connection, const Dialect& dialect,
                 const Relation& target, std::string doing)
    : connection_(connection),
      dialect_(dialect),
      relation_(target),
      doing_(std::move(doing)) {
  relation_.identifier = StagingName();
  relation_.quote_identifier = true;
  dialect_.ReserveStaging(connection_, relation_, doing_);
}

Staging::~Staging() {
  if (!is_kept_ && !dialect_.HasTransactionalDdl()) {
    TryTo("DROP TABLE " + dialect_.Name(relation_));
  }
  // It goes with the connection otherwise.
  try {
    dialect_.ReleaseStaging(connection_, relation_);
  } catch (const Error&) {
    return;
  }
}

bool Staging::TryTo(const std::string& statement) const {
  // The error that brought us here says more than one of cleaning up.
  try {
    odbc::Statement(connection_, "drop a staging table", odbc::Statement::Stop::kNever)
        .ExecuteDirect(statement);
  } catch (const Error&) {
    return false;
  }
  return true;
}

void Staging::Swap(const Relation& target, RelationKind kind) {
  std::vector<SwapStep> begun;
  try {
    for (const SwapStep& step : dialect_.SwapSteps(relation_, target, kind)) {
      begun.push_back(step);
      dialect_.Execute(connection_, step.statement, doing_);
    }
  } catch (const Error&) {
    // A rollback takes the others back.
    if (!dialect_.HasTransactionalDdl()) Undo(begun);
    throw;
  }
}

// Of a step that has failed, its answer may be all that was lost.
void Staging::Undo(const std::vector<SwapStep>& steps) const {
  const SwapStep* undone = nullptr;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
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
