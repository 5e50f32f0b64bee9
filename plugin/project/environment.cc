// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/environment.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "host_shim/error.h"
#include "plugin/project/known_keys.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "fal_project.yml";
constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 20U;

[[noreturn]] void Refuse(const YAML::Node& node, const std::string& what) {
  throw Error(Text(kFile, ", line ", node.Mark().line + 1, ": ", what));
}

/// What stands at `key`; it has to be a text.
std::string Scalar(const YAML::Node& entry, const char* key) {
  const YAML::Node value = entry[key];
  if (!value.IsDefined() || !value.IsScalar() || value.Scalar().empty())
    Refuse(entry, Text("an environment needs a '", key, "'"));
  return value.Scalar();
}

std::vector<std::string> Packages(const YAML::Node& list, const std::string& name,
                                  const char* key) {
  std::vector<std::string> packages;
  if (!list.IsDefined() || list.IsNull()) return packages;
  if (!list.IsSequence())
    Refuse(list, Text("'", key, "' of environment '", name, "' is not a list"));
  for (const YAML::Node& entry : list) {
    // An option could make the installer do anything.
    if (!entry.IsScalar() || entry.Scalar().empty() || entry.Scalar().front() == '-' ||
        entry.Scalar().find('\n') != std::string::npos)
      Refuse(entry, Text("an entry under '", key, "' of environment '", name,
                         "' does not name a package; write for example 'numpy>=1.26'"));
    packages.push_back(entry.Scalar());
  }
  return packages;
}

Environment ReadEnvironment(const YAML::Node& entry) {
  if (!entry.IsMap()) Refuse(entry, "an environment is a mapping with 'name' and 'type'");
  Environment environment;
  environment.name = Scalar(entry, "name");
  environment.type = Scalar(entry, "type");
  if (environment.type != "venv" && environment.type != "conda")
    Refuse(entry, Text("environment '", environment.name, "' has the unknown type '",
                       environment.type, "'; the types are 'venv' and 'conda'"));
  const char* key = environment.type == "venv" ? "requirements" : "packages";
  for (const auto& pair : entry) {
    const std::string found = pair.first.IsScalar() ? pair.first.Scalar() : "";
    const std::array<std::string_view, 3> known = {"name", "type", key};
    if (!IsKnown(found, known))
      Refuse(pair.first,
             UnknownKey(found, Text("in environment '", environment.name, "'"), known));
  }
  environment.packages = Packages(entry[key], environment.name, key);
  return environment;
}

void Read(const YAML::Node& document, std::map<std::string, Environment>& environments) {
  if (document.IsNull()) return;
  if (!document.IsMap()) Refuse(document, "it is not a mapping with 'environments'");
  for (const auto& entry : document) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (!IsKnown(key, kEnvironmentFileKeys))
      Refuse(entry.first, UnknownKey(key, "", kEnvironmentFileKeys));
  }
  const YAML::Node list = document["environments"];
  if (!list.IsDefined() || list.IsNull()) return;
  if (!list.IsSequence()) Refuse(list, "'environments' is not a list");
  for (const YAML::Node& entry : list) {
    Environment environment = ReadEnvironment(entry);
    if (environment.name == kLocalEnvironment)
      Refuse(entry, Text("the name '", kLocalEnvironment,
                         "' stands for the environment of dbt; choose another one"));
    const std::string name = environment.name;
    if (!environments.emplace(name, std::move(environment)).second)
      Refuse(entry, Text("environment '", name, "' is defined twice"));
  }
}

}  // namespace

std::map<std::string, Environment> ReadEnvironments(const fs::path& folder) {
  std::map<std::string, Environment> environments;
  environments.emplace(kLocalEnvironment, Environment{});
  const fs::path path = folder / kFile;
  std::error_code code;
  if (!fs::exists(path, code)) return environments;
  if (!fs::is_regular_file(path, code) || fs::file_size(path, code) > kLargestFile)
    throw Error(Text(kFile, " is not a file of at most 1 MiB"));
  std::ifstream file(path, std::ios::binary);
  try {
    Read(YAML::Load(std::string(std::istreambuf_iterator<char>(file), {})), environments);
  } catch (const YAML::Exception& error) {
    throw Error(Text(kFile, ", line ", error.mark.line + 1, ": ", error.msg));
  }
  return environments;
}

}  // namespace aft
