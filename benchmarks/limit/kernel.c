/* The kernel once more, by hand in C: the yardstick for the speed of service/camcover/engine/kernel/adjudication.py.
 *
 * The same algorithm on the same arrays, function by function and under the same names; what each is for stands there.
 * Never shipped. Money and basis points are never negative where they are divided, so `/` rounds as Python's `//` does;
 * only days and years can lie before year 1 (floor_div).
 */
#include "kernel.h"

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }

/* camcover/money.py */

INLINE int64_t share(int64_t amount_cents, int basis_points)
{
    return (int64_t)((uint64_t)(amount_cents * basis_points + 5000) / 10000);
}

INLINE int64_t portion(int64_t amount_cents, int64_t part, int64_t whole)
{
    return (2 * amount_cents * part + whole) / (2 * whole);
}

/* camcover/calendar.py */

enum { DAYS_PER_ERA = 146097, ERA_OFFSET = 305 };

struct civil {
    int year, month, day;
};

/* Division that rounds down, for a positive divisor. */
INLINE int floor_div(int number, int divisor) { return number / divisor - (number % divisor < 0); }

/* Within an era nothing is negative, and unsigned division is cheaper. */
INLINE struct civil civil(int day)
{
    int shifted = day + ERA_OFFSET;
    int era = floor_div(shifted, DAYS_PER_ERA);
    unsigned day_of_era = (unsigned)(shifted - era * DAYS_PER_ERA);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted_month = (5 * day_of_year + 2) / 153;
    unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct civil){
        .year = (int)year_of_era + era * 400 + (month <= 2),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
    };
}

INLINE int ordinal(int year, int month, int day)
{
    int shifted_year = month <= 2 ? year - 1 : year;
    int era = floor_div(shifted_year, 400);
    unsigned year_of_era = (unsigned)(shifted_year - era * 400);
    unsigned shifted_month = (unsigned)(month > 2 ? month - 3 : month + 9);
    unsigned day_of_year = (153 * shifted_month + 2) / 5 + (unsigned)day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + (int)day_of_era - ERA_OFFSET;
}

