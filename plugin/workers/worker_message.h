// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plugin/project/environment.h"
#include "plugin/project/script.h"
#include "plugin/scripts/node_state.h"
#include "plugin/scripts/outcome.h"

namespace aft {

/// What a worker host needs to know before it can run scripts. Folders are absolute.
struct HostSetup {
  std::string python;  ///< the interpreter that runs dbt
  std::string project_folder;
  std::string scripts_folder;
  std::string profiles_folder;
  std::string profile;           ///< empty for the project's own
  std::string target;            ///< empty for the profile's own
  std::string variables = "{}";  ///< of --vars, as a JSON object
  std::string arguments = "{}";  ///< of dbt's own; see DbtInvocation
  std::string target_folder;
  std::string run_folder;      ///< private, and gone after the run
  int threads = 0;             ///< 0 for the profile's own
  bool is_empty = false;       ///< --empty: whatever a script reads has no rows
  std::string sample_start;    ///< of --sample; empty without
  std::string sample_end;      ///< likewise
  std::string unordered_refs;  ///< error, warn or allow; empty for the command's default
};

/// As Python reads it. (python_runtime/aft/profile.py)
boost::json::object DescribedSetup(const HostSetup& setup);

/// The environment would have to be built.
struct HostMissing {};

/// What a host says while it builds an environment.
struct HostProgress {
  std::string line;
};

/// The environment is there.
struct HostBuilt {
  std::string python;  ///< its interpreter
};

/// The host has read the profile and can run scripts; warm or not.
struct HostPrepared {
  std::vector<std::string> secrets;  ///< to be masked wherever they would be read
  std::vector<std::string> names;    ///< of the target's; they have to stay readable
  std::string control_group;  ///< the folder of the one for its scripts; may be empty
  int threads = 0;            ///< of dbt's target
};

/// The host can't run scripts, and ends.
struct HostFailed {
  std::string message;
};

/// The process of script `run` is gone, with all that it started.
struct ScriptExited {
  std::int64_t run;
  int wait_status;           ///< as from waitpid(2)
  std::int64_t peak_memory;  ///< bytes
  std::string place;         ///< file and line where a signal found it; may be empty
  std::string stack;         ///< the calls that led there
  bool is_out_of_memory;     ///< the kernel has ended processes of its for that
};

/// A message of a kind that needs no answer.
struct HostNotice {};

using HostMessage = std::variant<HostMissing, HostProgress, HostBuilt, HostPrepared,
                                 HostFailed, ScriptExited, HostNotice>;

/// A script's own process has begun; it leads the process group of this number.
struct ScriptStarted {
  int pid;
};

/// The script, or a fork of it, begins to add rows to a table, or has surely undone that.
struct ScriptAppends {
  bool may_have_appended;
};

/// The script has written the table of its model.
struct ScriptHasWritten {};

/// What a fork of the script has read or written; the script itself does not count it.
struct ScriptMoved {
  std::int64_t rows_read;
  std::int64_t rows_written;
  std::int64_t bytes_read;
  std::int64_t bytes_written;
};

using ScriptMessage =
    std::variant<ScriptStarted, ScriptAppends, ScriptHasWritten, ScriptMoved, Outcome>;

/// Messages between the plugin, a worker host and the scripts: one JSON object a packet.
std::string FindMessage(const Environment& environment);
std::string BuildMessage(const Environment& environment);
std::string PrepareMessage(const HostSetup& setup);
std::string ManifestMessage(const std::string& path);
std::string RunMessage(std::int64_t run, const Script& script, const NodeState& node);
std::string SignalMessage(std::int64_t run, int signal);

/// Throws Error when `packet` is not a message of a host.
HostMessage ParseHostMessage(std::string_view packet);

/// Throws Error when `packet` is not a message of a script's process.
ScriptMessage ParseScriptMessage(std::string_view packet);

}  // namespace aft
