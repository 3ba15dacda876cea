import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lan } from "../integration/lan.ts";
import { mountTmpfs } from "../integration/small-disks.ts";
import {
  agree,
  alarms,
  cloneAlarm,
  equivocation,
  missing,
  pictures,
  slotsOf,
  within,
} from "./checks.ts";
import { Dots } from "./dots.ts";
import { begin, type Office } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { Pi } from "./pi.ts";
import { type Fault, isAbrupt, isClocked, isFreezable, planRound, type RoundPlan } from "./plan.ts";
import { changeVersion, isLater } from "./versions.ts";
import { performAll } from "./workload.ts";

/** The design's goal is 10 s after a heal; a loaded machine is given twelve times that. */
const CONVERGED_MS_MAX = 120_000;
const START_MS_MAX = 120_000;
/** A store has to recover within 30 s of its disk; twice that on a loaded machine. */
const RECOVERED_MS_MAX = 60_000;
/** Of a node with little to do. 512 MB Pis; twice what a busy node was seen with. A guess. */
const RSS_MIB_MAX = 220;
const FDS_MAX = 200;
/** What each node is asked to show after a round goes up by so much, so that it is a new value. */
const FRESH_STEP = 0.5;

export interface ChaosPlan {
  readonly seed: number;
  readonly nodes: number;
  readonly kinds: readonly Fault["kind"][];
  /** Where the logs go of a round with a violation. */
  readonly logs: string;
}

export interface RoundReport {
  readonly round: number;
  readonly kinds: readonly Fault["kind"][];
  readonly lengthMs: number;
  /** From the last mend until all hold the same. */
  readonly convergedMs: number;
  /** From the start on a damaged card until all hold the same. */
  readonly undamagedMs: number | undefined;
  readonly acknowledged: number;
  readonly rssMib: number;
  readonly fds: number;
}

/** Something that may never be: with where what led to it is kept. */
export class Violation extends Error {}

/** An office of real nodes that is troubled round by round. */
export class Chaos {
  private readonly lan: Lan;
  private readonly office: Office;
  private readonly ledger = new Ledger();
  private readonly dots = new Dots();
  /** Nodes whose card was damaged in some round: what was hit may be found much later. */
  private readonly damaged = new Set<number>();
  private fresh = 0;

  constructor(private readonly plan: ChaosPlan) {
    mountTmpfs("/run/netns", "1m");
    mountTmpfs("/dev/shm", "16m");
    // The last host is the visitor's: a cloned card's, or a stranger's.
    // Lines with a time in them, for who has to find out what happened.
    const more = { log: { format: "json" } };
    this.lan = new Lan(
      Array.from({ length: plan.nodes + 1 }, () => undefined),
      more,
    );
    const { folder, hosts } = this.lan;
    const pis = hosts.map((host) => {
      const { number } = host;
      const isVisitor = number === plan.nodes;
      return new Pi(host, folder, {
        disk: isFreezable(number) && !isVisitor ? "freezable" : "memory",
        clock: isClocked(number) && !isVisitor ? "ours" : "true",
      });
    });
    const [visitor] = pis.splice(plan.nodes);
    if (visitor === undefined) throw new Error("no visitor");
    visitor.host.membership = "own";
    const secretFile = join(folder, "mesh.secret");
    this.office = { pis, visitor, secretFile, dots: this.dots };
  }

  get dotCount(): number {
    return this.dots.size;
  }

  async start(): Promise<void> {
    for (const pi of this.office.pis) {
      pi.startAgent();
      pi.host.start();
    }
    const tookMs = await within(START_MS_MAX, () => agree(this.office.pis));
    if (tookMs === undefined) await this.fail(-1, undefined, ["the nodes never agreed at first"]);
  }

  async stop(): Promise<void> {
    const all = [...this.office.pis, this.office.visitor];
    for (const pi of all) pi.thaw();
    await Promise.all(all.map(({ host }) => host.kill("SIGKILL")));
    for (const pi of all) pi.stop();
    await this.lan.remove();
  }

