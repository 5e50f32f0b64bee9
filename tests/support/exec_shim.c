// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <unistd.h>

// A compiled shim: starts the program that AFT_TEST_STARTS names in its own place.
int main(int argc, char** argv) {
  const char* program = getenv("AFT_TEST_STARTS");
  (void)argc;
  if (program != NULL) execv(program, argv);
  return 1;
}
