#ifndef WEIR_MACHINE_H
#define WEIR_MACHINE_H
#include <stdint.h>

/* How many files and sockets this process, and each one that it starts from now on, may have open: as many as it may ask for. */
uint64_t machine_open_files_limit(void);

/* Bytes of memory that a process keeps resident, and nanoseconds of processor time that it has used; -1 where the system does
 * not say (all but Linux). */
int64_t machine_resident_bytes(uint64_t process);
int64_t machine_processor_time(uint64_t process);

#endif