  /** Plays one round to its end and checks all. Throws a Violation. */
  async round(round: number, isOver: () => boolean): Promise<RoundReport | undefined> {
    const { pis } = this.office;
    const plan = planRound(this.plan.seed, round, this.plan);
    for (const { host } of pis) host.log = "";
    if (!(await this.settleVersions(plan))) {
      await this.fail(round, plan, ["no agreement after a node in good order changed its version"]);
    }
    const undamagedMs = await this.damageCards(plan);
    const mended = this.inflict(plan, isOver).then(() => performance.now());
    const written = performAll(plan, pis, this.ledger, isOver);
    const [mendedMs] = await Promise.all([mended, written]);
    if (isOver()) return undefined;
    if ((await within(CONVERGED_MS_MAX, () => agree(pis))) === undefined) {
      await this.fail(round, plan, [`no agreement ${CONVERGED_MS_MAX / 1_000} s after the mend`]);
    }
    const convergedMs = performance.now() - mendedMs;
    const before = this.ledger.acknowledged;
    await this.check(round, plan);
    const footprints = pis.map((pi) => pi.footprint());
    return {
      round,
      kinds: plan.faults.map(({ kind }) => kind),
      lengthMs: plan.lengthMs,
      convergedMs,
      undamagedMs,
      acknowledged: before,
      rssMib: Math.max(...footprints.map((one) => one?.rssMib ?? 0)),
      fds: Math.max(...footprints.map((one) => one?.fds ?? 0)),
    };
  }

  /** One node of the later version, or none. In good order, so that nothing may be lost by it. */
  private async settleVersions({ later }: RoundPlan): Promise<boolean> {
    const { pis } = this.office;
    const changing = pis.filter((pi, node) => isLater(pi) !== (node === later));
    await Promise.all(changing.map((pi) => changeVersion(pi, "SIGTERM", this.dots)));
    if (changing.length === 0) return true;
    return (await within(CONVERGED_MS_MAX, () => agree(pis))) !== undefined;
  }

  /**
   * Before all else, while the others have all that was acknowledged. And until all agree: a node
   * that has lost all it knew may answer before it has heard of it, and what it then writes is one
   * of several wishes made at once, of which another may win.
   */
  private async damageCards({ faults }: RoundPlan): Promise<number | undefined> {
    const damages = faults.filter(({ kind }) => kind === "corrupt");
    for (const { node } of damages) this.damaged.add(node);
    await Promise.all(damages.map((fault) => begin(fault, this.office)));
    if (damages.length === 0) return undefined;
    return within(CONVERGED_MS_MAX, () => agree(this.office.pis));
  }

  /** Begins and ends each fault at its time. */
  private async inflict({ faults, lengthMs }: RoundPlan, isOver: () => boolean): Promise<void> {
    const startMs = performance.now();
    const reach = (ms: number) =>
      within(ms + 1, () => isOver() || performance.now() - startMs >= ms);
    await Promise.all(
      faults
        .filter(({ kind }) => kind !== "corrupt")
        .map(async (fault) => {
          await reach(fault.beginMs);
          if (isOver()) return;
          const deed = await begin(fault, this.office);
          await reach(fault.endMs);
          await deed.end();
        }),
    );
    // The last write is sent by then.
    await reach(lengthMs);
  }

