/* command_line.h: what child.c asks of command_line.c. All results are to be freed, and NULL after weir_fail. */
#ifndef WEIR_WINDOWS_COMMAND_LINE_H
#define WEIR_WINDOWS_COMMAND_LINE_H

#include "internal.h"

/* The one line that Windows passes to a program, from which its C runtime makes these arguments again. */
wchar_t *weir_command_line(const char *const *arguments);

/* NAME=value, each with its NUL, and one NUL more. */
wchar_t *weir_environment_block(const char *const *environment);

/* The full path of the program, as a person would write it. */
wchar_t *weir_find_program(const char *program);

#endif
