import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, printJson } from "./deps.ts";
import { deviceDocuments, nodeDocuments } from "./documents.ts";
import { type Cell, paperOf, table } from "./table.ts";
import { ago, shortId } from "./words.ts";

/** The MAC-to-IP map, a device a line. */
export async function network(deps: CliDeps, asking: Asking): Promise<void> {
  const client = clientOf(deps, asking);
  if (asking.json) return printJson(deps, await client.raw("/v1/network"));
  const [devices, nodes] = await Promise.all([
    client.get("/v1/network", deviceDocuments),
    client.get("/v1/nodes", nodeDocuments),
  ]);
  if (devices.length === 0) {
    return deps.stdout("No device has been seen yet: nodes look every half minute.\n");
  }
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const columns = [
    { title: "MAC" },
    { title: "IP" },
    { title: "HOST", dropRank: 2 },
    { title: "PERSON" },
    { title: "SEEN BY", dropRank: 1 },
    { title: "AGE" },
  ];
  const rows = devices.map(({ mac, ip, ips, hostname, person, seen_by, age_s }): Cell[] => [
    mac,
    ips.length > 1 ? `${ip} +${ips.length - 1}` : ip,
    hostname ?? "",
    person ?? "",
    seen_by.map((id) => names.get(id) ?? shortId(id)).join(", "),
    ago(age_s),
  ]);
  deps.stdout(table(columns, rows, paperOf(deps)));
}
