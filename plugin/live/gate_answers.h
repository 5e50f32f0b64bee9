// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "plugin/dbt/gate_server.h"

namespace aft {

/// What dbt's threads are told: lines to print, then one verdict on each of their
/// messages.
class GateAnswers {
 public:
  /// One of dbt's threads.
  using ConnectionId = GateServer::ConnectionId;
  using Send = std::function<void(ConnectionId, std::string_view line)>;

  /// `send` does nothing for a thread that is gone.
  explicit GateAnswers(Send send) : send_(std::move(send)) {}

  /// The thread has sent a message and waits. False if it was waiting already.
  bool Expect(ConnectionId connection) { return waiting_.insert(connection).second; }
  [[nodiscard]] bool IsWaiting(ConnectionId connection) const {
    return waiting_.contains(connection);
  }

  /// The thread prints `text` through dbt's logger, and waits on.
  void Print(ConnectionId connection, const std::string& text,
             const char* level = "info") const;

  /// The same as a function of a warning.
  [[nodiscard]] std::function<void(const std::string& warning)> Warn(
      ConnectionId connection) const;

  void LetPass(ConnectionId connection);
  /// dbt fails the node, or the run, with `message`.
  void Refuse(ConnectionId connection, const std::string& message);
  /// dbt skips the node that is about to start, because of `message`.
  void Skip(ConnectionId connection, const std::string& message);
  /// Any other verdict.
  void Decide(ConnectionId connection, const boost::json::object& verdict);

 private:
  Send send_;
  std::set<ConnectionId> waiting_;
};

}  // namespace aft
