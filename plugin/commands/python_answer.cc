// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/python_answer.h"

#include <boost/json.hpp>
#include <utility>

#include "host_shim/error.h"
#include "host_shim/start_module.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/process_output.h"

namespace aft {

boost::json::object AskPython(const PythonQuestion& question) {
  std::vector<std::string> argv = {question.python};
  if (!question.needs_packages) argv.emplace_back("-S");
  // What Python warns of would mix with the answer.
  argv.insert(argv.end(), {"-W", "ignore", "-c", kStartModule, question.package_folder,
                           question.module});
  argv.insert(argv.end(), question.arguments.begin(), question.arguments.end());
  const std::string output = OutputOf(std::move(argv), question.environment,
                                      [](const std::string&) { return false; });
  boost::json::value answer = ParseJsonOrNull(output);
  if (!answer.is_object())
    throw Error(Text("cannot ", question.purpose, " with '", question.python.native(),
                     "': ", output));
  return std::move(answer.as_object());
}

}  // namespace aft
