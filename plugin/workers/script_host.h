// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/project/environment.h"
#include "plugin/scripts/script_executor.h"
#include "plugin/workers/worker_message.h"

namespace aft {

/// Where scripts run: made ready while dbt still parses, and then an executor.
class ScriptHost : public ScriptExecutor {
 public:
  /// Scripts of `environment` will probably run: starts getting ready for them, unless
  /// the environment would have to be built. Later calls for the same one do nothing.
  virtual void WarmUp(const Environment& environment, const HostSetup& setup) = 0;

  /// Scripts of `environment` will run: gets ready for them in any case. Who made the
  /// host is told when it is known whether they can run.
  virtual void Require(const Environment& environment, const HostSetup& setup) = 0;

  /// Says where dbt's manifest is; scripts need it.
  virtual void UseManifest(const std::filesystem::path& path) = 0;

  /// Says which nodes this run builds: their unique ids.
  virtual void UseSelection(const std::vector<std::string>& nodes) = 0;

  /// Whether it is known if scripts of the environment of this name can run.
  [[nodiscard]] virtual bool IsReady(const std::string& environment) const = 0;

  /// Why no script of the environment can run; empty while nothing speaks against it.
  [[nodiscard]] virtual const std::string& failure(
      const std::string& environment) const = 0;

  /// How many threads dbt uses for its target; 0 before an environment is ready.
  [[nodiscard]] virtual int threads() const = 0;
};

}  // namespace aft