INLINE int days_in_month(int year, int month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

INLINE int add_months(int day, int months)
{
    struct civil date = civil(day);
    int index = date.year * 12 + date.month - 1 + months;
    int year = floor_div(index, 12), month = index - year * 12 + 1;
    return ordinal(year, month, (int)least(date.day, days_in_month(year, month)));
}

INLINE int period_start(int day, int month, int day_of_month)
{
    int year = civil(day).year;
    int start = ordinal(year, month, day_of_month);
    return start <= day ? start : ordinal(year - 1, month, day_of_month);
}

INLINE int completed_years(int born, int day)
{
    struct civil today = civil(day), birth = civil(born);
    bool before = today.month < birth.month || (today.month == birth.month && today.day < birth.day);
    return (int)greatest(today.year - birth.year - before, 0);
}

INLINE int month_index(int day)
{
    struct civil date = civil(day);
    return date.year * 12 + date.month - 1;
}

INLINE int week_index(int day) { return floor_div(day - 1, 7); }

/* engine/kernel/tiers.py */

INLINE int tier_of(
    const struct rules *rules,
    const struct work *work,
    const struct request *request,
    const struct segment *segment,
    int named,
    int place)
{
    if (named >= 0)
        return named;
    const struct tier *tiers = &rules->tiers[segment->tiers];
    if (request->behind >= 0) {
        int primary = work->behind[request->behind + place].tier;
        int same = primary < 0 ? NONE : work->tier_maps[request->tier_map + primary];
        if (same >= 0 && tiers[same].present == 1)
            return same;
    }
    return tiers[request->open_tier].listed;
}

/* engine/kernel/pricing.py */

/* What a table or a rate lists, by the rows of fee_cents where its amounts and its fees for a visit begin. */
INLINE int64_t listed(const struct rules *rules, int cents, int visits, const struct service *service, bool *of_visit)
{
    int number = service->code >= 0 ? service->code : service->therapy;
    *of_visit = false;
    if (number < 0 || cents < 0)
        return NONE;
    int64_t per_unit = rules->fee_cents[cents + number];
    if (per_unit < 0 && visits >= 0) {
        int64_t per_visit = rules->fee_cents[visits + service->therapy];
        *of_visit = per_visit >= 0;
        return per_visit;
    }
    return per_unit < 0 ? NONE : per_unit * service->units;
}

INLINE bool is_among(uint64_t mask, int number) { return number >= 0 && (mask >> number & 1); }

INLINE const struct fee_rate *rate_of(
    const struct rules *rules, const struct fee_table *table, const struct service *service)
{
    bool of_visit;
    for (int place = table->rates, end = place + table->rate_count; place < end; place++) {
        const struct fee_rate *rate = &rules->fee_rates[place];
        if (rate->asks_practitioner == 1 && !is_among(rate->practitioners, service->practitioner))
            continue;
        if (!is_among(rate->settings, service->setting))
            continue;
        if (rate->basis_points >= 0 || listed(rules, rate->cents, rate->visits, service, &of_visit) >= 0)
            return rate;
    }
    return 0;
}

INLINE int64_t listed_fee(const struct rules *rules, int row, const struct service *service, bool *of_visit)
{
    const struct fee_table *table = &rules->fee_tables[row];
    const struct fee_rate *used = rate_of(rules, table, service);
    if (used && used->basis_points < 0)
        return listed(rules, used->cents, used->visits, service, of_visit);
    return listed(rules, table->cents, table->visits, service, of_visit);
}

INLINE int64_t at_rate(const struct rules *rules, int row, const struct service *service, int64_t amount)
{
    const struct fee_rate *used = rate_of(rules, &rules->fee_tables[row], service);
    return used && used->basis_points >= 0 ? share(amount, used->basis_points) : amount;
}

INLINE int64_t fee(
    const struct rules *rules,
    int row,
    const struct service *service,
    int64_t charge,
    int64_t reduction,
    bool *of_visit)
{
    const struct fee_table *tables = rules->fee_tables;
    int depth = 0, last = row;
    int64_t amount = listed_fee(rules, last, service, of_visit);
    if (amount >= 0)
        amount -= reduction;
    while (amount < 0 && tables[last].of >= 0) {
        last = tables[last].of;
        depth++;
        amount = listed_fee(rules, last, service, of_visit);
    }
    if (amount < 0) {
        amount = charge;
        if (charge >= 0 && tables[last].basis_points >= 0)
            amount = share(charge, tables[last].basis_points);
    }
    if (amount < 0)
        return NONE;
    amount = at_rate(rules, last, service, amount);
    for (int steps_back = depth - 1; steps_back >= 0; steps_back--) {
        int here = row;
        for (int step = 0; step < steps_back; step++)
            here = tables[here].of;
        amount = at_rate(rules, here, service, share(amount, tables[here].basis_points));
    }
    return amount;
}

INLINE int64_t allowed_amount(
    const struct rules *rules,
    const struct tier *tier,
    const struct service *service,
    int64_t charge,
    int64_t reduction,
    bool *of_visit)
{
    *of_visit = false;
    if (service->allowed >= 0)
        return service->allowed;
    if (tier->fees < 0)
        return charge;
    return fee(rules, tier->fees, service, charge, reduction, of_visit);
}

/* The practice expense of a unit that is compared with others in a tier. */
INLINE int64_t expense_of(const struct rules *rules, const struct tier *tier, const struct service *service)
{
    if (service->allowed >= 0 || service->code < 0 || tier->fees < 0)
        return NONE;
    const struct fee_table *table = &rules->fee_tables[tier->fees];
    if (table->expenses < 0 || rules->fee_cents[table->expenses + service->code] < 0)
        return NONE;
    const struct fee_rate *used = rate_of(rules, table, service);
    return used && used->basis_points < 0 ? NONE : rules->fee_cents[table->expenses + service->code];
}

INLINE int64_t expense_at(const struct rules *rules, const struct work *work, const struct hand *hand, int place)
{
    const struct request *request = hand->request;
    const struct service *service = &work->services[work->lines[request->lines + place].service];
    if (service->member != hand->service->member)
        return NONE;
    if (tier_of(rules, work, request, hand->segment, service->tier, place) != hand->tier_number)
        return NONE;
    return expense_of(rules, hand->tier, service);
}

INLINE bool is_highest(
    const struct rules *rules, const struct work *work, const struct hand *hand, int64_t expense)
{
    const struct line *lines = &work->lines[hand->request->lines];
    int day = hand->line->day;
    for (int place = hand->place - 1; place >= 0 && lines[place].day == day; place--)
        if (expense_at(rules, work, hand, place) >= expense)
            return false;
    for (int place = hand->place + 1; place < hand->request->line_count && lines[place].day == day; place++)
        if (expense_at(rules, work, hand, place) > expense)
            return false;
    return true;
}

INLINE int64_t highest_before(const struct work *work, const struct hand *hand)
{
    int64_t highest = 0;
    for (int index = 0; index < hand->request->fee_count; index++) {
        const struct given_fee *given = &work->given_fees[hand->request->given_fees + index];
        if (given->day == hand->line->day && given->member == hand->service->member
            && given->tier == hand->tier_number && given->therapy == OF_THE_UNIT)
            highest = greatest(highest, given->used);
    }
    return highest;
}

INLINE int64_t reduction_of(const struct rules *rules, const struct work *work, const struct hand *hand)
{
    int64_t expense = expense_of(rules, hand->tier, hand->service);
    if (expense < 0)
        return 0;
    hand->entry->expense = expense;
    int basis_points = rules->fee_tables[hand->tier->fees].multiple;
    int64_t of_each = expense - share(expense, basis_points);
    if (!is_highest(rules, work, hand, expense))
        return of_each * hand->service->units;
    int64_t before = least(highest_before(work, hand), expense);
    return before - share(before, basis_points) + of_each * (hand->service->units - 1);
}

/* Of a maximum per day: OF_THE_DAY. */
INLINE int64_t taken(const struct work *work, const struct hand *hand, int therapy)
{
    const struct request *request = hand->request;
    int member = hand->service->member, day = hand->line->day;
    int64_t total = 0;
    for (int index = 0; index < request->fee_count; index++) {
        const struct given_fee *given = &work->given_fees[request->given_fees + index];
        if (given->day == day && given->member == member && given->tier == hand->tier_number
            && given->therapy == therapy)
            total += given->used;
    }
    for (int place = hand->place - 1; place >= 0; place--) {
        const struct line *line = &work->lines[request->lines + place];
        const struct entry *entry = &work->ledger[request->ledger + place];
        if (line->day != day)
            break;
        const struct service *service = &work->services[line->service];
        if (service->member != member || entry->tier != hand->tier_number || service->allowed >= 0)
            continue;
        if (therapy != OF_THE_DAY && (entry->of_visit == 0 || service->therapy != therapy))
            continue;
        bool is_billed = hand->tier->pays_allowed == 1 && entry->liability != OF_PROVIDER;
        total += is_billed ? entry->fee : entry->allowed;
    }
    return total;
}

/* Writes charge, fee, assumed and of_visit. */
INLINE void price(
    const struct rules *rules, const struct work *work, const struct hand *hand, int64_t charge, int64_t typical)
{
    const struct tier *tier = hand->tier;
    const struct service *service = hand->service;
    struct entry *entry = hand->entry;
    bool of_visit;
    int64_t alone = allowed_amount(rules, tier, service, charge, 0, &of_visit);
    entry->charge = charge;
    if (charge < 0) {
        bool is_known = alone >= 0 && tier->above == WRITTEN_OFF;
        entry->charge = is_known ? alone : typical;
        if (!is_known) {
            entry->assumed = 1;
            alone = allowed_amount(rules, tier, service, typical, 0, &of_visit);
        }
    }
    int64_t reduction = reduction_of(rules, work, hand);
    if (reduction > 0)
        alone = allowed_amount(rules, tier, service, entry->charge, reduction, &of_visit);
    entry->fee = least(alone, entry->charge);
    if (service->allowed >= 0 || tier->fees < 0)
        return;
    if (of_visit) {
        entry->of_visit = 1;
        entry->fee = greatest(least(entry->fee, alone - taken(work, hand, service->therapy)), 0);
    }
    int64_t per_day = rules->fee_tables[tier->fees].per_day;
    if (per_day != UNLIMITED)
        entry->fee = greatest(least(entry->fee, per_day - taken(work, hand, OF_THE_DAY)), 0);
}

/* engine/kernel/sums.py */

INLINE bool holds(uint64_t mask, int index) { return mask >> index & 1; }

INLINE struct sum *sum_of(const struct work *work, const struct request *request, int owner, int accumulator)
{
    return &work->sums[request->sums + owner * request->sum_count + accumulator];
}

INLINE int period_on(const struct segment *segment, int day)
{
    return (int)greatest(period_start(day, segment->period_month, segment->period_day), segment->period_first);
}

INLINE int period_end(const struct segment *segment, int day)
{
    int month = segment->period_month, day_of_month = segment->period_day;
    int year = civil(period_start(day, month, day_of_month)).year;
    return (int)least(ordinal(year + 1, month, day_of_month), segment->period_last + 1);
}

INLINE int64_t room_in(
    const struct rules *rules,
    const struct work *work,
    const struct request *request,
    const struct segment *segment,
    int accumulator,
    int member,
    int incentive)
{
    const struct accumulator *definition = &rules->accumulators[segment->accumulators + accumulator];
    int64_t used = sum_of(work, request, member, accumulator)->used;
    if (incentive == 1)
        used += definition->incentive;
    if (!request->family)
        return greatest(definition->self_only - used, 0);
    int64_t own = definition->individual - used;
    int64_t group = definition->family - sum_of(work, request, request->members, accumulator)->used;
    return greatest(definition->aggregate == 1 ? group : least(own, group), 0);
}

INLINE int64_t room(const struct rules *rules, const struct work *work, const struct hand *hand, int accumulator)
{
    const struct service *service = hand->service;
    return room_in(rules, work, hand->request, hand->segment, accumulator, service->member, service->incentive);
}

INLINE void put(
    const struct work *work, const struct hand *hand, int owner, int accumulator, int64_t amount)
{
    struct sum *row = sum_of(work, hand->request, owner, accumulator);
    row->used += amount;
    if (hand->line->day >= hand->request->late_from)
        row->last_quarter += amount;
}

INLINE void add(
    const struct rules *rules, const struct work *work, const struct hand *hand, int accumulator, int64_t amount)
{
    int64_t taken = least(amount, room(rules, work, hand, accumulator));
    put(work, hand, hand->service->member, accumulator, taken);
    put(work, hand, hand->request->members, accumulator, taken);
}

INLINE uint64_t counted(const struct tier *tier, int part)
{
    if (part == OF_DEDUCTIBLE)
        return tier->counted_deductible;
    return part == OF_COPAY ? tier->counted_copay : tier->counted_coinsurance;
}

INLINE bool is_passed_over(
    const struct rules *rules, const struct hand *hand, int target, int part, bool counts)
{
    if (!counts)
        return rules->accumulators[hand->segment->accumulators + target].out_of_pocket == 1;
    return holds(counted(hand->tier, part), target);
}

INLINE void feed(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    uint64_t targets,
    int64_t amount,
    int part,
    bool counts)
{
    if (!targets || !amount)
        return;
    for (int target = 0; target < hand->request->sum_count; target++)
        if (holds(targets, target) && !is_passed_over(rules, hand, target, part, counts))
            add(rules, work, hand, target, amount);
}

INLINE void post_to_maxima(
    const struct rules *rules, const struct work *work, const struct hand *hand, int parts)
{
    const struct entry *entry = hand->entry;
    const struct tier *tier = hand->tier;
    uint64_t deductible = parts & DEDUCTIBLE_BIT ? tier->counted_deductible : 0;
    uint64_t copay = parts & COPAY_BIT ? tier->counted_copay : 0;
    uint64_t coinsurance = parts & COINSURANCE_BIT ? tier->counted_coinsurance : 0;
    uint64_t targets = deductible | copay | coinsurance;
    int64_t total = entry->deductible + entry->copay + entry->coinsurance;
    if (!targets || !total)
        return;
    bool is_whole = deductible == targets && copay == targets && coinsurance == targets;
    for (int target = 0; target < hand->request->sum_count; target++) {
        if (holds(targets, target)) {
            if (is_whole) {
                add(rules, work, hand, target, total);
                continue;
            }
            int64_t amount = 0;
            if (holds(deductible, target))
                amount += entry->deductible;
            if (holds(copay, target))
                amount += entry->copay;
            if (holds(coinsurance, target))
                amount += entry->coinsurance;
            if (amount > 0)
                add(rules, work, hand, target, amount);
        }
    }
}

INLINE void post(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct phase *phase,
    int parts)
{
    bool counts = parts & DEDUCTIBLE_BIT;
    const struct entry *entry = hand->entry;
    const struct accumulator *definitions = &rules->accumulators[hand->segment->accumulators];
    const struct step *steps = &rules->steps[phase->first];
    for (int index = 0; index < phase->count; index++) {
        int accumulator = steps[index].accumulator;
        int64_t amount = entry->steps[index];
        if (accumulator >= 0 && amount > 0) {
            if (!is_passed_over(rules, hand, accumulator, OF_DEDUCTIBLE, counts))
                add(rules, work, hand, accumulator, amount);
            uint64_t feeds = definitions[accumulator].feeds;
            feed(rules, work, hand, feeds, amount, OF_DEDUCTIBLE, counts);
        }
    }
    feed(rules, work, hand, hand->tier->copay_feeds, entry->copay, OF_COPAY, parts & COPAY_BIT);
    if (parts)
        post_to_maxima(rules, work, hand, parts);
}

INLINE int sum_rows(const struct request *request) { return (request->members + 1) * request->sum_count; }

INLINE void begin(const struct work *work, const struct request *request)
{
    struct sum *sums = &work->sums[request->sums];
    const struct given_sum *given = &work->given_sums[request->given_sums];
    int rows = sum_rows(request);
    for (int row = 0; row < rows; row++)
        sums[row] = (struct sum){given[row].used, given[row].last_quarter};
}

INLINE void clear(const struct work *work, const struct request *request)
{
    struct sum *sums = &work->sums[request->sums];
    int rows = sum_rows(request);
    for (int row = 0; row < rows; row++)
        sums[row] = (struct sum){0, 0};
}

INLINE int64_t maximum_of(const struct accumulator *definition, bool family_coverage, bool is_family)
{
    if (is_family || (family_coverage && definition->aggregate == 1))
        return definition->family;
    return family_coverage ? least(definition->individual, definition->family) : definition->self_only;
}

INLINE void roll(
    const struct rules *rules,
    const struct work *work,
    const struct request *request,
    const struct segment *old,
    const struct segment *new,
    int old_start,
    int new_start)
{
    bool adjacent = period_on(old, new_start - 1) == old_start;
    for (int accumulator = 0; accumulator < request->sum_count; accumulator++) {
        const struct accumulator *before = &rules->accumulators[old->accumulators + accumulator];
        const struct accumulator *after = &rules->accumulators[new->accumulators + accumulator];
        bool carries = adjacent && before->carryover != CARRY_NONE && after->present == 1;
        /* The family's row comes last, so that members are judged by what the family had. */
        for (int owner = 0; owner <= request->members; owner++) {
            struct sum *row = sum_of(work, request, owner, accumulator);
            bool is_family = owner == request->members;
            int64_t credit = carries ? row->last_quarter : 0;
            if (credit > 0 && before->carryover == CARRY_IF_UNMET) {
                bool met = is_family ? row->used >= before->family
                                     : room_in(rules, work, request, old, accumulator, owner, 0) == 0;
                if (met)
                    credit = 0;
            }
            row->last_quarter = 0;
            row->used = least(credit, maximum_of(after, request->family == 1, is_family));
        }
    }
}

/* engine/kernel/usage.py */

enum { ROLLING_KEY = -1 };

INLINE void append(
    const struct work *work, struct request *request, struct slot *slot, int day, int64_t amount)
{
    int count = request->event_count++;
    if (count >= request->event_room)
        return;
    int event = request->events + count;
    work->events[event] = (struct event){.day = day, .next = NONE, .amount = amount};
    if (slot->head == NONE)
        slot->head = event;
    else
        work->events[slot->tail].next = event;
    slot->tail = event;
    slot->used += amount;
}

INLINE void begin_counts(const struct work *work, struct request *request)
{
    request->event_count = 0;
    int rows = request->owners * request->slot_count;
    for (int row = 0; row < rows; row++) {
        struct slot *slot = &work->slots[request->slots + row];
        const struct given_count *given = &work->given_counts[request->given_counts + row];
        *slot = (struct slot){.used = 0, .key = UNTOUCHED, .day = UNTOUCHED, .head = NONE, .tail = NONE};
        const struct given_event *event = &work->given_events[given->first_event];
        for (int left = given->event_count; left > 0; left--, event++)
            append(work, request, slot, event->day, event->amount);
    }
}

/* The whole periods of an episode up to a day; -1 before it began. */
INLINE int since_episode(const struct limit *limit, int began, int day)
{
    if (day < began)
        return -1;
    if (limit->period == DAYS_FROM_EPISODE)
        return (day - began) / limit->length;
    int months = month_index(day) - month_index(began);
    if (day < add_months(began, months))
        months--;
    return months / limit->length;
}

INLINE int period_key(struct request *request, const struct limit *limit, int began, int day)
{
    switch (limit->period) {
    case DAYS_FROM_EPISODE:
    case MONTHS_FROM_EPISODE:
        return since_episode(limit, began, day);
    case DAY:
        return day;
    case WEEK:
        return week_index(day);
    case MONTH:
        return month_index(day);
    case QUARTER:
        return floor_div(month_index(day), 3);
    case CALENDAR_YEAR:
        return civil(day).year;
    case LIFETIME:
        return 0;
    default:
        request->fault = UNKNOWN_PERIOD;
        return 0;
    }
}

/* The place of (owner, limit slot) among the request's. */
INLINE int place_of(const struct rules *rules, const struct hand *hand, const struct limit *limit)
{
    const struct service *service = hand->service;
    int owner = service->member, slot = limit->slot;
    switch (limit->owner) {
    case COUNT_FAMILY:
        owner = 0;
        break;
    case COUNT_EPISODE:
        owner = service->episode;
        break;
    case COUNT_CONDITION:
        for (int row = limit->conditions; row < limit->conditions + limit->condition_count; row++)
            if (service->diagnoses & rules->limit_conditions[row].diagnoses) {
                slot = (int)rules->limit_conditions[row].slot;
                break;
            }
    }
    return owner * hand->request->slot_count + slot;
}

/* What is used in the time that began with a counted visit, where it is not over. */
INLINE int64_t used_since_first_visit(
    const struct limit *limit, struct slot *slot, const struct given_count *given, int day)
{
    if (slot->key == UNTOUCHED) {
        slot->key = (int)given->dated;
        slot->used = given->used;
    }
    if (slot->key) {
        bool days = limit->period == DAYS_FROM_FIRST_VISIT;
        int end = days ? slot->key + limit->length : add_months(slot->key, limit->length);
        if (day >= end) {
            slot->key = 0;
            slot->used = 0;
        }
    }
    return slot->used;
}

INLINE int64_t used_in_window(
    const struct work *work, struct request *request, const struct limit *limit, struct slot *slot, int day)
{
    slot->key = ROLLING_KEY;
    int before = day;
    switch (limit->period) {
    case ROLLING_DAYS:
        before = day - limit->length;
        break;
    case ROLLING_MONTHS:
        before = add_months(day, -limit->length);
        break;
    default:
        request->fault = UNKNOWN_PERIOD;
    }
    int head = slot->head;
    while (head != NONE && work->events[head].day <= before) {
        slot->used -= work->events[head].amount;
        head = work->events[head].next;
    }
    slot->head = head;
    return slot->used;
}

INLINE int64_t used_before(
    const struct work *work, struct request *request, const struct limit *limit, int began, int key,
    const struct given_count *given)
{
    int stated = request->given_period, first = request->first_period;
    if (limit->period != BENEFIT_PERIOD) {
        stated = period_key(request, limit, began, request->as_of);
        first = period_key(request, limit, began, work->lines[request->lines].day);
    }
    return (key == stated ? given->used : 0) + (key == first ? given->dated : 0);
}

INLINE int64_t used(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct limit *limit)
{
    struct request *request = hand->request;
    int day = hand->line->day, place = place_of(rules, hand, limit), period = limit->period;
    struct slot *slot = &work->slots[request->slots + place];
    if (slot->day == day)
        return slot->used;
    slot->day = day;
    if (period >= FIRST_WINDOW)
        return used_in_window(work, request, limit, slot, day);
    const struct given_count *given = &work->given_counts[request->given_counts + place];
    if (period >= FIRST_FROM_VISIT)
        return used_since_first_visit(limit, slot, given, day);
    int began = hand->service->began;
    int key = period == BENEFIT_PERIOD ? request->period : period_key(request, limit, began, day);
    if (slot->key != key) {
        slot->key = key;
        slot->used = used_before(work, request, limit, began, key, given);
    }
    return slot->used;
}

INLINE void use(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct limit *limit,
    int64_t amount)
{
    struct slot *slot = &work->slots[hand->request->slots + place_of(rules, hand, limit)];
    if (limit->period >= FIRST_WINDOW) {
        if (amount)
            append(work, hand->request, slot, hand->line->day, amount);
        return;
    }
    if (limit->period >= FIRST_FROM_VISIT && !slot->key && amount)
        slot->key = hand->line->day;
    slot->used += amount;
}

/* engine/kernel/selection.py */

struct verdict {
    int reason, criteria;
};

struct choice {
    int rule, reason, criteria, limit;
};

/* Whether a set holds a number; of one that is not given, what is assumed. */
INLINE bool is_in(uint64_t mask, int number, bool assumed) { return number < 0 ? assumed : holds(mask, number); }

INLINE bool is_licensed(const struct rules *rules, const struct hand *hand, bool assumed)
{
    if (hand->service->practitioner < 0)
        return assumed;
    uint64_t states = rules->licensure[hand->segment->licensure + hand->service->practitioner];
    return states && is_in(states, hand->service->state, assumed);
}

INLINE int age_of(const struct hand *hand)
{
    return hand->service->born > 0 ? completed_years(hand->service->born, hand->line->day) : hand->service->age;
}

INLINE int failed_of_member(const struct criteria *asked, const struct hand *hand, bool assumed)
{
    const struct service *service = hand->service;
    if (asked->roles && !is_in(asked->roles, service->role, assumed))
        return MEMBER_ROLE;
    if (asked->statuses && !is_in(asked->statuses, service->status, assumed))
        return MEMBER_STATUS;
    if (asked->wait_days + asked->wait_months > 0) {
        if (service->enrolled <= 0)
            return assumed ? HOLDS : WAITING_PERIOD;
        if (hand->line->day < add_months(service->enrolled, asked->wait_months) + asked->wait_days)
            return WAITING_PERIOD;
    }
    if (asked->wait_periods > 0) {
        if (service->first_service <= 0)
            return assumed ? HOLDS : WAITING_PERIOD;
        if (service->first_service >= add_months(hand->request->period, 12 - 12 * asked->wait_periods))
            return WAITING_PERIOD;
    }
    return HOLDS;
}

INLINE int failed_criterion(const struct rules *rules, const struct hand *hand, int row, bool assumed)
{
    if (row < 0)
        return HOLDS;
    const struct criteria *asked = &rules->criteria[row];
    const struct service *service = hand->service;
    if (asked->diagnoses && !(service->diagnoses & asked->diagnoses)) {
        if (service->diagnosed == 1 || !assumed)
            return DIAGNOSIS_NOT_COVERED;
    } else if (service->diagnoses & asked->not_diagnoses) {
        return DIAGNOSIS_NOT_COVERED;
    }
    if (asked->asks_practitioner == 1 && !is_in(asked->practitioners, service->practitioner, assumed))
        return PRACTITIONER_NOT_COVERED;
    if (!holds(asked->settings, service->setting))
        return SETTING_NOT_COVERED;
    if (asked->asks_age == 1) {
        int age = age_of(hand);
        if (age < 0 ? !assumed : age < asked->age_min || age > asked->age_max)
            return AGE;
    }
    if (asked->asks_state == 1 && !is_in(asked->states, service->state, assumed))
        return STATE;
    if (asked->licensed == 1 && !is_licensed(rules, hand, assumed))
        return UNLICENSED;
    if (asked->asks_member == 1) {
        int reason = failed_of_member(asked, hand, assumed);
        if (reason != HOLDS)
            return reason;
    }
    uint64_t given = assumed ? hand->attestations : service->attestations;
    if (asked->attested & ~given || asked->not_attested & hand->attestations)
        return ATTESTATION_NOT_COVERED;
    return HOLDS;
}

INLINE bool is_outside(const struct limit *limit, const struct hand *hand)
{
    return !holds(limit->tiers, hand->tier_number);
}

INLINE bool is_left_out(const struct limit *limit, const struct hand *hand)
{
    return is_outside(limit, hand) || (limit->excepts && !(limit->excepts & ~hand->attestations));
}

INLINE int64_t allowed_by(const struct rules *rules, const struct limit *limit, const struct hand *hand)
{
    for (int row = limit->ages, end = row + limit->age_count; row < end; row++) {
        const struct age_allowance *at = &rules->age_allowances[row];
        int age = age_of(hand);
        if (age < 0 ? hand->request->attested == 1 : at->age_min <= age && age <= at->age_max)
            return at->allow;
    }
    return limit->allow;
}

INLINE int is_exhausted(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct rule *rule,
    bool visit_admitted)
{
    for (int row = rule->limits, end = row + rule->limit_count; row < end; row++) {
        const struct limit *limit = &rules->limits[row];
        bool by_visit = limit->measure == VISITS || limit->measure == VISITS_PLAN_PAID;
        if ((by_visit && visit_admitted) || limit->beyond & hand->attestations || is_left_out(limit, hand))
            continue;
        int64_t least_wanted = limit->measure == MINUTES ? greatest(hand->service->minutes, 1) : 1;
        if (allowed_by(rules, limit, hand) - used(rules, work, hand, limit) < least_wanted)
            return row;
    }
    return NONE;
}

/* The place of (member, benefit) among the request's. */
INLINE int visits_place(const struct hand *hand, const struct rule *rule)
{
    return hand->service->member * hand->request->visit_count + rule->benefit;
}

INLINE bool is_visit_admitted(const struct work *work, const struct hand *hand, const struct rule *rule)
{
    return work->visits[hand->request->visits + visits_place(hand, rule)].day == hand->line->day;
}

/* The number of the line's visit: the benefit's, or of the visits that the limit in `place` counts; -1 = none. */
INLINE int visit_number(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct rule *rule, int place)
{
    if (place < 0)
        return hand->entry->visit;
    const struct limit *limit = &rules->limits[rule->limits + place];
    int number = (int)used(rules, work, hand, limit);
    if (is_left_out(limit, hand))
        return number;
    uint64_t counted = work->visits[hand->request->visits + visits_place(hand, rule)].counted;
    return is_visit_admitted(work, hand, rule) && holds(counted, place) ? number : number + 1;
}

INLINE bool is_due(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct rule *rule,
    const struct requirement *requirement)
{
    return visit_number(rules, work, hand, rule, requirement->limit) > requirement->after;
}

INLINE struct range range_of(const struct rules *rules, const struct hand *hand, int number)
{
    if (number < 0)
        return (struct range){0, 0};
    const struct match *match = &rules->matches[hand->segment->matches + number];
    return (struct range){match->first, match->count};
}

INLINE struct verdict judge(const struct rules *rules, const struct hand *hand, const struct rule *rule)
{
    if (rule->kind == EXCLUSION)
        return (struct verdict){failed_criterion(rules, hand, rule->criteria, false), rule->criteria};
    if (rules->rule_tiers[rule->tiers + hand->tier_number].count == 0)
        return (struct verdict){TIER_NOT_COVERED, NONE};
    bool assumed = hand->request->attested == 1;
    int reason = failed_criterion(rules, hand, rule->policy, assumed);
    if (reason != HOLDS)
        return (struct verdict){reason, rule->policy};
    return (struct verdict){failed_criterion(rules, hand, rule->criteria, assumed), rule->criteria};
}

INLINE bool is_listed(const struct rules *rules, int first, int count, int code)
{
    for (int row = first; row < first + count; row++) {
        if (rules->listed_codes[row] == code)
            return true;
    }
    return false;
}

INLINE struct choice choose(
    const struct rules *rules, const struct work *work, const struct hand *hand, int behind)
{
    struct range therapy = range_of(rules, hand, hand->service->therapy);
    struct range code = range_of(rules, hand, hand->service->code);
    const int32_t *position = rules->candidates + therapy.first, *end = position + therapy.count;
    const int32_t *other = rules->candidates + code.first, *other_end = other + code.count;
    struct choice failed = {NONE, NOT_LISTED, NONE, NONE};
    struct choice exhausted = {NONE, LIMIT_REACHED, NONE, NONE};
    while (position < end || other < other_end) {
        int row;
        if (other >= other_end || (position < end && *position <= *other)) {
            row = *position++;
            if (other < other_end && *other == row)
                other++;
        } else {
            row = *other++;
        }
        if (row <= behind)
            continue;
        const struct rule *rule = &rules->rules[row];
        if (rule->without_count > 0 && is_listed(rules, rule->without, rule->without_count, hand->service->code))
            continue;
        struct verdict verdict = judge(rules, hand, rule);
        if (rule->kind == EXCLUSION) {
            if (verdict.reason == HOLDS)
                return (struct choice){row, EXCLUDED, NONE, NONE};
            continue;
        }
        if (verdict.reason != HOLDS) {
            if (failed.rule == NONE || (failed.reason == TIER_NOT_COVERED && verdict.reason != TIER_NOT_COVERED))
                failed = (struct choice){row, verdict.reason, verdict.criteria, NONE};
            continue;
        }
        if (rule->continues == 1) {
            int limit = is_exhausted(rules, work, hand, rule, is_visit_admitted(work, hand, rule));
            if (limit != NONE) {
                exhausted.rule = row;
                exhausted.limit = limit;
                continue;
            }
        }
        return (struct choice){row, HOLDS, NONE, NONE};
    }
    return exhausted.rule != NONE ? exhausted : failed;
}

/* engine/kernel/cost_share.py */

INLINE bool is_copay(int kind)
{
    return kind == COPAY_VISIT || kind == COPAY_LINE || kind == COPAY_UNIT || kind == COPAY_DAY || kind == COPAY_FACILITY ||
           kind == COPAY_BANDS;
}

INLINE bool is_coinsurance(int kind)
{
    return kind == COINSURANCE_REMAINING || kind == COINSURANCE_AFTER_DEDUCTIBLE || kind == COINSURANCE_ALLOWED;
}

INLINE int64_t deductible_left(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct step *steps, int index)
{
    int accumulator = steps[index].accumulator;
    if (accumulator < 0)
        return 0;
    int64_t left = room(rules, work, hand, accumulator);
    for (int earlier = 0; earlier < index; earlier++)
        if (steps[earlier].accumulator == accumulator)
            left -= hand->entry->steps[earlier];
    return greatest(left, 0);
}

/* The copay of the first band that holds the eligible amount. */
INLINE int64_t banded(const struct rules *rules, const struct step *step, int64_t eligible)
{
    for (int row = step->bands; row < step->bands + step->band_count; row++)
        if (eligible <= rules->copay_bands[row].up_to)
            return rules->copay_bands[row].cents;
    return 0;
}

/* What the member's visits of the day under benefits of one scope have paid of their copays per day. */
INLINE int64_t paid_of_day(const struct work *work, const struct hand *hand, int scope)
{
    const struct visits *visits = &work->visits[hand->request->visits];
    int first = hand->service->member * hand->request->visit_count;
    int64_t paid = 0;
    for (int row = first; row < first + hand->request->visit_count; row++)
        if (visits[row].day == hand->line->day && visits[row].copay_scope == scope)
            paid += visits[row].copay_paid;
    return paid;
}

INLINE int64_t fixed_of(int per, int64_t cents, int64_t paid, const struct entry *entry)
{
    if (per == COPAY_VISIT)
        return greatest(cents - paid, 0);
    return per == COPAY_UNIT ? cents * entry->covered_units : cents;
}

INLINE int64_t bounded(
    const struct step *step,
    struct entry *entry,
    struct visits *visits,
    int index,
    int64_t percentage,
    int64_t remaining)
{
    if (step->bound == COPAY_OF_TWO)
        return 0;
    int64_t paid = visits->coinsurance_paid + (step->bound == COINSURANCE_OF_TWO ? visits->copay_paid : 0);
    int64_t amount = percentage;
    if (step->least_per == COPAY_VISIT)
        amount = greatest(percentage - greatest(paid - visits->percentages, 0), 0);
    int64_t by_percentage = amount;
    visits->percentages += percentage;
    if (step->least_per)
        amount = greatest(amount, fixed_of(step->least_per, step->least, paid, entry));
    if (step->most_per)
        amount = least(amount, fixed_of(step->most_per, step->most, paid, entry));
    if (step->bound == COINSURANCE_OF_TWO && amount != by_percentage) {
        entry->steps[index - 1] = least(amount, remaining);
        return 0;
    }
    return least(amount, remaining);
}

INLINE void take_steps(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct phase *phase,
    struct visits *visits,
    int64_t eligible)
{
    struct entry *entry = hand->entry;
    const struct step *steps = &rules->steps[phase->first];
    int64_t remaining = eligible, deductible = 0;
    for (int index = 0; index < phase->count; index++) {
        const struct step *step = &steps[index];
        int64_t amount;
        switch (step->kind) {
        case DEDUCTIBLE:
            amount = least(deductible_left(rules, work, hand, steps, index), remaining);
            deductible += amount;
            break;
        case COPAY_VISIT:
        case COPAY_LINE:
        case COPAY_UNIT:
        case COPAY_DAY:
        case COPAY_FACILITY:
        case COPAY_BANDS:
            amount = step->cents;
            if (step->kind == COPAY_VISIT)
                amount = greatest(amount - visits->copay_paid, 0);
            else if (step->kind == COPAY_DAY || step->kind == COPAY_FACILITY)
                amount = greatest(amount - paid_of_day(work, hand, visits->copay_scope), 0);
            else if (step->kind == COPAY_BANDS)
                amount = banded(rules, step, eligible);
            else if (step->kind == COPAY_UNIT)
                amount *= entry->covered_units;
            if (step->waived == 1 && deductible > 0)
                amount = 0;
            break;
        case COINSURANCE_REMAINING:
            amount = share(remaining, step->basis_points);
            break;
        case COINSURANCE_AFTER_DEDUCTIBLE:
            amount = share(eligible - deductible, step->basis_points);
            break;
        case COINSURANCE_ALLOWED:
            amount = share(eligible, step->basis_points);
            break;
        default:
            amount = 0;
            hand->request->fault = UNKNOWN_STEP;
        }
        amount = least(amount, remaining);
        if (step->bound != UNBOUNDED) {
            amount = bounded(step, entry, visits, index, amount, remaining);
            if (step->bound == COINSURANCE_OF_TWO)
                remaining -= entry->steps[index - 1];
        }
        entry->steps[index] = amount;
        remaining -= amount;
    }
}

/* When the cap cuts a step of a kind; never of one that is unknown. */
INLINE int part_of(int kind)
{
    if (is_coinsurance(kind))
        return OF_COINSURANCE;
    if (is_copay(kind))
        return OF_COPAY;
    return kind == DEDUCTIBLE ? OF_DEDUCTIBLE : NONE;
}

INLINE void cap(const struct rules *rules, const struct phase *phase, struct entry *entry, int64_t limit)
{
    const struct step *steps = &rules->steps[phase->first];
    int64_t excess = -limit;
    for (int index = 0; index < phase->count; index++)
        excess += entry->steps[index];
    if (excess <= 0)
        return;
    entry->capped = excess;
    for (int part = OF_COINSURANCE; part >= OF_DEDUCTIBLE; part--) {
        for (int index = phase->count - 1; index >= 0; index--) {
            if (excess > 0 && part_of(steps[index].kind) == part) {
                int64_t cut = least(excess, entry->steps[index]);
                entry->steps[index] -= cut;
                excess -= cut;
            }
        }
    }
}

INLINE uint64_t capping(const struct tier *tier, int parts, int part)
{
    if (part == OF_DEDUCTIBLE)
        return parts & DEDUCTIBLE_BIT ? tier->capped_deductible : 0;
    if (part == OF_COPAY)
        return parts & COPAY_BIT ? tier->capped_copay : 0;
    return parts & COINSURANCE_BIT ? tier->capped_coinsurance : 0;
}

INLINE int64_t counted_before(
    const struct hand *hand,
    const struct phase *phase,
    const struct step *steps,
    int maximum,
    int parts,
    int part,
    int index)
{
    int64_t total = 0;
    for (int other = 0; other < phase->count; other++) {
        int its_part = part_of(steps[other].kind);
        bool is_before = its_part < part || (its_part == part && other < index);
        if (is_before && holds(capping(hand->tier, parts, its_part), maximum))
            total += hand->entry->steps[other];
    }
    return total;
}

INLINE void cut_step(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct phase *phase,
    int parts,
    int part,
    int index)
{
    struct entry *entry = hand->entry;
    const struct step *steps = &rules->steps[phase->first];
    int64_t most = UNLIMITED;
    uint64_t cutting = 0;
    for (int maximum = 0; maximum < hand->request->sum_count; maximum++) {
        if (holds(capping(hand->tier, parts, part), maximum)) {
            int64_t left = room(rules, work, hand, maximum);
            left = greatest(left - counted_before(hand, phase, steps, maximum, parts, part, index), 0);
            if (left < most) {
                most = left;
                cutting = 0;
            }
            if (left == most)
                cutting |= UINT64_C(1) << maximum;
        }
    }
    if (entry->steps[index] > most) {
        entry->capped += entry->steps[index] - most;
        entry->capped_by |= cutting;
        entry->steps[index] = most;
    }
}

INLINE void cap_by_several(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct phase *phase,
    int parts)
{
    const struct step *steps = &rules->steps[phase->first];
    for (int part = OF_DEDUCTIBLE; part <= OF_COINSURANCE; part++)
        for (int index = 0; index < phase->count; index++)
            if (part_of(steps[index].kind) == part)
                cut_step(rules, work, hand, phase, parts, part, index);
}

INLINE void add_up_steps(
    const struct rules *rules, const struct phase *phase, struct entry *entry, struct visits *visits)
{
    const struct step *steps = &rules->steps[phase->first];
    for (int index = 0; index < phase->count; index++) {
        int kind = steps[index].kind;
        int64_t amount = entry->steps[index];
        if (kind == DEDUCTIBLE) {
            entry->deductible += amount;
        } else if (is_copay(kind)) {
            entry->copay += amount;
            if (kind == COPAY_VISIT || kind == COPAY_DAY || kind == COPAY_FACILITY)
                visits->copay_paid += amount;
        } else if (is_coinsurance(kind)) {
            entry->coinsurance += amount;
            if (steps[index].bound != UNBOUNDED)
                visits->coinsurance_paid += amount;
        }
    }
}

INLINE int64_t penalty(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct rule *rule,
    struct visits *visits,
    int64_t plan_pays)
{
    int64_t left = plan_pays;
    for (int row = rule->requirements, end = row + rule->requirement_count; row < end; row++) {
        const struct requirement *requirement = &rules->requirements[row];
        bool missing = !(requirement->attestation & hand->attestations);
        if (!missing || requirement->penalty < 0 || !is_due(rules, work, hand, rule, requirement))
            continue;
        if (requirement->cents < 0) {
            left -= share(left, requirement->penalty);
        } else {
            int64_t taken = least(left, greatest(requirement->cents - visits->penalty_paid, 0));
            visits->penalty_paid += taken;
            left -= taken;
        }
    }
    return plan_pays - left;
}

INLINE int64_t balance_bill(const struct tier *tier, int64_t charge, int64_t allowed)
{
    if (tier->above == MEMBER)
        return charge - allowed;
    if (tier->above == MEMBER_UP_TO)
        return least(charge - allowed, greatest(share(allowed, tier->above_cap) - allowed, 0));
    return 0;
}

/* engine/kernel/uncovered.py */

/* engine/kernel/code_edits.py */

INLINE int covered_units(
    const struct rules *rules, const struct work *work, const struct hand *hand, int first, int count)
{
    const struct request *request = hand->request;
    int member = hand->service->member, day = hand->line->day, units = 0;
    for (int index = 0; index < request->code_count; index++) {
        const struct given_code *given = &work->given_codes[request->given_codes + index];
        if (given->day == day && given->member == member && is_listed(rules, first, count, given->code))
            units += given->units;
    }
    for (int place = hand->place - 1; place >= 0; place--) {
        const struct line *line = &work->lines[request->lines + place];
        const struct entry *entry = &work->ledger[request->ledger + place];
        if (line->day != day)
            break;
        const struct service *service = &work->services[line->service];
        if (entry->covered == 1 && service->member == member && is_listed(rules, first, count, service->code))
            units += entry->covered_units;
    }
    return units;
}

INLINE int edit_codes(const struct rules *rules, const struct work *work, const struct hand *hand)
{
    struct entry *entry = hand->entry;
    const struct service *service = hand->service;
    const struct code_edit *edit = &rules->code_edits[hand->tier->edits + service->code];
    int others = edit->never_count + (edit->unless & service->attestations ? 0 : edit->other_count);
    if (others > 0 && covered_units(rules, work, hand, edit->others, others) > 0) {
        entry->reason = CODE_NOT_PAID_BESIDE;
        return 0;
    }
    if (edit->first_count > 0 && covered_units(rules, work, hand, edit->own + 1, edit->first_count) == 0) {
        entry->reason = ADD_ON_ALONE;
        return 0;
    }
    if (edit->units >= 0) {
        int left = edit->units - covered_units(rules, work, hand, edit->own, 1);
        if (left <= 0) {
            entry->reason = UNITS_PER_DAY;
            return 0;
        }
        if (left < service->units) {
            entry->units_left = left;
            entry->charge = portion(entry->charge, left, service->units);
            entry->fee = portion(entry->fee, left, service->units);
        }
    }
    return entry->units_left;
}

INLINE bool is_miscoded(int reason)
{
    return reason == CODE_NOT_PAID_BESIDE || reason == ADD_ON_ALONE || reason == UNITS_PER_DAY;
}

INLINE void add_miscoded(struct entry *entry, int64_t charge)
{
    entry->miscoded = charge - entry->charge;
    entry->charge = charge;
    entry->written_off += entry->miscoded;
    entry->provider_owes += entry->miscoded;
    if (entry->reason == HOLDS)
        entry->reason = UNITS_PER_DAY;
}

INLINE uint64_t attestations_of(const struct request *request, const struct service *service)
{
    uint64_t others = request->attested == 1 ? ALL ^ ADVANCE_NOTICE ^ LOWER_COST_SHARE : 0;
    uint64_t notice = request->notice_given == 1 ? ADVANCE_NOTICE : 0;
    return (service->attestations | others | notice) & ~service->lacking;
}

INLINE uint64_t denial_of(const struct rules *rules, const struct hand *hand)
{
    const struct entry *entry = hand->entry;
    if (entry->covered)
        return LIMIT_USED_UP;
    if (entry->reason == DIAGNOSIS_NOT_COVERED)
        return DIAGNOSIS_DENIED;
    if (entry->reason == REQUIREMENT_MISSING)
        return rules->requirements[entry->requirement].attestation;
    if (entry->reason == ATTESTATION_NOT_COVERED)
        return rules->criteria[entry->criteria].attested & ~hand->attestations;
    if (entry->reason == LIMIT_REACHED) {
        int measure = rules->limits[entry->limit].measure;
        return measure == MONEY_PLAN_PAID || measure == MONEY_ALLOWED ? 0 : LIMIT_USED_UP;
    }
    return 0;
}

INLINE int discount_of(const struct rules *rules, const struct hand *hand, int service)
{
    if (hand->tier->discounts >= 0)
        return rules->tier_discounts[hand->tier->discounts + service];
    return rules->matches[hand->segment->matches + service].discount;
}

INLINE void leave_uncovered(const struct rules *rules, const struct hand *hand, int64_t charge, int64_t fee)
{
    const struct service *service = hand->service;
    struct entry *entry = hand->entry;
    if (is_miscoded(entry->reason)) {
        entry->liability = OF_PROVIDER;
        entry->provider_owes = entry->miscoded = charge;
        entry->written_off += charge;
        return;
    }
    if (denial_of(rules, hand) & hand->tier->liable) {
        if (!(hand->tier->unless & hand->attestations)) {
            entry->liability = OF_PROVIDER;
            entry->provider_owes = charge;
            entry->written_off += charge;
            return;
        }
        entry->liability = OF_MEMBER_BY_ATTESTATION;
    }
    int64_t base = hand->tier->pays_allowed == 1 ? least(charge, fee) : charge;
    int discount = NEVER;
    if (service->therapy >= 0)
        discount = discount_of(rules, hand, service->therapy);
    if (service->code >= 0)
        discount = (int)least(discount, discount_of(rules, hand, service->code));
    if (discount != NEVER) {
        entry->discount = discount;
        base -= share(base, rules->discounts[discount].basis_points);
    }
    entry->not_covered += base;
    entry->written_off += charge - base;
}

/* engine/kernel/adjudication.py */

INLINE void begin_request(const struct work *work, struct request *request)
{
    request->segment = NONE;
    request->period = request->period_end = UNTOUCHED;
    request->late_from = UNTOUCHED;
    request->patient = 0;
    request->fault = NO_FAULT;
    begin(work, request);
    begin_counts(work, request);
    struct visits *visits = &work->visits[request->visits];
    int rows = request->members * request->visit_count;
    for (int row = 0; row < rows; row++) {
        const struct given_visit *given = &work->given_visits[request->given_visits + row];
        visits[row].period = UNTOUCHED;
        visits[row].count = 0;
        visits[row].day = given->day;
        visits[row].counted = given->counted;
        visits[row].copay_paid = given->copay_paid;
        visits[row].coinsurance_paid = given->coinsurance_paid;
        visits[row].percentages = given->percentages;
        visits[row].copay_scope = given->copay_scope;
        visits[row].penalty_paid = given->penalty_paid;
    }
}

/* Charge and patient are written later in any case, steps only as many as there are. */
INLINE void begin_entry(struct entry *entry)
{
    entry->segment = entry->rule = entry->criteria = entry->requirement = NONE;
    entry->limit = entry->phase = entry->discount = NONE;
    entry->covered = entry->reason = entry->visit = entry->covered_units = entry->assumed = 0;
    entry->tier = NONE;
    entry->terms_assumed = entry->liability = entry->of_visit = 0;
    entry->attestations_used = 0;
    entry->allowed = entry->deductible = entry->copay = entry->coinsurance = 0;
    entry->penalty = entry->balance_bill = entry->not_covered = entry->written_off = 0;
    entry->plan_paid = entry->fee = entry->capped = entry->provider_owes = entry->expense = 0;
    entry->handed = 0;
    entry->handing = NONE;
    entry->miscoded = entry->units_left = 0;
    entry->capped_by = 0;
}

INLINE int segment_on(const struct rules *rules, const struct request *request, int day)
{
    int last = request->segments + request->segment_count - 1;
    for (int row = request->segments; row <= last; row++)
        if (rules->segments[row].first_day <= day && day <= rules->segments[row].last_day)
            return row;
    bool goes_on = rules->segments[last].last_day < day && day <= rules->segments[last].last_assumed;
    return goes_on && !request->in_force_only ? last : NONE;
}

INLINE void begin_period(
    const struct rules *rules,
    const struct work *work,
    const struct request *request,
    const struct segment *segment,
    int start)
{
    int given = request->given_period, before = request->period;
    if (before == UNTOUCHED) {
        if (start < given)
            clear(work, request);
        if (start <= given)
            return;
        before = given;
    } else if (before < given && given <= start) {
        begin(work, request);
        if (start == given)
            return;
        before = given;
    }
    int old = segment_on(rules, request, start - 1);
    if (old < 0)
        clear(work, request);
    else
        roll(rules, work, request, &rules->segments[old], segment, before, start);
}

INLINE void find_segment(const struct rules *rules, const struct work *work, struct request *request, int day)
{
    int current = request->segment;
    if (current >= 0 && day <= rules->segments[current].last_day && day < request->period_end)
        return;
    request->segment = segment_on(rules, request, day);
    if (request->segment < 0)
        return;
    const struct segment *segment = &rules->segments[request->segment];
    int start = period_on(segment, day);
    request->period_end = period_end(segment, day);
    if (start != request->period) {
        begin_period(rules, work, request, segment, start);
        request->period = start;
        request->late_from = add_months(request->period_end, -3);
    }
}

INLINE int64_t typical_of(const struct request *request, const struct service *service)
{
    return greatest(service->typical[request->price], 0);
}

INLINE void owe_charge(
    const struct request *request, const struct service *service, int64_t charge, struct entry *entry, int reason)
{
    entry->reason = reason;
    if (charge < 0) {
        entry->assumed = 1;
        charge = typical_of(request, service);
    }
    entry->charge = entry->not_covered = entry->patient = charge;
}

INLINE int outside_coverage(const struct service *service, int day)
{
    if (day < service->covered_from)
        return BEFORE_COVERAGE;
    return day > service->covered_to ? AFTER_COVERAGE : HOLDS;
}

INLINE struct visits *visits_of(const struct work *work, const struct hand *hand, const struct rule *rule)
{
    const struct request *request = hand->request;
    int place = visits_place(hand, rule);
    struct visits *visits = &work->visits[request->visits + place];
    if (visits->period != request->period) {
        const struct given_visit *given = &work->given_visits[request->given_visits + place];
        visits->count = request->period == request->given_period ? given->used : 0;
        if (request->period == request->first_period)
            visits->count += given->dated;
        visits->period = request->period;
    }
    return visits;
}

INLINE void judge_requirements(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct rule *rule)
{
    struct entry *entry = hand->entry;
    if (rule->policy >= 0)
        entry->attestations_used |= rules->criteria[rule->policy].attested;
    if (rule->criteria >= 0)
        entry->attestations_used |= rules->criteria[rule->criteria].attested;
    for (int row = rule->requirements, end = row + rule->requirement_count; row < end; row++) {
        const struct requirement *requirement = &rules->requirements[row];
        if (!is_due(rules, work, hand, rule, requirement))
            continue;
        if (requirement->attestation & hand->attestations) {
            entry->attestations_used |= requirement->attestation;
        } else if (requirement->penalty < 0) {
            entry->requirement = row;
            return;
        }
    }
}

/* What a line wants of a limit at the most. */
INLINE int64_t wanted(const struct limit *limit, const struct hand *hand)
{
    switch (limit->measure) {
    case UNITS:
        return hand->entry->units_left;
    case MINUTES:
        return (int64_t)hand->entry->units_left * hand->service->minutes;
    case MONEY_ALLOWED:
    case MONEY_PLAN_PAID:
        return hand->entry->fee;
    case VISITS:
    case VISITS_PLAN_PAID:
        return 1;
    default:
        hand->request->fault = UNKNOWN_MEASURE;
        return 1;
    }
}

INLINE int is_split(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct rule *rule)
{
    for (int row = rule->limits, end = row + rule->limit_count; row < end; row++) {
        const struct limit *limit = &rules->limits[row];
        bool by_unit = limit->measure == UNITS || limit->measure == MINUTES;
        if (!by_unit || (limit->beyond & hand->attestations))
            continue;
        int64_t left = allowed_by(rules, limit, hand) - used(rules, work, hand, limit);
        if (left < wanted(limit, hand) && !is_left_out(limit, hand))
            return row;
    }
    return NONE;
}

/* What a money limit cut: handed on to the next benefit, or the member's. */
INLINE void cut(const struct rules *rules, const struct hand *hand, int64_t cents, int row)
{
    struct entry *entry = hand->entry;
    if (rules->limits[row].hands_on == 1 && !hand->is_rest) {
        entry->handed += cents;
        entry->handing = row;
        return;
    }
    entry->not_covered += cents;
    entry->reason = LIMIT_REACHED;
    entry->limit = row;
}

/* The least that money limits leave, of the allowed amount and of what the plan pays, and the rows that say so. */
struct left {
    int64_t allowed, paid;
    int allowed_limit, paid_limit;
};

INLINE struct left cut_to_limits(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct rule *rule)
{
    struct entry *entry = hand->entry;
    int64_t units = hand->entry->units_left;
    struct left least_left = {UNLIMITED, UNLIMITED, NONE, NONE};
    for (int row = rule->limits, end = row + rule->limit_count; row < end; row++) {
        const struct limit *limit = &rules->limits[row];
        int64_t left = allowed_by(rules, limit, hand) - used(rules, work, hand, limit);
        if (is_outside(limit, hand))
            continue;
        if (is_left_out(limit, hand)) {
            if (left < wanted(limit, hand))
                entry->attestations_used |= limit->excepts;
        } else if (limit->beyond & hand->attestations) {
            if (left < wanted(limit, hand))
                entry->attestations_used |= limit->beyond;
        } else if (limit->measure == UNITS && left < units) {
            units = left;
            entry->limit = row;
            entry->reason = LIMIT_REACHED;
        } else if (limit->measure == MINUTES && left < units * hand->service->minutes) {
            units = left / hand->service->minutes;
            entry->limit = row;
            entry->reason = LIMIT_REACHED;
        } else if (limit->measure == MONEY_ALLOWED && left < least_left.allowed) {
            least_left.allowed = left;
            least_left.allowed_limit = row;
        } else if (limit->measure == MONEY_PLAN_PAID && left < least_left.paid) {
            least_left.paid = left;
            least_left.paid_limit = row;
        }
    }
    entry->covered_units = (int32_t)units;
    return least_left;
}

INLINE const struct phase *phase_of(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct rule *rule)
{
    int row = rules->rule_tiers[rule->tiers + hand->tier_number].first;
    while (rules->phases[row].through < visit_number(rules, work, hand, rule, rules->phases[row].limit))
        row++;
    hand->entry->phase = row;
    return &rules->phases[row];
}

INLINE void count_against_limits(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct rule *rule,
    struct visits *visits,
    int64_t eligible)
{
    const struct entry *entry = hand->entry;
    for (int index = 0; index < rule->limit_count; index++) {
        const struct limit *limit = &rules->limits[rule->limits + index];
        int64_t amount = 0;
        if (is_left_out(limit, hand)) {
            visits->counted |= (uint64_t)1 << index;
            continue;
        }
        switch (limit->measure) {
        case UNITS:
            amount = entry->covered_units;
            break;
        case MINUTES:
            amount = (int64_t)entry->covered_units * hand->service->minutes;
            break;
        case MONEY_ALLOWED:
            amount = eligible;
            break;
        case MONEY_PLAN_PAID:
            amount = entry->plan_paid;
            break;
        case VISITS:
        case VISITS_PLAN_PAID:
            if (!holds(visits->counted, index) && (limit->measure == VISITS || entry->plan_paid > 0)) {
                amount = 1;
                visits->counted |= (uint64_t)1 << index;
            }
            break;
        default:
            hand->request->fault = UNKNOWN_MEASURE;
        }
        use(rules, work, hand, limit, amount);
    }
}

INLINE void cover(
    const struct rules *rules,
    const struct work *work,
    const struct hand *hand,
    const struct rule *rule,
    struct visits *visits)
{
    const struct request *request = hand->request;
    const struct tier *tier = hand->tier;
    struct entry *entry = hand->entry;
    entry->covered = 1;
    struct left left = cut_to_limits(rules, work, hand, rule);
    int64_t charge = entry->charge, allowed = entry->fee;
    if (entry->covered_units < entry->units_left) {
        charge = portion(charge, entry->covered_units, entry->units_left);
        allowed = portion(allowed, entry->covered_units, entry->units_left);
    }
    entry->allowed = allowed;
    int64_t eligible = allowed;
    if (request->maintenance == 1 && !hand->is_rest) {
        const struct entry *primary = &work->behind[request->behind + hand->place];
        eligible = greatest(greatest(eligible, primary->allowed) - primary->plan_paid, 0);
    }
    if (eligible > left.allowed) {
        cut(rules, hand, eligible - left.allowed, left.allowed_limit);
        eligible = left.allowed;
    }

    const struct phase *phase = phase_of(rules, work, hand, rule);
    take_steps(rules, work, hand, phase, visits, eligible);
    int parts = rule->counted_parts;
    if (tier->out_of_pocket >= 0 && parts == ALL_PARTS)
        cap(rules, phase, entry, room(rules, work, hand, tier->out_of_pocket));
    else if (tier->out_of_pocket != NONE && parts)
        cap_by_several(rules, work, hand, phase, parts);
    add_up_steps(rules, phase, entry, visits);

    int64_t plan_pays = eligible - entry->deductible - entry->copay - entry->coinsurance;
    entry->penalty = penalty(rules, work, hand, rule, visits, plan_pays);
    plan_pays -= entry->penalty;
    if (plan_pays > left.paid) {
        cut(rules, hand, plan_pays - left.paid, left.paid_limit);
        plan_pays = left.paid;
    }
    entry->plan_paid = plan_pays;
    entry->balance_bill = balance_bill(tier, charge, allowed);
    entry->written_off = charge - allowed - entry->balance_bill;

    post(rules, work, hand, phase, parts);
    count_against_limits(rules, work, hand, rule, visits, eligible);
}

INLINE void judge_and_cover(
    const struct rules *rules, const struct work *work, const struct hand *hand, const struct rule *rule)
{
    struct entry *entry = hand->entry;
    struct visits *visits = visits_of(work, hand, rule);
    bool admitted = is_visit_admitted(work, hand, rule);
    entry->visit = admitted ? visits->count : visits->count + 1;
    judge_requirements(rules, work, hand, rule);
    if (entry->requirement != NONE) {
        entry->reason = REQUIREMENT_MISSING;
        return;
    }
    if (!hand->is_rest && hand->tier->edits >= 0 && hand->service->code >= 0 && edit_codes(rules, work, hand) == 0)
        return;
    entry->limit = is_exhausted(rules, work, hand, rule, admitted);
    if (hand->is_rest && entry->limit == NONE)
        entry->limit = is_split(rules, work, hand, rule);
    if (entry->limit != NONE) {
        entry->reason = LIMIT_REACHED;
        return;
    }
    if (!admitted) {
        visits->count++;
        visits->day = hand->line->day;
        visits->counted = 0;
        visits->copay_paid = visits->coinsurance_paid = visits->percentages = visits->penalty_paid = 0;
        visits->copay_scope = rule->copay_scope;
        if (rule->copay_scope <= FIRST_BY_FACILITY)
            visits->copay_scope -= hand->service->facility;
    }
    cover(rules, work, hand, rule, visits);
}

INLINE void decide(const struct rules *rules, const struct work *work, const struct hand *hand, int behind)
{
    struct entry *entry = hand->entry;
    struct choice choice = choose(rules, work, hand, behind);
    entry->rule = choice.rule;
    entry->reason = choice.reason;
    entry->criteria = choice.criteria;
    entry->limit = choice.limit;
    if (choice.reason == HOLDS)
        judge_and_cover(rules, work, hand, &rules->rules[choice.rule]);
}

/* Let the next benefit cover what a limit has cut of the line, as if it were a line; add it to the line's own row. */
static void hand_on(const struct rules *rules, const struct work *work, const struct hand *hand)
{
    struct entry *entry = hand->entry, *rest = &work->rests[hand->request->rests + hand->place];
    begin_entry(rest);
    rest->segment = entry->segment;
    rest->tier = entry->tier;
    rest->terms_assumed = entry->terms_assumed;
    rest->charge = rest->fee = entry->handed;
    struct hand part = *hand;
    part.entry = rest;
    rest->units_left = entry->covered_units;
    part.is_rest = true;
    decide(rules, work, &part, entry->rule);
    if (!rest->covered) {
        entry->not_covered += entry->handed;
        entry->reason = LIMIT_REACHED;
        entry->limit = entry->handing;
        return;
    }
    entry->deductible += rest->deductible;
    entry->copay += rest->copay;
    entry->coinsurance += rest->coinsurance;
    entry->penalty += rest->penalty;
    entry->not_covered += rest->not_covered;
    entry->plan_paid += rest->plan_paid;
    if (rest->reason != HOLDS) {
        entry->reason = rest->reason;
        entry->limit = rest->limit;
    }
}

INLINE void adjudicate_line(
    const struct rules *rules, const struct work *work, const struct hand *hand, int64_t charge)
{
    const struct service *service = hand->service;
    struct entry *entry = hand->entry;
    price(rules, work, hand, charge, typical_of(hand->request, service));
    int64_t billed = entry->charge;
    entry->units_left = service->units;
    decide(rules, work, hand, NONE);
    if (entry->handed > 0)
        hand_on(rules, work, hand);
    if (!entry->covered) {
        leave_uncovered(rules, hand, entry->charge, entry->fee);
    } else if (entry->covered_units < entry->units_left) {
        int64_t left = entry->charge - portion(entry->charge, entry->covered_units, entry->units_left);
        leave_uncovered(rules, hand, left, entry->fee - entry->allowed);
    }
    if (entry->units_left < service->units)
        add_miscoded(entry, billed);
    int64_t cost_share = entry->deductible + entry->copay + entry->coinsurance;
    entry->patient = cost_share + entry->penalty + entry->balance_bill + entry->not_covered;
}

INLINE void adjudicate_request(const struct rules *rules, const struct work *work, struct request *request)
{
    begin_request(work, request);
    for (int index = 0; index < request->line_count; index++) {
        const struct line *line = &work->lines[request->lines + index];
        const struct service *service = &work->services[line->service];
        struct entry *entry = &work->ledger[request->ledger + index];
        begin_entry(entry);
        find_segment(rules, work, request, line->day);
        int64_t charge = request->behind >= 0 ? work->behind[request->behind + index].charge : service->charge;
        int outside = outside_coverage(service, line->day);
        if (request->segment < 0) {
            entry->tier = service->tier;
            owe_charge(request, service, charge, entry, outside == HOLDS ? NOT_IN_FORCE : outside);
        } else {
            entry->segment = request->segment;
            const struct segment *segment = &rules->segments[request->segment];
            int tier = tier_of(rules, work, request, segment, service->tier, index);
            entry->tier = tier;
            if (outside != HOLDS) {
                owe_charge(request, service, charge, entry, outside);
                request->patient += entry->patient;
                continue;
            }
            entry->terms_assumed = line->day > segment->last_day;
            if (service->therapy < 0) {
                owe_charge(request, service, charge, entry, UNKNOWN_CODE);
                request->patient += entry->patient;
                continue;
            }
            struct hand hand = {
                .request = request,
                .line = line,
                .service = service,
                .entry = entry,
                .segment = segment,
                .tier = &rules->tiers[segment->tiers + tier],
                .tier_number = tier,
                .attestations = attestations_of(request, service),
                .place = index,
                .is_rest = false,
            };
            adjudicate_line(rules, work, &hand, charge);
        }
        request->patient += entry->patient;
    }
}

/* engine/kernel/entry.py */

int64_t adjudicate_at(const int64_t *addresses, int64_t first, int64_t count)
{
    const struct rules rules = RULES_AT(addresses);
    const struct work work = WORK_AT(addresses);
    int64_t faults = 0;
    for (int64_t index = first; index < first + count; index++) {
        struct request *request = &work.requests[index];
        adjudicate_request(&rules, &work, request);
        if (request->fault == NO_FAULT && request->event_count > request->event_room)
            request->fault = NO_ROOM;
        faults += request->fault != NO_FAULT;
    }
    return faults;
}
