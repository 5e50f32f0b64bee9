// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace aft {

/// Mends what a parent may have left in a state that this program can't work in. Call it
/// before anything is opened or started.
///
/// - Descriptors 0 to 2 that are closed lead to /dev/null. Otherwise the next file to be
///   opened would get such a number, and somebody's output.
/// - SIGCHLD is no longer ignored. Otherwise nobody, neither aft nor the programs it
/// starts,
///   learns how a child ended. (wait(2), NOTES)
void PrepareProcess();

}  // namespace aft
