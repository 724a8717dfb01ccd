/* The rows between rule files and kernel: engine/tables.py in C, column by column.
 *
 * -1 means none; money is int64_t cents, percentages are basis points, days are ordinal, sets are masks of 64 bits.
 * yardstick.py hands over the sizes of the Python rows, so that a row that has changed there does not compile here.
 */
#ifndef CAMCOVER_KERNEL_H
#define CAMCOVER_KERNEL_H

#include <stdint.h>

#define PACKED __attribute__((packed))
/* One piece of machine code, as `forceinline` makes it in camcover/jit.py: a sixth faster than gcc left to itself. */
#define INLINE static inline __attribute__((always_inline))
#define SAME_SIZE(row, size) _Static_assert(sizeof(struct row) == (size), "engine/tables.py has another " #row)

#define NONE (-1)
#define UNLIMITED ((int64_t)1 << 60)
#define NEVER INT32_MAX
#define UNTOUCHED INT32_MIN
#define ALL UINT64_MAX
#define MAX_STEPS 8
#define ADVANCE_NOTICE ((uint64_t)1 << 61)
#define DIAGNOSIS_DENIED ((uint64_t)1 << 62)
#define LIMIT_USED_UP ((uint64_t)1 << 63)

enum rule_kind { EXCLUSION, BENEFIT };

enum step_kind {
    DEDUCTIBLE,
    COPAY_VISIT,
    COPAY_LINE,
    COPAY_UNIT,
    COINSURANCE_REMAINING,
    COINSURANCE_AFTER_DEDUCTIBLE,
    COINSURANCE_ALLOWED,
};

enum limit_measure { VISITS, VISITS_PLAN_PAID, UNITS, MONEY_PLAN_PAID, MONEY_ALLOWED };

enum period { DAY, WEEK, MONTH, BENEFIT_PERIOD, CALENDAR_YEAR, LIFETIME, ROLLING_DAYS, ROLLING_MONTHS };

#define FIRST_WINDOW ROLLING_DAYS

enum fault { NO_FAULT, NO_ROOM, UNKNOWN_PERIOD, UNKNOWN_STEP, UNKNOWN_MEASURE };

enum above { WRITTEN_OFF, MEMBER, MEMBER_UP_TO };

enum liability { OF_MEMBER, OF_PROVIDER, OF_MEMBER_BY_ATTESTATION };

enum carryover_rule { CARRY_NONE, CARRY_ALWAYS, CARRY_IF_UNMET };

enum reason {
    HOLDS,
    EXCLUDED,
    NOT_LISTED,
    NOT_IN_FORCE,
    TIER_NOT_COVERED,
    DIAGNOSIS_NOT_COVERED,
    PRACTITIONER_NOT_COVERED,
    SETTING_NOT_COVERED,
    AGE,
    STATE,
    UNLICENSED,
    REQUIREMENT_MISSING,
    LIMIT_REACHED,
    UNKNOWN_CODE,
};

/* The rules. */

struct PACKED segment {
    int32_t first_day, last_day, last_assumed;
    int32_t period_month, period_day, period_first, period_last;
    int32_t accumulators, tiers, matches, licensure;
    int32_t pays_allowed;
};

struct PACKED accumulator {
    int32_t present, out_of_pocket, aggregate, carryover;
    int64_t individual, family;
    uint64_t feeds;
};

struct PACKED tier {
    int32_t present, deductible, out_of_pocket;
    int32_t above, above_cap, fees, listed;
    uint64_t copay_feeds, liable, unless;
};

struct PACKED fee_table {
    int32_t cents, basis_points, of;
};

struct PACKED match {
    int32_t first, count, discount;
};

struct PACKED rule {
    int32_t kind, policy, criteria;
    int32_t requirements, requirement_count, limits, limit_count;
    int32_t tiers, benefit, continues, counts_out_of_pocket;
};

struct PACKED criteria {
    uint64_t diagnoses, not_diagnoses, practitioners, settings, states;
    int32_t age_min, age_max, asks_practitioner, asks_state, asks_age;
    int32_t licensed;
};

struct PACKED range {
    int32_t first, count;
};

struct PACKED phase {
    int32_t through, first, count;
};

struct PACKED step {
    int32_t kind, accumulator, basis_points, waived;
    int64_t cents;
};

struct PACKED requirement {
    uint64_t attestation;
    int32_t penalty, after;
};

struct PACKED limit {
    int32_t slot, measure, period, length;
    int64_t allow;
    uint64_t beyond;
};

struct PACKED discount {
    int32_t basis_points;
};

/* One call: what is asked, the running state, and the ledger. */

