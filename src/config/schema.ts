import * as v from "valibot";
import { announce, chat } from "./schema-edge.ts";
import { influx, mqtt } from "./schema-mesh-edge.ts";
import { kindName, sensor } from "./schema-sensors.ts";
import { space } from "./schema-space.ts";
import {
  describedFlag,
  duration,
  list,
  listen,
  mapping,
  name,
  number,
  oneOf,
  peer,
  text,
  timerDuration,
  whole,
} from "./schema-values.ts";

/** The views' bounds: a node needs two neighbours to be more than a leaf. The rest are guesses. */
const ACTIVE_VIEW_MIN = 2;
const ACTIVE_VIEW_MAX = 20;
const PASSIVE_VIEW_MAX = 500;

const node = mapping({
  name: v.optional(v.pipe(name, v.description("This node's name. Default: the host name."))),
  room: v.optional(v.pipe(name, v.description("The room it is in. Default: the node's name."))),
});

const interfaces = v.optional(
  v.pipe(list(text(1)), v.description("Network interfaces. Default: all that are up.")),
  [],
);

const mesh = mapping({
  listen: v.optional(
    v.pipe(listen("0.0.0.0:7946", "always"), v.description("Where other nodes reach this one.")),
    "0.0.0.0:7946",
  ),
  advertise: v.optional(
    v.pipe(
      list(peer),
      v.description("Addresses that others should use, when not the listening ones."),
    ),
    [],
  ),
  peers: v.optional(
    v.pipe(list(peer), v.description("Nodes tried when mDNS finds nobody, host:port each.")),
    [],
  ),
  discovery: v.optional(
    v.pipe(
      oneOf(["auto", "libp2p", "dns-sd", "off"]),
      v.description("How nodes on the LAN are found."),
    ),
    "auto",
  ),
  invite: v.optional(
    v.pipe(text(0), v.description("An invitation, for cards written in bulk.")),
    "",
  ),
  active_view: v.optional(
    v.pipe(whole(ACTIVE_VIEW_MIN, ACTIVE_VIEW_MAX), v.description("Neighbours with a link.")),
    5,
  ),
  passive_view: v.optional(
    v.pipe(
      whole(ACTIVE_VIEW_MIN, PASSIVE_VIEW_MAX),
      v.description("Nodes kept in reserve for when a neighbour is lost."),
    ),
    30,
  ),
  interfaces,
});

const api = mapping({
  listen: v.optional(
    v.pipe(
      listen("0.0.0.0:8080", "may-be-off"),
      v.description('Where the dashboard and the HTTP API answer; "" turns them off.'),
    ),
    "0.0.0.0:8080",
  ),
  https: v.optional(
    v.pipe(
      listen("0.0.0.0:8443", "may-be-off"),
      v.description("Where the same answers over HTTPS, certified by the mesh itself."),
    ),
    "",
  ),
  hosts: v.optional(
    v.pipe(
      list(text(1)),
      v.description("Host names accepted beside the machine's own names and addresses."),
    ),
    [],
  ),
  read: v.optional(
    v.pipe(
      oneOf(["lan", "capability"]),
      v.description("Who may read what names people: all of the LAN, or who holds a capability."),
    ),
    "lan",
  ),
});

const neighbours = mapping({
  record: v.optional(
    v.pipe(
      oneOf(["all", "registered", "none"]),
      v.description("Whose MAC and IP are shared with the mesh."),
    ),
    "all",
  ),
  keep: v.optional(
    v.pipe(
      duration("1min", "10y"),
      v.description("A device not seen for so long is forgotten everywhere."),
    ),
    "24h",
  ),
  interfaces,
  update_interval: v.optional(
    v.pipe(timerDuration("1s"), v.description("How often the neighbour table is read.")),
    "30s",
  ),
  probe: v.optional(
    describedFlag(
      "Ask gently after registered devices that keep silent, so that a phone that sleeps " +
        "sends nobody home.",
    ),
    true,
  ),
});

const presence = mapping({
  away_after: v.optional(
    v.pipe(
      timerDuration("10s"),
      v.description("Who was not seen for so long is away. Phones sleep for minutes."),
    ),
    "15min",
  ),
});

const RESET_ALLOWED = 'a time of the day such as "04:00", or "" for never';
const occupancy = mapping({
  half_life: v.optional(
    v.pipe(
      duration("10s", "1d"),
      v.description("How fast motion that was seen fades: after so long it counts half."),
    ),
    "5min",
  ),
  reset: v.optional(
    v.pipe(
      v.string(RESET_ALLOWED),
      v.regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d)?$/, RESET_ALLOWED),
      v.description("After this hour, in the Pi's own time zone, the count of a still room is 0."),
    ),
    "04:00",
  ),
});