  private async check(round: number, plan: RoundPlan): Promise<void> {
    const { pis } = this.office;
    const found: string[] = [];
    const mayLose = (node: number) =>
      plan.faults.some((fault) => fault.node === node && isAbrupt(fault)) &&
      this.ledger.lastProcess(`reading/${node}`) !== pis[node]?.host.pid;
    const excused = new Set([...pis.keys()].filter(mayLose));
    let settled: ReadonlyMap<string, number> | undefined;
    for (const pi of pis) {
      const held = await this.slots(pi);
      if (held === undefined) found.push(`${pi.name} does not answer`);
      else found.push(...missing(pi.name, held, this.ledger, excused));
      settled ??= held;
    }
    this.ledger.settle((key) => settled?.get(key));
    const alarmed = async () => (await Promise.all(pis.map(cloneAlarm))).filter(Boolean);
    const calm = await within(CONVERGED_MS_MAX, async () => (await alarmed()).length === 0);
    if (calm === undefined) found.push(...(await alarmed()).map(String));
    if (!plan.faults.some(({ kind }) => kind === "clone")) found.push(...alarms(pis, "a clone"));
    found.push(
      ...alarms(
        pis.filter((_, node) => !this.damaged.has(node)),
        "damage",
      ),
    );
    found.push(...(await Promise.all(pis.map(equivocation))).filter((one) => one !== undefined));
    found.push(...this.dots.violations);
    for (const pi of pis) {
      if (!pi.host.isRunning) found.push(`${pi.name} ended by itself`);
      const { rssMib, fds } = pi.footprint() ?? { rssMib: 0, fds: 0 };
      if (rssMib > RSS_MIB_MAX) found.push(`${pi.name} takes ${Math.round(rssMib)} MiB`);
      if (fds > FDS_MAX) found.push(`${pi.name} has ${fds} files open`);
    }
    found.push(...(await this.goesOn()));
    if (found.length > 0) await this.fail(round, plan, found);
  }

  private async slots(pi: Pi): Promise<ReadonlyMap<string, number> | undefined> {
    let held: ReadonlyMap<string, number> | undefined;
    await within(START_MS_MAX, async () => {
      held = await slotsOf(pi);
      return held !== undefined;
    });
    return held;
  }

  /** Whether each node still takes a reading and all get it. */
  private async goesOn(): Promise<readonly string[]> {
    const { pis } = this.office;
    this.fresh = (this.fresh + 1) % 20;
    const value = 18 + this.fresh * FRESH_STEP;
    const reading = { sensor: "box", kind: "temperature", value };
    for (const pi of pis) {
      let said = "";
      const taken = await within(RECOVERED_MS_MAX, async () => {
        const { status, text } = await pi.ask("POST", "/v1/readings", reading);
        said = `${status} ${text}`;
        return status === 202;
      });
      if (taken === undefined) return [`${pi.name} takes no reading after the round: ${said}`];
    }
    const isEverywhere = async () => {
      const held = await Promise.all(pis.map(slotsOf));
      return held.every((one) => pis.every((_, at) => one?.get(`reading/${at}`) === value));
    };
    const spread = await within(CONVERGED_MS_MAX, isEverywhere);
    if (spread === undefined) return [`${value}, pushed everywhere, never was everywhere`];
    const agreed = await within(CONVERGED_MS_MAX, () => agree(pis));
    if (agreed === undefined) return ["no agreement after the round's last readings"];
    for (const node of pis.keys()) {
      const operation = { does: "reading", slot: node, node, value, atMs: 0 } as const;
      this.ledger.note({ operation, outcome: "acknowledged" });
    }
    this.ledger.settle(() => value);
    return [];
  }

  private async fail(
    round: number,
    plan: RoundPlan | undefined,
    found: readonly string[],
  ): Promise<never> {
    const { pis, visitor } = this.office;
    const name = `watercooler-chaos-${this.plan.seed}-${round}-`;
    const folder = mkdtempSync(join(this.plan.logs, name));
    for (const { name, host } of [...pis, visitor]) {
      writeFileSync(join(folder, `${name}.log`), host.log);
    }
    const shown = [...found, ...(await pictures(pis)), JSON.stringify(plan, undefined, 2)];
    writeFileSync(join(folder, "what.txt"), `${shown.join("\n")}\n`);
    const faults = plan?.faults.map(({ kind, node }) => `${kind} pi-${node}`).join(", ");
    throw new Violation(
      [`round ${round} (${faults}):`, ...found, `logs are in ${folder}`].join("\n  "),
    );
  }
}
