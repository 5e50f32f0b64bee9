/* SPDX-License-Identifier: Apache-2.0

   Compiling this file as C99 is the test: the interface is C, and today's structs begin
   as those of version 1 do. The frozen header's names are moved out of the way. */
#define aft_error aft_error_v1
#define aft_command aft_command_v1
#define aft_host aft_host_v1
#define aft_plugin aft_plugin_v1
#define aft_status aft_status_v1
#define aft_plugin_init aft_plugin_init_v1
#define aft_plugin_init_function aft_plugin_init_function_v1
#include "tests/unit/host_shim/aft_plugin_v1.h"
#undef aft_error
#undef aft_command
#undef aft_host
#undef aft_plugin
#undef aft_status
#undef aft_plugin_init
#undef aft_plugin_init_function
#undef AFT_ABI_VERSION
#undef AFT_OK
#undef AFT_WAIT
#undef AFT_DONE
#undef AFT_FAILED
#undef AFT_UNSUPPORTED
#undef AFT_OUTPUT_INHERITED
#undef AFT_OUTPUT_CAPTURED
#undef AFT_SIGNAL_FROM_PROCESS
#undef AFT_SIGNAL_FROM_TERMINAL
#include "host_shim/aft_plugin.h"

/* C99 has no static assertion; an array of negative size is none. */
#define SAME_PLACE(type, member)                                                 \
  typedef char                                                                   \
      type##_##member##_moved[offsetof(struct type, member) ==                   \
                                          offsetof(struct type##_v1, member) &&  \
                                      sizeof(((struct type*)0)->member) ==       \
                                          sizeof(((struct type##_v1*)0)->member) \
                                  ? 1                                            \
                                  : -1]

SAME_PLACE(aft_error, message);
SAME_PLACE(aft_command, size);
SAME_PLACE(aft_command, argv);
SAME_PLACE(aft_command, environment);
SAME_PLACE(aft_command, output);
SAME_PLACE(aft_host, size);
SAME_PLACE(aft_host, self);
SAME_PLACE(aft_host, write);
SAME_PLACE(aft_host, signal_child);
SAME_PLACE(aft_plugin, size);
SAME_PLACE(aft_plugin, self);
SAME_PLACE(aft_plugin, release);
SAME_PLACE(aft_plugin, event_fd);
SAME_PLACE(aft_plugin, next_command);
SAME_PLACE(aft_plugin, on_line);
SAME_PLACE(aft_plugin, on_exit);
SAME_PLACE(aft_plugin, on_ready);
SAME_PLACE(aft_plugin, on_signal);
SAME_PLACE(aft_plugin, exit_code);
