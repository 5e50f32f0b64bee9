// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "host_shim/command_usage.h"

namespace aft {

/// What aft is, in a few sentences.
inline constexpr std::string_view kAboutAft =
    "Runs Python scripts inside a dbt run: right after a node is done and before its "
    "children start. Scripts are bound to nodes under 'meta' in schema.yml.";

inline constexpr CommandArgument kHelpOption = {
    "--help",
    "",
    "Print help and exit. 'aft COMMAND --help' is about one command.",
    {},
    "-h"};
inline constexpr CommandArgument kVersionOption = {
    "--version", "", "Print the version and exit.", {}, "-v"};

/// "aft 1.2.3".
std::string VersionOfAft();

/// The text of `aft --help`.
std::string HelpOfAft();

/// The text of `aft COMMAND --help`.
std::string HelpOf(const CommandUsage& usage);

/// "aft read MODEL [OPTIONS]".
std::string Synopsis(const CommandUsage& usage);

/// "--target, -t NAME".
std::string Spelled(const CommandArgument& argument);

}  // namespace aft
