/* SPDX-License-Identifier: Apache-2.0

   A plugin of ABI version 1. It does what its arguments say, in turn, and writes down
   what the host tells it, so that a test of any later host can see whether the two still
   understand each other:

     run COMMAND      starts sh -c COMMAND with inherited output
     capture COMMAND  the same with captured output
     say TEXT         writes TEXT to standard output
     wait             waits for a signal
     exit CODE        ends with CODE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/host_shim/aft_plugin_v1.h"

struct state {
  int argc;
  const char* const* argv;
  const struct aft_host* host;
  int next;
  int pipe[2];
  const char* command[4];
  const char* environment[2];
};

static void say(struct state* state, const char* text) {
  state->host->write(state->host->self, 2, text, strlen(text));
}

static void release_v1(void* self) {
  struct state* state = self;
  say(state, "released\n");
  close(state->pipe[0]);
  close(state->pipe[1]);
  free(state);
}

static aft_status next_command_v1(void* self, struct aft_command* command,
                                  struct aft_error* error) {
  struct state* state = self;
  if (state->next + 1 >= state->argc) return AFT_DONE;
  const char* word = state->argv[state->next];
  if (strcmp(word, "exit") == 0) return AFT_DONE;
  if (strcmp(word, "wait") == 0) return AFT_WAIT;
  if (strcmp(word, "say") == 0) {
    const char* text = state->argv[state->next + 1];
    state->host->write(state->host->self, 1, text, strlen(text));
    state->next += 2;
    return next_command_v1(self, command, error);
  }
  if (strcmp(word, "fail") == 0) {
    snprintf(error->message, sizeof error->message, "%s", state->argv[state->next + 1]);
    return AFT_FAILED;
  }
  state->command[0] = "/bin/sh";
  state->command[1] = "-c";
  state->command[2] = state->argv[state->next + 1];
  state->command[3] = NULL;
  state->environment[0] = "FROM_PLUGIN=v1";
  state->environment[1] = NULL;
  command->argv = state->command;
  command->environment = state->environment;
  command->output =
      strcmp(word, "capture") == 0 ? AFT_OUTPUT_CAPTURED : AFT_OUTPUT_INHERITED;
  state->next += 2;
  return AFT_OK;
}

static aft_status on_line_v1(void* self, const char* line, size_t length,
                             struct aft_error* error) {
  char text[256];
  (void)error;
  snprintf(text, sizeof text, "line %.*s\n", (int)(length < 200 ? length : 200), line);
  say(self, text);
  return AFT_OK;
}

static aft_status on_exit_v1(void* self, int wait_status, struct aft_error* error) {
  char text[64];
  (void)error;
  if (WIFSIGNALED(wait_status))
    snprintf(text, sizeof text, "killed by %d\n", WTERMSIG(wait_status));
  else
    snprintf(text, sizeof text, "exited with %d\n", WEXITSTATUS(wait_status));
  say(self, text);
  return AFT_OK;
}

static aft_status on_ready_v1(void* self, struct aft_error* error) {
  struct state* state = self;
  char byte;
  (void)error;
  if (read(state->pipe[0], &byte, 1) == 1) say(state, "ready\n");
  return AFT_OK;
}

static aft_status on_signal_v1(void* self, int signal, int32_t origin,
                               struct aft_error* error) {
  struct state* state = self;
  char text[64];
  snprintf(text, sizeof text, "signal %d from %s\n", signal,
           origin == AFT_SIGNAL_FROM_TERMINAL ? "terminal" : "process");
  say(state, text);
  if (state->next < state->argc && strcmp(state->argv[state->next], "wait") == 0)
    ++state->next;
  if (strcmp(state->argv[1], "fail-on-signal") == 0) {
    snprintf(error->message, sizeof error->message, "no signals, please");
    return AFT_FAILED;
  }
  if (origin == AFT_SIGNAL_FROM_PROCESS)
    state->host->signal_child(state->host->self, signal);
  return AFT_OK;
}

static int exit_code_v1(void* self) {
  struct state* state = self;
  return state->next + 1 < state->argc ? atoi(state->argv[state->next + 1]) : 0;
}

__attribute__((visibility("default"))) aft_status aft_plugin_init(
    uint32_t abi_version, int argc, const char* const* argv, const struct aft_host* host,
    struct aft_plugin* plugin, struct aft_error* error) {
  struct aft_plugin filled = {0};
  struct state* state;
  if (abi_version != 1) return AFT_UNSUPPORTED;
  if (argc > 1 && strcmp(argv[1], "refuse") == 0) {
    snprintf(error->message, sizeof error->message, "refused");
    return AFT_FAILED;
  }
  state = calloc(1, sizeof *state);
  if (state == NULL || pipe(state->pipe) != 0 || write(state->pipe[1], "x", 1) != 1) {
    free(state);
    return AFT_FAILED;
  }
  state->argc = argc;
  state->argv = argv;
  state->host = host;
  state->next = argc > 1 && strcmp(argv[1], "fail-on-signal") == 0 ? 2 : 1;
  filled.size = sizeof filled;
  filled.self = state;
  filled.release = release_v1;
  filled.event_fd = state->pipe[0];
  filled.next_command = next_command_v1;
  filled.on_line = on_line_v1;
  filled.on_exit = on_exit_v1;
  filled.on_ready = on_ready_v1;
  filled.on_signal = on_signal_v1;
  filled.exit_code = exit_code_v1;
  memcpy(plugin, &filled, plugin->size < sizeof filled ? plugin->size : sizeof filled);
  return AFT_OK;
}
