// SPDX-License-Identifier: Apache-2.0
#include "plugin/run/text_run.h"

#include <utility>

namespace aft {

TextRun::TextRun(std::string text, Write write, int exit_code)
    : text_(std::move(text)), write_(std::move(write)), exit_code_(exit_code) {}

Run::Next TextRun::NextStep() {
  write_(text_);
  return Next::kEnd;
}

}  // namespace aft
