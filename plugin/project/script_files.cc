// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_files.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "plugin/base/content_digest.h"
#include "plugin/project/imported_names.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

std::set<std::string> ImportsOf(const fs::path& file, const std::string& text) {
  if (file.extension() == ".py") return ImportedNames(text);
  if (file.extension() == ".ipynb") return ImportedNames(NotebookCode(text));
  return {};
}

/// The folders at which the imports of `file` may begin; for those with dots, all above
/// it.
std::set<fs::path> FoldersOfImports(const fs::path& file, const fs::path& base) {
  const fs::path normal = base.lexically_normal();
  std::set<fs::path> folders = {normal == "." ? fs::path() : normal};
  for (fs::path folder = file.parent_path(); !folder.empty();
       folder = folder.parent_path())
    folders.insert(folder);
  folders.insert(fs::path());
  return folders;
}

}  // namespace

const ScriptFiles::File& ScriptFiles::Read(const fs::path& file) {
  const auto [found, is_new] = files_.try_emplace(file);
  if (!is_new) return found->second;
  std::ifstream stream(project_folder_ / file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  if (!stream.is_open() || stream.bad()) return found->second;
  found->second.is_read = true;
  ContentDigest digest;
  digest.Add(text);
  found->second.digest = digest.Hexadecimal();
  found->second.imports = ImportsOf(file, text);
  return found->second;
}

const std::vector<ScriptFiles::Entry>& ScriptFiles::List(const fs::path& folder) {
  const auto [found, is_new] = folders_.try_emplace(folder);
  if (!is_new) return found->second;
  std::error_code code;
  fs::directory_iterator entry(project_folder_ / folder, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    std::error_code ignored;
    found->second.push_back({entry->path().filename(), entry->is_directory(ignored)});
  }
  return found->second;
}

/// Adds the modules in `folder` that have one of these names, with what is imported from
/// packages.
void ScriptFiles::AddModules(const fs::path& folder, const std::set<std::string>& names,
                             std::vector<fs::path>& found) {
  for (const Entry& entry : List(folder)) {
    const fs::path path = folder / entry.name;
    if (entry.is_folder && names.contains(entry.name)) {
      const fs::path of_package = path / "__init__.py";
      if (Read(of_package).is_read) found.push_back(of_package);
      AddModules(path, names, found);
    } else if (!entry.is_folder && path.extension() == ".py" &&
               names.contains(path.stem())) {
      found.push_back(path);
    }
  }
}

std::set<fs::path> ScriptFiles::FilesOf(const fs::path& script, const fs::path& base) {
  std::set<fs::path> files;
  std::vector<fs::path> open = {script.lexically_normal()};
  while (!open.empty()) {
    const fs::path file = std::move(open.back());
    open.pop_back();
    if (!files.insert(file).second) continue;
    const File& read = Read(file);
    if (read.imports.empty()) continue;
    for (const fs::path& folder : FoldersOfImports(file, base))
      AddModules(folder, read.imports, open);
  }
  return files;
}

std::string ScriptFiles::DigestOf(const fs::path& script, const fs::path& base) {
  if (!Read(script.lexically_normal()).is_read) return "";
  ContentDigest digest;
  for (const fs::path& file : FilesOf(script, base))
    digest.Add(file.native() + '\n' + Read(file).digest + '\n');
  return digest.Hexadecimal();
}

}  // namespace aft
