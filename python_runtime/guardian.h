// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace aft {

/// Returns in a new process, and leaves this one behind as its guardian.
///
/// Processes that are left when the new one ends, by SIGKILL as well, become children of
/// the guardian, which kills them and then ends too. A SIGTERM is passed on; what takes
/// no notice of it is killed after a while. The new process gets a SIGTERM when the
/// guardian dies.
void ContinueGuarded();

}  // namespace aft
