import { render } from "preact";
import type { NodeListItem, RoomDocument, RoomReading, Snapshot } from "../api/types.ts";
import { type Connection, follow } from "./live.ts";
import { OverlayPicture } from "./overlay-picture.tsx";
import "./page.css";

const UNITS: Readonly<Record<string, string>> = { degC: "°C", percent: "%", "1": "", boolean: "" };
const SMALL_KINDS = ["humidity", "co2", "sound", "pressure", "light"] as const;
const LINES: Readonly<Record<Connection, string>> = {
  connecting: "… connecting",
  live: "● live",
  lost: "○ this Pi does not answer; trying again",
};

function Page({ state, line }: { state: Snapshot | undefined; line: Connection }) {
  const nodes = state?.nodes ?? [];
  const alive = nodes.filter((node) => node.state === "alive").length;
  return (
    <>
      <header>
        <h1>Watercooler</h1>
        <p class={`line ${line}`} role="status" aria-live="polite">
          {LINES[line]}
        </p>
        {state && (
          <p class="facts">
            {alive} of {nodes.length} nodes alive · seen from {state.node.name} · state{" "}
            <code>{state.mesh.digest.slice(0, 8)}</code>
          </p>
        )}
      </header>
      <main>
        <section aria-labelledby="rooms">
          <h2 id="rooms">Rooms</h2>
          {state?.rooms.length === 0 && (
            <p class="empty">No readings yet: add sensors to watercooler.yaml.</p>
          )}
          <div class="cards">
            {state?.rooms.map((room) => (
              <Room key={room.room} room={room} />
            ))}
          </div>
        </section>
        <div class="mesh">
          <section aria-labelledby="nodes">
            <h2 id="nodes">Nodes</h2>
            <Nodes nodes={nodes} self={state?.node.id ?? ""} />
          </section>
          <section aria-labelledby="overlay">
            <h2 id="overlay">Overlay</h2>
            {nodes.length > 0 && <OverlayPicture nodes={nodes} self={state?.node.id ?? ""} />}
          </section>
        </div>
      </main>
    </>
  );
}

function Room({ room }: { room: RoomDocument }) {
  const { temperature, ...others } = room.readings;
  const all = Object.values(room.readings);
  const stale = all.length > 0 && all.every((reading) => reading.stale);
  const words = [
    stale ? "stale" : "",
    all.some((reading) => reading.simulated) ? "simulated" : "",
  ].filter(Boolean);
  return (
    <article class={stale ? "card stale" : "card"}>
      <h3>{room.room}</h3>
      <p class="large">{temperature ? quantity(temperature) : "–"}</p>
      <dl>
        {SMALL_KINDS.map((kind) => {
          const reading = others[kind];
          return reading ? (
            <div key={kind}>
              <dt>{kind}</dt>
              <dd>{quantity(reading)}</dd>
            </div>
          ) : null;
        })}
        {room.occupancy.motion !== null && (
          <div>
            <dt>motion</dt>
            <dd>{room.occupancy.motion ? "● yes" : "○ no"}</dd>
          </div>
        )}
      </dl>
      <p class="note">{[age(all), ...words].filter(Boolean).join(" · ")}</p>
    </article>
  );
}

function Nodes({ nodes, self }: { nodes: readonly NodeListItem[]; self: string }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Room</th>
          <th scope="col">State</th>
          <th scope="col">Links</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <tr key={node.id} class={node.state}>
            <th scope="row">{node.id === self ? `${node.name} (this one)` : node.name}</th>
            <td>{node.room}</td>
            <td>{node.state === "alive" ? "● alive" : `○ ${node.state}`}</td>
            <td>{node.links.length}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function quantity({ value, unit }: RoomReading): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const digits = unit === "degC" ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? unit}`.trim();
}

function age(readings: readonly RoomReading[]): string {
  if (readings.length === 0) return "no readings yet";
  const seconds = Math.min(...readings.map((reading) => reading.age_s));
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  return seconds < 7_200
    ? `${Math.round(seconds / 60)} min ago`
    : `${Math.round(seconds / 3_600)} h ago`;
}

const root = document.getElementById("page");
if (root !== null) follow((state, line) => render(<Page state={state} line={line} />, root));
