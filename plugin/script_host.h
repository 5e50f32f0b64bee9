// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "plugin/script_executor.h"
#include "plugin/worker_message.h"

namespace aft {

/// Where scripts run: made ready while dbt still parses, and then an executor.
class ScriptHost : public ScriptExecutor {
 public:
  /// Starts getting ready for the environment of `python`; later calls do nothing. Who
  /// made the host is told when it is known whether scripts can run.
  virtual void WarmUp(const std::string& python, const HostSetup& setup) = 0;

  /// Says where dbt's manifest is; scripts need it.
  virtual void UseManifest(const std::filesystem::path& path) = 0;

  /// Whether it is known if scripts can run.
  [[nodiscard]] virtual bool IsReady() const = 0;

  /// Why no script can run; empty while nothing speaks against it.
  [[nodiscard]] virtual const std::string& failure() const = 0;
};

}  // namespace aft
