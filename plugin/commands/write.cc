// SPDX-License-Identifier: Apache-2.0
#include "host_shim/frame_commands.h"
#include "plugin/commands/command.h"

namespace aft {

extern const Command kWrite;
const Command kWrite = {kWriteUsage, nullptr};

}  // namespace aft
