/* SPDX-License-Identifier: Apache-2.0

   The border between the program `aft` and the plugin that decides for it.

   The program starts processes, moves bytes and passes signals. The plugin says
   what to start and what the bytes mean. The two are built apart and may come
   from different compilers and releases, so this header keeps to C99 and needs
   nothing but <stddef.h> and <stdint.h>.

   What both sides rely on:
   - A struct gains members at its end only. The side that allocates it writes
     its own sizeof into `size`; the side that fills it leaves alone whatever
     lies past that.
   - Memory stays with the side that made it. Each pointer's comment says how
     long it may be read.
   - All calls into the plugin come from one thread, and none of them comes while
     the plugin is calling the host.
   - No exception crosses. */
#ifndef AFT_PLUGIN_H
#define AFT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when old and new would misread each other. Adding a member at the end
   of a struct does not raise it. A host asks a plugin for this version first, then
   for older ones that it speaks, and a plugin goes on speaking those before its own.

   1: argv[1] is a command.
   2: argv is whatever the user typed, help and nothing at all included; the plugin
      answers it. */
#define AFT_ABI_VERSION 2
#define AFT_ABI_VERSION_OF_COMMANDS 1

typedef int32_t aft_status;
#define AFT_OK 0          /* the call did what it is for */
#define AFT_WAIT 1        /* next_command: nothing to start until on_ready() ran */
#define AFT_DONE 2        /* next_command: the run is over, ask for exit_code() */
#define AFT_FAILED 3      /* aft_error holds the reason */
#define AFT_UNSUPPORTED 4 /* aft_plugin_init: this ABI version is not spoken */

/* Belongs to the caller. The message is UTF-8, terminated, and cut to fit. */
struct aft_error {
  char message[1024];
};

/* Where a command's standard output and error go. */
#define AFT_OUTPUT_INHERITED 0 /* straight to where the host's own go */
#define AFT_OUTPUT_CAPTURED 1  /* standard output comes line by line to on_line() */

/* A process that the plugin wants started. Readable until the next call. */
struct aft_command {
  size_t size;
  const char* const* argv;        /* argv[0] is the file's path; ends with NULL */
  const char* const* environment; /* "NAME=value" set over the host's own, or NULL;
                                     ends with NULL */
  int32_t output;                 /* AFT_OUTPUT_… */
};

/* Who sent a signal that the host received. */
#define AFT_SIGNAL_FROM_PROCESS 0  /* kill(2) and the like: only the host has it */
#define AFT_SIGNAL_FROM_TERMINAL 1 /* the terminal: the started process has it too */

/* What the host offers. Usable until release() has returned. */
struct aft_host {
  size_t size;
  void* self;

  /* Writes `count` bytes to standard output (fd 1) or standard error (fd 2). */
  void (*write)(void* self, int fd, const char* bytes, size_t count);

  /* Sends `signal` to the running command, if there is one. */
  void (*signal_child)(void* self, int signal);
};

/* What the plugin offers; filled in by aft_plugin_init(). */
struct aft_plugin {
  size_t size;
  void* self;

  /* First of the functions, so that a host of any age finds it. */
  void (*release)(void* self);

  /* Owned by the plugin. Turns readable when on_ready() is due. */
  int event_fd;

  /* AFT_OK with a command to start, AFT_WAIT, AFT_DONE or AFT_FAILED. Asked at the
     start, after on_exit(), and after on_ready() and on_signal() while no command
     runs. */
  aft_status (*next_command)(void* self, struct aft_command*, struct aft_error*);

  /* One line of captured output without its line end; `line` is readable during
     the call. A line of more than 16 MiB comes in several pieces. */
  aft_status (*on_line)(void* self, const char* line, size_t length, struct aft_error*);

  /* The command has ended; `wait_status` is as from waitpid(2). All of its captured
     lines came before. */
  aft_status (*on_exit)(void* self, int wait_status, struct aft_error*);

  /* event_fd was readable. */
  aft_status (*on_ready)(void* self, struct aft_error*);

  /* The host received SIGINT, SIGTERM, SIGHUP or SIGQUIT; `origin` is AFT_SIGNAL_….
     Or SIGPIPE: nobody reads the pipe any more that the host's standard output is. */
  aft_status (*on_signal)(void* self, int signal, int32_t origin, struct aft_error*);

  /* The exit code for the host to end with. Asked once, after AFT_DONE. */
  int (*exit_code)(void* self);
};

/* The only symbol that a plugin exports. `argv` is the host's, argv[0] included, and
   readable until release() has returned, as is `host`. AFT_OK, AFT_FAILED or
   AFT_UNSUPPORTED; after anything but AFT_OK, `plugin` is not to be used. */
typedef aft_status (*aft_plugin_init_function)(uint32_t abi_version, int argc,
                                               const char* const* argv,
                                               const struct aft_host* host,
                                               struct aft_plugin* plugin,
                                               struct aft_error* error);
aft_status aft_plugin_init(uint32_t abi_version, int argc, const char* const* argv,
                           const struct aft_host* host, struct aft_plugin* plugin,
                           struct aft_error* error);

#ifdef __cplusplus
}
#endif

#endif /* AFT_PLUGIN_H */
