import * as v from "valibot";
import { nearest } from "./nearest.ts";
import { duration, list, mapping, number, oneOf, timerDuration, whole } from "./schema-values.ts";

const SHARE_ALLOWED = "a number, or a share of the last value such as 5%";
const alpha = v.pipe(
  v.number("a number over 0, at most 1"),
  v.gtValue(0, "a number over 0, at most 1"),
  v.maxValue(1, "a number over 0, at most 1"),
);
const every = v.optional(whole(1, 999));
/** The filters' own limit (`src/reading/filter-stages.ts`): an hour of seconds. */
const window = whole(1, 3_600);

const DATAPOINT_PATTERN = /^\s*(-?\d{1,9}(?:\.\d{1,9})?)\s*->\s*(-?\d{1,9}(?:\.\d{1,9})?)\s*$/;
const DATAPOINTS_ALLOWED = 'at least two points such as "20.5 -> 19.0", none twice on the left';

/** `20.5 -> 19.0`: what the sensor says, what is true. */
export function parseDatapoint(said: string): readonly [from: number, to: number] {
  const [, from, to] = DATAPOINT_PATTERN.exec(said) ?? [];
  return [Number(from), Number(to)];
}

const datapoints = v.pipe(
  list(v.pipe(v.string(DATAPOINTS_ALLOWED), v.regex(DATAPOINT_PATTERN, DATAPOINTS_ALLOWED))),
  v.check((all) => {
    const lefts = new Set(all.map((one) => parseDatapoint(one)[0]));
    return all.length >= 2 && lefts.size === all.length;
  }, DATAPOINTS_ALLOWED),
);

/** Under ESPHome's names, with ESPHome's meaning. */
const FILTERS = {
  offset: mapping({ offset: v.pipe(number, v.description("Added to the value.")) }),
  multiply: mapping({ multiply: number }),
  median: mapping({ median: v.pipe(window, v.description("The median of so many values.")) }),
  delta: mapping({
    delta: v.pipe(
      v.union(
        [
          v.pipe(number, v.minValue(0, SHARE_ALLOWED)),
          v.pipe(v.string(), v.regex(/^\d{1,3}(?:\.\d{1,6})?%$/, SHARE_ALLOWED)),
        ],
        SHARE_ALLOWED,
      ),
      v.description("Tells a value only when it moved by so much."),
    ),
  }),
  heartbeat: mapping({
    heartbeat: v.pipe(timerDuration("1s"), v.description("The longest silence.")),
  }),
  throttle: mapping({ throttle: timerDuration("1ms") }),
  debounce: mapping({ debounce: timerDuration("1ms") }),
  clamp: mapping({
    clamp: mapping({ min_value: v.optional(number), max_value: v.optional(number) }),
  }),
  filter_out: mapping({
    filter_out: v.union([number, list(number)], "a number or a list of numbers"),
  }),
  sliding_window_moving_average: mapping({
    sliding_window_moving_average: v.union(
      [window, mapping({ window_size: window, send_every: every })],
      "a window of 1 to 3600 values, or { window_size: 15, send_every: 15 }",
    ),
  }),
  exponential_moving_average: mapping({
    exponential_moving_average: mapping({ alpha, send_every: every }),
  }),
  round: mapping({ round: whole(0, 9) }),
  calibrate_linear: mapping({
    calibrate_linear: v.union(
      [
        datapoints,
        mapping({
          method: v.optional(oneOf(["least_squares", "exact"]), "least_squares"),
          datapoints,
        }),
      ],
      DATAPOINTS_ALLOWED,
    ),
  }),
  timeout: mapping({
    timeout: v.union(
      [timerDuration("1s"), mapping({ timeout: timerDuration("1s"), value: v.optional(number) })],
      "a span such as 60s, or { timeout: 60s, value: 0 }",
    ),
  }),
  delayed_on: mapping({ delayed_on: timerDuration("1ms") }),
  delayed_off: mapping({ delayed_off: timerDuration("1ms") }),
  delayed_on_off: mapping({ delayed_on_off: timerDuration("1ms") }),
  settle: mapping({ settle: timerDuration("1ms") }),
};
const FILTER_NAMES = Object.keys(FILTERS);

const anyFilter = v.union(Object.values(FILTERS));

/** Says it once: the union would gather what is wrong by each of its rules. */
const unknownFilter = v.custom<never>(
  () => false,
  ({ input }) => {
    const [said] = Object.keys(Object(input));
    const near = said === undefined ? undefined : nearest(said, FILTER_NAMES);
    const guess = near === undefined ? "" : `; did you mean ${near}?`;
    return `one filter such as { offset: -1.2 }; known are ${FILTER_NAMES.join(", ")}${guess}`;
  },
) as unknown as typeof anyFilter;

/** Judged by its own rules where its name is known, so that a mistake in it is told exactly. */
const filter = v.lazy((input): typeof anyFilter => {
  // What writes the JSON Schema asks without a value.
  if (input === undefined) return anyFilter;
  const [name, ...more] = input === null || typeof input !== "object" ? [] : Object.keys(input);
  const isKnown = name !== undefined && more.length === 0 && Object.hasOwn(FILTERS, name);
  if (!isKnown) return unknownFilter;
  return FILTERS[name as keyof typeof FILTERS] as unknown as typeof anyFilter;
});

/** What is said of one kind that a sensor gives. */
export const channel = v.optional(
  mapping({
    filters: v.optional(
      v.pipe(list(filter), v.description("Applied to each value in this order.")),
    ),
  }),
);

export const updateInterval = v.pipe(
  duration("100ms", "1d"),
  v.description("How often the sensor is read."),
  v.examples(["10s", "1min"]),
);