const NOT_NEGATIVE = "a number of 0 or more";
const QUIET_ALLOWED = 'a part of the day such as "22:00-07:00"';
const advice = list(
  v.pipe(
    mapping({
      kind: kindName,
      room: v.optional(v.pipe(name, v.description("Only of this room. Default: of every one."))),
      above: v.optional(number),
      below: v.optional(number),
      above_target: v.optional(
        v.pipe(
          number,
          v.minValue(0, NOT_NEGATIVE),
          v.description("Said while the value is by more than so much above the room's target."),
        ),
      ),
      below_target: v.optional(
        v.pipe(
          number,
          v.minValue(0, NOT_NEGATIVE),
          v.description("Said while the value is by more than so much below the room's target."),
        ),
      ),
      for: v.optional(
        v.pipe(
          duration("0s", "7d"),
          v.description("The value has to be beyond the bound for so long."),
        ),
        "0s",
      ),
      hysteresis: v.optional(
        v.pipe(
          number,
          v.minValue(0, NOT_NEGATIVE),
          v.description("The value has to come back by so much before it is said no more."),
        ),
        0,
      ),
      quiet: v.optional(
        v.pipe(
          v.string(QUIET_ALLOWED),
          v.regex(/^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/, QUIET_ALLOWED),
          v.description("When it is not said, in the Pi's own time zone."),
          v.examples(["22:00-07:00"]),
        ),
      ),
      say: v.pipe(text(1), v.examples(["You might want to turn the AC on."])),
    }),
    v.check(
      ({ above, below, above_target, below_target }) =>
        [above, below, above_target, below_target].some((bound) => bound !== undefined),
      "a rule with above, below, above_target or below_target",
    ),
  ),
);

const history = mapping({
  raw: v.optional(
    v.pipe(duration("1min", "100y"), v.description("How long each reading is kept.")),
    "48h",
  ),
  minutes: v.optional(
    v.pipe(duration("1min", "100y"), v.description("How long minutes' means are kept.")),
    "30d",
  ),
  hours: v.optional(
    v.pipe(duration("1min", "100y"), v.description("How long hours' means are kept.")),
    "2y",
  ),
  keep: v.optional(
    v.pipe(
      oneOf(["auto", "own", "all"]),
      v.description(
        "Whose means are kept so long here: of its own room and a share of the rest, so that " +
          "each is on three more Pis; of its own room; or of all.",
      ),
    ),
    "auto",
  ),
});

const log = mapping({
  level: v.optional(oneOf(["debug", "info", "warn", "error"]), "info"),
  format: v.optional(oneOf(["text", "json"]), "text"),
});

/** The whole of `watercooler.yaml`, as it is written. Every key may be left out. */
export const fileSchema = mapping({
  node: v.optional(v.pipe(node, v.description("This node.")), {}),
  data: v.optional(
    v.pipe(
      text(1),
      v.description(
        "Where the node keeps its key and state. " +
          "Default: $STATE_DIRECTORY, else ~/.local/share/watercooler.",
      ),
      v.examples(["/var/lib/watercooler"]),
    ),
  ),
  mesh: v.optional(v.pipe(mesh, v.description("How nodes find and reach each other.")), {}),
  api: v.optional(v.pipe(api, v.description("The dashboard and the HTTP API.")), {}),
  sensors: v.optional(
    v.pipe(
      list(sensor),
      v.description(
        "Sensors of this node, named as ESPHome names them. Default: those found on its buses.",
      ),
    ),
    [],
  ),
  neighbours: v.optional(v.pipe(neighbours, v.description("The MAC-to-IP map.")), {}),
  presence: v.optional(v.pipe(presence, v.description("Who is in.")), {}),
  occupancy: v.optional(v.pipe(occupancy, v.description("Which rooms are taken.")), {}),
  advice: v.optional(
    v.pipe(advice, v.description("What to say of a room when a value is beyond a bound.")),
    [],
  ),
  announce: v.optional(
    v.pipe(announce, v.description("Where advice is announced, once for the whole mesh.")),
    [],
  ),
  chat: v.optional(v.pipe(chat, v.description("Chats in which questions are answered.")), {}),
  history: v.optional(v.pipe(history, v.description("How long series are kept.")), {}),
  mqtt: v.optional(v.pipe(mqtt, v.description("An MQTT broker to publish to.")), {}),
  influx: v.optional(v.pipe(influx, v.description("A time series database to push to.")), {}),
  space: v.optional(
    v.pipe(space, v.description("What /spaceapi.json tells everybody of the place.")),
  ),
  log: v.optional(v.pipe(log, v.description("What is logged, and how.")), {}),
});

/** The file as people write it. */
export type ConfigFile = v.InferInput<typeof fileSchema>;
/** The file with its defaults filled in, spans still as text. */
export type FilledFile = v.InferOutput<typeof fileSchema>;
