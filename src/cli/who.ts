import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, printJson } from "./deps.ts";
import { type PersonDocument, personDocuments } from "./documents.ts";
import { type Cell, paperOf, table } from "./table.ts";
import { ago } from "./words.ts";

/** Who is in, since when, by which device. */
export async function who(deps: CliDeps, asking: Asking): Promise<void> {
  const client = clientOf(deps, asking);
  if (asking.json) return printJson(deps, await client.raw("/v1/people"));
  const people = await client.get("/v1/people", personDocuments);
  if (people.length === 0) {
    return deps.stdout("Nobody said who they are yet: watercooler iam NAME MAC\n");
  }
  const columns = [
    { title: "PERSON" },
    { title: "IN" },
    { title: "SINCE" },
    { title: "ROOM", dropRank: 3 },
    { title: "DEVICE", dropRank: 1 },
    { title: "SEEN" },
    { title: "NOTE", dropRank: 2 },
  ];
  const sorted = [...people].sort((left, right) => Number(right.in) - Number(left.in));
  deps.stdout(table(columns, sorted.map(row), paperOf(deps)));
}

function row({ person, in: isIn, since, room, devices }: PersonDocument): Cell[] {
  const [latest] = [...devices].sort(
    (left, right) => (left.last_seen_s ?? Infinity) - (right.last_seen_s ?? Infinity),
  );
  const seen = latest?.last_seen_s ?? undefined;
  const notes = devices.flatMap(({ mac, conflict }) =>
    conflict.length === 0 ? [] : [`${mac} is ${conflict.join(", ")}'s too`],
  );
  return [
    person,
    isIn ? { text: "yes", tone: "good" } : "no",
    since === null ? "-" : `${since.slice(0, 10)} ${since.slice(11, 16)}Z`,
    room,
    latest?.mac ?? "-",
    seen === undefined ? "never" : ago(seen),
    notes.join("; "),
  ];
}
