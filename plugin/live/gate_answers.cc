// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/gate_answers.h"

#include <boost/json.hpp>

#include "host_shim/error.h"
#include "plugin/scripts/console.h"

namespace aft {

namespace json = boost::json;

void GateAnswers::Print(ConnectionId connection, const std::string& text,
                        const char* level) const {
  send_(connection, json::serialize(json::object{{"line", text}, {"level", level}}));
}

std::function<void(const std::string& warning)> GateAnswers::Warn(
    ConnectionId connection) const {
  return [this, connection](const std::string& warning) {
    Print(connection, warning, "warn");
  };
}

void GateAnswers::LetPass(ConnectionId connection) {
  Decide(connection, {{"verdict", "go"}});
}

void GateAnswers::Refuse(ConnectionId connection, const std::string& message) {
  Decide(connection, {{"verdict", "fail"}, {"message", Printable(message)}});
}

void GateAnswers::Skip(ConnectionId connection, const std::string& message) {
  Decide(connection, {{"verdict", "skip"}, {"message", Printable(message)}});
}

void GateAnswers::Decide(ConnectionId connection, const json::object& verdict) {
  waiting_.erase(connection);
  send_(connection, json::serialize(verdict));
}

}  // namespace aft
