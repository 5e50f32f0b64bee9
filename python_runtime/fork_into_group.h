// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace aft {

/// Forks this process, so that the new one begins in a control group (cgroup v2).
///
/// A process that is moved there after its fork, and not right after another, waits for
/// all processors to have passed through the scheduler, which takes 10 to 20 ms.
///
/// `group` is a descriptor of the group's folder. Returns as fork(2) does. Fails before
/// Linux 5.7, and where clone3(2) or PR_GET_TID_ADDRESS of prctl(2) is missing or
/// refused.
pid_t ForkIntoGroup(int group);

}  // namespace aft