struct PACKED request {
    int32_t lines, line_count, ledger, behind, maintenance;
    int32_t segments, segment_count, as_of, given_period, first_period, members, family;
    int32_t given_sums, given_counts, given_visits;
    int32_t sums, sum_count, slots, slot_count;
    int32_t visits, visit_count, events, event_room;
    int32_t tier_map, open_tier, price, attested, in_force_only, notice_given;
    int32_t segment, period, period_end, late_from;
    int32_t event_count, fault;
    int64_t patient;
};

struct PACKED service {
    int32_t member, tier, therapy, code, practitioner, state;
    int32_t setting, born, age, units;
    int64_t diagnosed;
    uint64_t diagnoses, attestations;
    int64_t charge, allowed, typical[3];
};

struct PACKED line {
    int32_t day, service;
};

struct PACKED given_sum {
    int64_t used, last_quarter;
};

struct PACKED given_count {
    int64_t used, dated;
    int32_t first_event, event_count;
};

struct PACKED given_event {
    int32_t day, amount;
};

struct PACKED given_visit {
    int32_t used, dated, day;
    uint64_t counted;
    int64_t copay_paid;
};

struct PACKED sum {
    int64_t used, last_quarter;
};

struct PACKED slot {
    int64_t used;
    int32_t key, day, head, tail;
};

struct PACKED visits {
    uint64_t counted;
    int64_t copay_paid;
    int32_t count, period, day;
};

struct PACKED event {
    int32_t day, next;
    int64_t amount;
};

struct PACKED entry {
    int32_t segment, covered, reason, rule, criteria, requirement;
    int32_t limit, phase, discount, visit, covered_units, assumed;
    int32_t tier, terms_assumed, liability;
    uint64_t attestations_used;
    int64_t charge, allowed, deductible, copay, coinsurance;
    int64_t penalty, balance_bill, not_covered, written_off, plan_paid;
    int64_t patient, fee, capped, provider_owes, steps[MAX_STEPS];
};

SAME_SIZE(segment, SIZE_OF_SEGMENT);
SAME_SIZE(accumulator, SIZE_OF_ACCUMULATOR);
SAME_SIZE(tier, SIZE_OF_TIER);
SAME_SIZE(fee_table, SIZE_OF_FEE_TABLE);
SAME_SIZE(match, SIZE_OF_MATCH);
SAME_SIZE(rule, SIZE_OF_RULE);
SAME_SIZE(criteria, SIZE_OF_CRITERIA);
SAME_SIZE(range, SIZE_OF_RANGE);
SAME_SIZE(phase, SIZE_OF_PHASE);
SAME_SIZE(step, SIZE_OF_STEP);
SAME_SIZE(requirement, SIZE_OF_REQUIREMENT);
SAME_SIZE(limit, SIZE_OF_LIMIT);
SAME_SIZE(discount, SIZE_OF_DISCOUNT);
SAME_SIZE(request, SIZE_OF_REQUEST);
SAME_SIZE(service, SIZE_OF_SERVICE);
SAME_SIZE(line, SIZE_OF_LINE);
SAME_SIZE(given_sum, SIZE_OF_GIVEN_SUM);
SAME_SIZE(given_count, SIZE_OF_GIVEN_COUNT);
SAME_SIZE(given_event, SIZE_OF_GIVEN_EVENT);
SAME_SIZE(given_visit, SIZE_OF_GIVEN_VISIT);
SAME_SIZE(sum, SIZE_OF_SUM);
SAME_SIZE(slot, SIZE_OF_SLOT);
SAME_SIZE(visits, SIZE_OF_VISITS);
SAME_SIZE(event, SIZE_OF_EVENT);
SAME_SIZE(entry, SIZE_OF_LEDGER);

/* Every array, in the order of `RuleTables` and `Work`. */

struct rules {
    const struct segment *segments;
    const struct accumulator *accumulators;
    const struct tier *tiers;
    const struct fee_table *fee_tables;
    const int64_t *fee_cents;
    const struct match *matches;
    const int32_t *candidates;
    const struct rule *rules;
    const struct criteria *criteria;
    const struct range *rule_tiers;
    const struct phase *phases;
    const struct step *steps;
    const struct requirement *requirements;
    const struct limit *limits;
    const struct discount *discounts;
    const uint64_t *licensure;
};

struct work {
    struct request *requests;
    const struct service *services;
    const struct line *lines;
    const struct given_sum *given_sums;
    const struct given_count *given_counts;
    const struct given_event *given_events;
    const struct given_visit *given_visits;
    const struct entry *behind;
    const int32_t *tier_maps;
    struct sum *sums;
    struct slot *slots;
    struct visits *visits;
    struct event *events;
    struct entry *ledger;
};

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
};

/* How many of the requests have a fault. */
int64_t adjudicate_at(const int64_t *addresses, int64_t first, int64_t count);

#endif
