import { type Command, InvalidArgumentError } from "commander";
import type { CliDeps } from "./deps.ts";
import { whole } from "./whole.ts";

/** What the papers use; more fits into memory, and takes its time. */
const NODES_MAX = 20_000;
const SEED_MAX = 2 ** 31;
const SEEDS_DEFAULT = 20;
const SEEDS_MAX = 1_000_000;

interface Arguments {
  readonly nodes?: number;
  readonly seed?: number;
  readonly seeds?: number;
  readonly scenario?: string;
  readonly only?: readonly number[];
  readonly svg?: string;
  readonly log?: true;
  readonly json?: true;
}

/** The simulator's command. */
export function addSim(program: Command, deps: CliDeps, finish: (code: number) => void): void {
  program
    .command("sim")
    .description("simulate meshes, with faults: random histories, or one that has a name")
    .option("--nodes <n>", "how many nodes", whole(1, NODES_MAX))
    .option("--seed <s>", "the first seed; alone, it replays that one history", whole(0, SEED_MAX))
    .option("--seeds <n>", `how many histories (default: ${SEEDS_DEFAULT})`, whole(1, SEEDS_MAX))
    .option("--scenario <name>", 'one that has a name; "list" prints them')
    .option("--only <places>", "of a replayed history's faults only these, such as 0,3", places)
    .option("--svg <file>", "where office-day draws its picture")
    .option("--log", "print the event log of a single history")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nExamples:\n  watercooler sim --seeds 300" +
        "\n  watercooler sim --nodes 200 --scenario office-day --svg office.svg",
    )
    .action(async (given: Arguments) => {
      const { nodes, scenario, svg, only } = given;
      finish(
        await deps.simulate({
          nodes,
          scenario,
          svg,
          only,
          seed: given.seed ?? 1,
          seeds: given.seeds ?? (given.seed === undefined ? SEEDS_DEFAULT : 1),
          output: given.json === true ? "json" : "text",
          log: given.log === true ? "events" : "quiet",
        }),
      );
    });
}

function places(text: string): readonly number[] {
  if (text === "none") return [];
  const list = text.split(",").map(Number);
  if (list.every((place) => Number.isInteger(place) && place >= 0)) return list;
  throw new InvalidArgumentError('it must be places such as 0,3, or "none".');
}
