import { randomBytes } from "node:crypto";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { Address } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import { SeededRandom } from "./base/random.ts";
import type { Clock } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { cuttable, type DemoChannel } from "./demo-cut.ts";
import type { Dialect } from "./dialect.ts";
import type { Discovery } from "./link/discovery-port.ts";
import type { LinkTransport } from "./link/port.ts";
import { Admissions } from "./node/admissions.ts";
import { type AssembledNode, assembleNode } from "./node/assemble.ts";
import { Naming } from "./node/naming.ts";
import type { DemoSide } from "./node/read-side.ts";
import { Replacements } from "./node/replacements.ts";
import type { OpenedParts } from "./open-parts.ts";
import { createFrameCodec } from "./overlay/codec.ts";
import { DEFAULT_PARAMETERS, type OverlayParameters } from "./overlay/parameters.ts";
import { createEntryCodec, IdentityTable } from "./replica/entry-codec.ts";
import { receptionOf } from "./wire-admissions.ts";
import { ownAddresses, wireDiscovery, wireTransport } from "./wire-links.ts";
import { standingIn, type TrustParts, wireTrust } from "./wire-trust.ts";

/** What a number holds exactly. */
const SEED_BYTES = 6;

export interface CorePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Only for a node of the demo. */
  readonly demo?: DemoChannel | undefined;
  /** Only in tests. */
  readonly dialect?: Dialect | undefined;
}

/** A node as a member of its mesh, before it has sensors, people or an API. */
export interface WiredCore extends AssembledNode {
  readonly trusted: TrustParts;
  readonly transport: LinkTransport;
  readonly discovery: Discovery;
  readonly admissions: Admissions;
  readonly replacements: Replacements;
  readonly naming: Naming;
  readonly demo: DemoSide | undefined;
  readonly random: SeededRandom;
  readonly addresses: () => readonly Address[];
}

/** Puts together what makes a node a member of its mesh. */
export function wireCore(
  config: Config,
  opened: OpenedParts,
  { clock, log, demo: channel, dialect }: CorePorts,
): WiredCore {
  const random = new SeededRandom(randomBytes(SEED_BYTES).readUIntBE(0, SEED_BYTES));
  const trusted = wireTrust(opened, config.dataDir);
  const { self } = trusted.identity;
  let admissions: Admissions | undefined;
  const reception = receptionOf(trusted, () => admissions);
  const links = wireTransport(config, opened, trusted, { log, reception, dialect });
  const { transport, demo } = cuttable(channel, dialect?.links(links) ?? links);
  const { contacts } = opened.membership;
  const found = { clock, log, random: random.fork() };
  const discovery = wireDiscovery(config, { ...trusted, contacts }, found);
  const identities = new IdentityTable();
  const addresses = () => ownAddresses(config);
  const [entries, frames] = [createEntryCodec(identities), createFrameCodec(identities)];
  const assembled = assembleNode({
    ...trusted,
    parameters: parametersOf(config),
    addresses,
    entryCodec: dialect?.entries(entries) ?? entries,
    frameCodec: dialect?.frames(frames) ?? frames,
    store: opened.store,
    transport,
    discovery,
    clock,
    timers: systemTimers,
    random,
    log,
    prepare: (held) => trusted.mesh.follow(standingIn(held)),
  });
  const { node, replica } = assembled;
  dialect?.begin(node, replica);
  const member = { self, node, replica, clock, notary: trusted.notary, log };
  const replacements = new Replacements(member);
  admissions = new Admissions({ ...member, replacements });
  const inherited = () => replacements.inherited();
  const naming = new Naming({ self, node, replica, configured: config.node, inherited });
  const core = { ...assembled, trusted, transport, discovery, admissions, replacements, naming };
  return { ...core, demo, random, addresses };
}

function parametersOf({ mesh: { activeView, passiveView } }: Config): OverlayParameters {
  const active = { activeMax: activeView, activeMin: activeView };
  return { ...DEFAULT_PARAMETERS, ...active, passiveMax: passiveView };
}
