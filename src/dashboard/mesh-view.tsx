import type { MeshDocument, NodeDocument } from "../api/types.ts";
import { DemoCut } from "./demo-cut.tsx";
import { roomName } from "./format.ts";
import { memo } from "./memo.ts";
import type { Dated, Office } from "./office.ts";
import { Overlay } from "./overlay.tsx";
import { Pending } from "./pending.tsx";
import { ageNow, useTicking } from "./use-now.ts";
import { useWords } from "./words.ts";

const SIGNS = { alive: "●", silent: "✕", retired: "–" } as const;

/** Who talks to whom, and how each node is. */
export function MeshView({ office }: { office: Office }) {
  const { texts } = useWords();
  const sorted = [...office.nodes.values()].sort((left, right) =>
    left.document.name.localeCompare(right.document.name),
  );
  const sensors = sensorsByNode(office);
  return (
    <>
      <Pending />
      <section aria-labelledby="overlay-title">
        <h2 id="overlay-title">{texts.whoTalks}</h2>
        {office.nodes.size <= 1 && <p class="empty">{texts.alone}</p>}
        <DemoCut />
        <Overlay nodes={office.nodes} mesh={office.mesh} />
      </section>
      <section aria-labelledby="nodes-title">
        <h2 id="nodes-title">{texts.nodes}</h2>
        <ul class="nodes">
          {sorted.map((node) => (
            <NodeCard
              key={node.document.id}
              node={node}
              mesh={office.mesh}
              sensors={sensors.get(node.document.id) ?? 0}
            />
          ))}
        </ul>
      </section>
    </>
  );
}

interface CardProps {
  readonly node: Dated<NodeDocument>;
  readonly mesh: MeshDocument;
  readonly sensors: number;
}

const NodeCard = memo(function Card({ node, mesh, sensors }: CardProps) {
  const { texts, format } = useWords();
  const { document, cameMs } = node;
  const isSelf = document.id === mesh.self;
  const link = mesh.links.find(({ id }) => id === document.id);
  const heard = useTicking((nowMs) => format.ago(ageNow(document.age_s, cameMs, nowMs)));
  const [page] = document.api;
  return (
    <li class={`node ${document.state}`} title={document.id}>
      <div class="head">
        <h3>{document.name}</h3>
        {isSelf && <span class="tag">{texts.thisNode}</span>}
      </div>
      <p class="state">
        <span aria-hidden="true">{SIGNS[document.state]}</span> {texts.states[document.state]}
        {!isSelf && <span class="soft"> · {heard}</span>}
      </p>
      <dl>
        <Fact name={texts.room} value={roomName(document.room)} />
        <Fact name={texts.sensors} value={String(sensors)} />
        <Fact name={texts.version} value={document.version} />
        {link !== undefined && (
          <Fact
            name={texts.latency}
            value={link.rtt_ms === null ? "…" : `${format.number(link.rtt_ms, 1)} ms`}
          />
        )}
        {!isSelf && document.state === "alive" && (
          <Fact name={texts.path} value={texts.paths[pathOf(document.id, mesh)]} />
        )}
      </dl>
      {!isSelf && page !== undefined && /^https?:\/\/[\w.:[\]-]+\/?$/.test(page) && (
        <p>
          <a href={page}>{texts.openPage(document.name)}</a>
        </p>
      )}
    </li>
  );
});

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** How news goes between this node and another one. */
function pathOf(id: string, mesh: MeshDocument): "eager" | "lazy" | "relayed" {
  if (mesh.broadcast.eager.includes(id)) return "eager";
  return mesh.active.includes(id) ? "lazy" : "relayed";
}

/** Sensors that a node is known by: its own list is its own, of others it is what they told. */
function sensorsByNode({ rooms, self }: Office): ReadonlyMap<string, number> {
  const names = new Map<string, Set<string>>();
  for (const { document } of rooms.values()) {
    for (const { node, sensor } of Object.values(document.readings)) {
      names.set(node, (names.get(node) ?? new Set()).add(sensor));
    }
  }
  const counts = new Map([...names].map(([id, set]) => [id, set.size]));
  return counts.set(self.id, self.sensors.length);
}
