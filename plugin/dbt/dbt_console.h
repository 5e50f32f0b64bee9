// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "plugin/dbt/dbt_invocation.h"
#include "plugin/dbt/dbt_log.h"

namespace aft {

/// Prints lines as dbt's console does: with the time in front, or as events in JSON.
class DbtConsole {
 public:
  enum class Format { kText, kJson };
  using Write = std::function<void(const std::string& text)>;

  struct Options {
    Format format = Format::kText;
    bool use_colors = false;
    int width = 80;                    ///< the column at which a line's dots end
    std::string least_level = "info";  ///< debug, info, warn, error or none
  };

  /// What dbt's own console is like in this invocation.
  static Options OptionsOf(const DbtInvocation& invocation);

  DbtConsole(Options options, Write write);

  [[nodiscard]] const Options& options() const { return options_; }

  /// Whether dbt would print its events of this level.
  [[nodiscard]] bool IsShown(std::string_view level) const;

  /// What is no event, unchanged.
  void Pass(const std::string& raw) const { write_(raw + "\n"); }

  /// An event of dbt's; `raw` is the whole of it.
  void Show(const std::string& raw, const DbtLogLine& line) const;

  /// An event of ours, by a name of dbt's.
  void Tell(const char* name, const char* level, const std::string& text,
            const boost::json::object& data) const;

  /// A line of ours.
  void Print(const std::string& text, const char* level = "info") const;
  /// An empty one, where people read.
  void Blank() const;

  [[nodiscard]] std::string Red(const std::string& text) const;
  [[nodiscard]] std::string Green(const std::string& text) const;
  [[nodiscard]] std::string Yellow(const std::string& text) const;

 private:
  [[nodiscard]] std::string Colored(const std::string& text, const char* color) const;

  Options options_;
  Write write_;
};

}  // namespace aft
