// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "host_shim/error.h"
#include "host_shim/frame_client.h"
#include "host_shim/host.h"
#include "host_shim/plugin_library.h"

namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

struct FrameOptions {
  std::string relation;
  std::string format;
  std::string mode = "overwrite";
};

void AddFrameCommands(CLI::App& program, FrameOptions& options) {
  const auto formats = CLI::IsMember({"csv", "arrow", "parquet"});
  CLI::App* read = program.add_subcommand(
      "read", "In a script of any language: put the rows of a model on standard output.");
  read->add_option("MODEL", options.relation,
                   "A model, seed or snapshot, PACKAGE.MODEL or source:SOURCE.TABLE.")
      ->required();
  read->add_option("--format", options.format, "csv (the default), arrow or parquet")
      ->check(formats);
  read->callback([&options] {
    aft::ReadFrame(options.relation, options.format.empty() ? "csv" : options.format);
  });
  CLI::App* write = program.add_subcommand(
      "write",
      "In a script of any language: write the rows on standard input to its model.");
  write->add_option("MODEL", options.relation, "The model that the script is bound to.")
      ->required();
  write->add_option("--format", options.format, "Otherwise it is found out.")
      ->check(formats);
  write->add_option("--mode", options.mode, "overwrite (the default) or append")
      ->check(CLI::IsMember({"overwrite", "append"}));
  write->callback(
      [&options] { aft::WriteFrame(options.relation, options.format, options.mode); });
}

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
  program.add_subcommand("debug",
                         "Check dbt, Python, the environments, the connection and the "
                         "rights of this project, and say how scripts will run.");
  program.add_subcommand("flow", "'aft flow run' is 'aft dbt run', as fal called it.");
  program
      .add_option(
          "--aft-dbt",
          "With 'dbt', 'flow run' and 'debug': the dbt to start. Otherwise the first of "
          "$VIRTUAL_ENV, .venv and PATH that has one.")
      ->type_name("PATH");
  program.require_subcommand(1);
}

bool IsForThePlugin(int argc, const char* const* argv) {
  const std::string_view command = argc > 1 ? argv[1] : "-";
  return command.front() != '-' && command != "read" && command != "write";
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
    FrameOptions frame_options;
    Describe(program);
    AddFrameCommands(program, frame_options);
    if (argc == 1) {
      std::cerr << program.help();
      return kMisused;
    }
    CLI11_PARSE(program, argc, argv);
    return program.got_subcommand("read") || program.got_subcommand("write") ? 0
                                                                             : kMisused;
  } catch (const std::exception& error) {
    std::cerr << "aft: " << error.what() << '\n';
    return kFailed;
  }
}
