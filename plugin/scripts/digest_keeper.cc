// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/digest_keeper.h"

#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/project/manifest.h"
#include "plugin/scripts/script_digests.h"

namespace aft {

namespace fs = std::filesystem;

DigestKeeper::DigestKeeper(ProjectConfig project, fs::path target_folder)
    : project_(std::move(project)),
      target_folder_(std::move(target_folder)),
      old_manifest_(WrittenAt(target_folder_ / "manifest.json")) {}

std::string DigestKeeper::Keep(bool may_bind,
                               const std::function<DbtInvocation()>& invocation) const {
  const fs::path manifest = target_folder_ / "manifest.json";
  std::error_code ignored;
  // `dbt clean` takes it away.
  if (!fs::exists(manifest, ignored) || WrittenAt(manifest) == old_manifest_) return "";
  if (!may_bind && !fs::exists(DigestFile(target_folder_), ignored)) return "";
  try {
    return KeepDigests(ReadManifest(manifest, project_.name), project_, invocation(),
                       target_folder_);
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace aft
