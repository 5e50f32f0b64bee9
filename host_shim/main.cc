// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "host_shim/error.h"
#include "host_shim/host.h"
#include "host_shim/plugin_library.h"

namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

/// The text of --help; `aft dbt …` is not parsed here, for its arguments are dbt's.
void Describe(CLI::App& program) {
  program.name("aft");
  program.description(
      "Runs Python scripts inside a dbt run: right after a node is done and before its\n"
      "children start. Scripts are bound to nodes under 'meta' in schema.yml.");
  program.set_version_flag("--version", "aft " AFT_VERSION);
  program.add_subcommand("dbt",
                         "Start dbt with any of its own arguments, e.g. 'aft dbt run -s "
                         "+orders', and run the scripts bound to the nodes it runs.");
  program.add_subcommand("flow", "'aft flow run' is 'aft dbt run', as fal called it.");
  program
      .add_option("--aft-dbt",
                  "With 'dbt' and 'flow run': the dbt to start. Otherwise the first of "
                  "$VIRTUAL_ENV, .venv and PATH that has one.")
      ->type_name("PATH");
  program.require_subcommand(1);
}

bool IsForThePlugin(int argc, const char* const* argv) {
  return argc > 1 && argv[1][0] != '-';
}

int RunPlugin(int argc, const char* const* argv) {
  const std::filesystem::path program = std::filesystem::canonical("/proc/self/exe");
  aft::PluginLibrary plugin(program.parent_path().parent_path() /
                            "lib/aft/libaft_plugin.so");
  aft::Host host(plugin);
  try {
    plugin.Init(argc, argv, host.functions());
  } catch (const aft::Error& error) {
    // Nothing has started yet: the command line or what it names is at fault.
    std::cerr << "aft: " << error.what() << '\n';
    return kMisused;
  }
  return host.Run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (IsForThePlugin(argc, argv)) return RunPlugin(argc, argv);
    CLI::App program;
    Describe(program);
    if (argc == 1) {
      std::cerr << program.help();
      return kMisused;
    }
    CLI11_PARSE(program, argc, argv);
    return kMisused;
  } catch (const std::exception& error) {
    std::cerr << "aft: " << error.what() << '\n';
    return kFailed;
  }
}
