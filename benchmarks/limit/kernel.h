/* What the functions of kernel.c share beside the rows, which rows.py makes of engine/kernel/tables.py.
 *
 * -1 means none; money is int64_t cents, percentages are basis points, days are ordinal, sets are masks of 64 bits.
 */
#ifndef CAMCOVER_KERNEL_H
#define CAMCOVER_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "rows.h"

/* One piece of machine code, as `forceinline` makes it in camcover/jit.py: a sixth faster than gcc left to itself. */
#define INLINE static inline __attribute__((always_inline))

#define NONE (-1)

/* The line in hand, and what holds for it. */
struct hand {
    struct request *request;
    const struct line *line;
    const struct service *service;
    struct entry *entry;
    const struct segment *segment;
    const struct tier *tier;
    int tier_number;
    uint64_t attestations;
    int place;
    bool is_rest;
};

/* How many of the requests have a fault. */
int64_t adjudicate_at(const int64_t *addresses, int64_t first, int64_t count);

#endif
