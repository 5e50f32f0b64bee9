// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace aft {

/// Tells whether a script has changed: by the contents of its file and of the modules of
/// the project that it imports, directly or not.
///
/// Reads each file once. Modules are found by name alone, without running anything, so
/// that one more may count than Python would import.
class ScriptFiles {
 public:
  /// All paths begin at `project_folder`.
  explicit ScriptFiles(std::filesystem::path project_folder)
      : project_folder_(std::move(project_folder)) {}

  /// A digest of the `script` whose imports may also begin at `base`; empty where the
  /// file can't be read.
  std::string DigestOf(const std::filesystem::path& script,
                       const std::filesystem::path& base);

  /// The files whose contents are in the digest.
  std::set<std::filesystem::path> FilesOf(const std::filesystem::path& script,
                                          const std::filesystem::path& base);

 private:
  struct File {
    bool is_read = false;
    std::string digest;
    std::set<std::string> imports;  ///< names in its text
  };
  struct Entry {
    std::string name;
    bool is_folder = false;
  };

  const File& Read(const std::filesystem::path& file);
  const std::vector<Entry>& List(const std::filesystem::path& folder);
  void AddModules(const std::filesystem::path& folder, const std::set<std::string>& names,
                  std::vector<std::filesystem::path>& found);

  std::filesystem::path project_folder_;
  std::map<std::filesystem::path, File> files_;
  std::map<std::filesystem::path, std::vector<Entry>> folders_;
};

}  // namespace aft
