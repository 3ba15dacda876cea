import type { NodeDocument } from "../api/types.ts";
import type { Dated } from "./office.ts";
import { ageNow } from "./use-now.ts";
import { ago } from "./words.ts";

interface Props {
  readonly nodes: ReadonlyMap<string, Dated<NodeDocument>>;
  readonly self: string;
  readonly nowMs: number;
}

const SIGNS = { alive: "●", silent: "✕", retired: "–" } as const;

export function Nodes({ nodes, self, nowMs }: Props) {
  const sorted = [...nodes.values()].sort((left, right) =>
    left.document.name.localeCompare(right.document.name),
  );
  return (
    <section aria-labelledby="nodes-title">
      <h2 id="nodes-title">Nodes</h2>
      {nodes.size <= 1 && (
        <p class="empty">
          This node is alone so far. Others of its mesh on this network are found by themselves.
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Heard</th>
            <th scope="col" class="wide">
              Room
            </th>
            <th scope="col" class="wide">
              Version
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map(({ document, cameMs }) => (
            <tr key={document.id} class={document.state} title={document.id}>
              <th scope="row">
                {document.name}
                {document.id === self && <span class="tag">this node</span>}
              </th>
              <td class="state">
                <span aria-hidden="true">{SIGNS[document.state]}</span> {document.state}
              </td>
              <td>{document.id === self ? "–" : ago(ageNow(document.age_s, cameMs, nowMs))}</td>
              <td class="wide">{document.room}</td>
              <td class="wide">{document.version}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
