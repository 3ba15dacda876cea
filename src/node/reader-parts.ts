import type { NeighbourWatch } from "../../firmware-bridge/src/neighbour-watch.ts";
import type { Sensor } from "../../firmware-bridge/src/sensor.ts";
import type { Address, NodeId } from "../base/id.ts";
import type { Clock, Millis } from "../base/time.ts";
import type { Discovery } from "../link/discovery-port.ts";
import type { LinkTransport } from "../link/port.ts";
import type { Overlay } from "../overlay/overlay.ts";
import type { Replica } from "../replica/replica.ts";
import type { Store } from "../store/port.ts";
import type { Calibrations } from "./calibrations.ts";
import type { Counters } from "./counters.ts";
import type { History } from "./history/history.ts";
import type { Naming } from "./naming.ts";
import type { Node } from "./node.ts";
import type { People } from "./people.ts";
import type {
  BackupSide,
  BusesView,
  Check,
  DemoSide,
  GrantSide,
  HttpsSide,
  MembershipSide,
  PlanSide,
} from "./read-side.ts";
import type { Replacements } from "./replacements.ts";
import type { RoomAdvice } from "./room-advice.ts";
import type { Targets } from "./targets.ts";

/** What the read side answers from. */
export interface ReaderParts {
  readonly self: NodeId;
  readonly meshId: string;
  readonly naming: Naming;
  readonly version: string;
  readonly keepMs: Millis;
  /** How fast motion that was seen fades. */
  readonly halfLifeMs: Millis;
  readonly clock: Clock;
  readonly replica: Replica;
  readonly overlay: Overlay;
  readonly transport: LinkTransport;
  readonly discovery: Discovery;
  readonly store: Store;
  readonly counters: Counters;
  readonly node: Node;
  readonly sensors: readonly Sensor[];
  readonly search?: () => Promise<BusesView>;
  readonly calibrations?: Calibrations;
  readonly advice?: RoomAdvice;
  readonly targets?: Targets;
  readonly people?: People;
  readonly membership?: MembershipSide;
  readonly plan?: PlanSide;
  readonly https?: HttpsSide;
  /** What leaves the mesh here, and how that does. */
  readonly edgeChecks?: () => readonly Check[];
  readonly demo?: DemoSide | undefined;
  readonly grants?: GrantSide;
  readonly replacements?: Replacements;
  readonly backup?: BackupSide;
  readonly history?: History;
  readonly watch: NeighbourWatch | undefined;
  readonly addresses: () => readonly Address[];
}
