// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host_shim/edit_distance.h"
#include "host_shim/error.h"
#include "host_shim/frame_client.h"
#include "host_shim/host.h"
#include "host_shim/plugin_library.h"
#include "host_shim/process_start.h"

namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

struct FrameOptions {
  std::string relation;
  std::string format;
  std::string mode = "overwrite";
  std::vector<std::string> unique_key;
  std::string on_schema_change;
};

constexpr auto kModes =
    std::to_array<std::string_view>({"overwrite", "append", "upsert", "delete+insert"});
constexpr auto kSchemaChanges = std::to_array<std::string_view>(
    {"fail", "ignore", "append_new_columns", "sync_all_columns"});

/// Refuses what is none of `known`, and says what may have been meant.
CLI::Validator OneOf(std::span<const std::string_view> known) {
  return {[known](const std::string& value) {
            if (std::find(known.begin(), known.end(), value) != known.end()) {
              return std::string();
            }
            std::string refusal = "'" + value + "' is none of";
            for (const std::string_view name : known) refusal += aft::Text(" ", name);
            const std::string_view closest = aft::ClosestName(value, known);
            if (closest.empty()) return refusal;
            return aft::Text(refusal, "; did you mean '", closest, "'?");
          },
          ""};
}

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
  write
      ->add_option("--mode", options.mode,
                   "overwrite (the default), append, upsert or delete+insert")
      ->check(OneOf(kModes));
  write
      ->add_option(
          "--unique-key", options.unique_key,
          "For upsert and delete+insert: the columns that rows are found by, with "
          "commas between.")
      ->delimiter(',');
  write
      ->add_option(
          "--on-schema-change", options.on_schema_change,
          "fail, ignore, append_new_columns or sync_all_columns, as dbt has them.")
      ->check(OneOf(kSchemaChanges));
  write->callback([&options] {
    aft::WriteFrame(options.relation, options.format,
                    {options.mode, options.on_schema_change, options.unique_key});
  });
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
  aft::PrepareProcess();
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
    try {
      program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      // It is how CLI11 asks for the help's text, too.
      if (error.get_exit_code() == 0) return program.exit(error);
      std::cerr << "aft: " << error.what() << '\n';
      return kMisused;
    }
    return program.got_subcommand("read") || program.got_subcommand("write") ? 0
                                                                             : kMisused;
  } catch (const std::exception& error) {
    std::cerr << "aft: " << error.what() << '\n';
    return kFailed;
  }
}
