import type { RoomDocument, RoomReadingDocument } from "../api/types.ts";
import type { Dated } from "./office.ts";
import { ageNow } from "./use-now.ts";
import { ago, type Kind, meaning, nameOf, span, unitText, valueText } from "./words.ts";

const ORDER: readonly Kind[] = [
  "humidity",
  "co2",
  "motion",
  "contact",
  "light",
  "sound",
  "pressure",
  "voltage",
  "count",
];

interface Props {
  readonly rooms: ReadonlyMap<string, Dated<RoomDocument>>;
  readonly nowMs: number;
}

export function Rooms({ rooms, nowMs }: Props) {
  const sorted = [...rooms.values()].sort((left, right) =>
    left.document.room.localeCompare(right.document.room),
  );
  const some = sorted.some(({ document }) => Object.keys(document.readings).length > 0);
  return (
    <section id="rooms" aria-labelledby="rooms-title" tabindex={-1}>
      <h2 id="rooms-title">Rooms</h2>
      {!some && (
        <p class="empty">
          No readings yet: give a node a sensor under <code>sensors:</code> in its{" "}
          <code>watercooler.yaml</code>, or try one with <code>platform: simulated</code>.
        </p>
      )}
      <ul class="rooms">
        {sorted.map((room) => (
          <Room key={room.document.room} room={room} nowMs={nowMs} />
        ))}
      </ul>
    </section>
  );
}

function Room({ room, nowMs }: { room: Dated<RoomDocument>; nowMs: number }) {
  const { document, cameMs } = room;
  const { temperature } = document.readings;
  const rest = ORDER.flatMap((kind) => {
    const reading = document.readings[kind];
    return reading === undefined ? [] : [{ kind, reading }];
  });
  const all = [...rest.map(({ reading }) => reading), ...(temperature ? [temperature] : [])];
  const youngest = Math.min(...all.map(({ age_s }) => age_s));
  const ageS = ageNow(youngest, cameMs, nowMs);
  const stale = all.length > 0 && all.every((reading) => reading.stale);
  const simulated = all.some((reading) => reading.simulated);
  return (
    <li class={`room${stale ? " stale" : ""}${simulated ? " simulated" : ""}`}>
      <div class="head">
        <h3>{document.room}</h3>
        {simulated && <span class="tag">simulated</span>}
      </div>
      {temperature !== undefined && (
        <p class={`big${temperature.stale ? " old" : ""}`} title={sourceOf(temperature)}>
          <span class="unseen">Temperature </span>
          <span class="value">{valueText("temperature", temperature.value)}</span>
          <span class="unit"> °C</span>
          {temperature.stale && !stale && <span class="word"> stale</span>}
        </p>
      )}
      <dl>
        {rest.map(({ kind, reading }) => (
          <Line key={kind} kind={kind} reading={reading} room={stale ? "stale" : "fresh"} />
        ))}
      </dl>
      {document.advice.map((text) => (
        <p key={text} class="advice">
          {text}
        </p>
      ))}
      <p class="age">
        {all.length === 0 && "no readings yet"}
        {all.length > 0 && !stale && ago(ageS)}
        {stale && <b>stale: nothing new for {span(ageS)}</b>}
      </p>
    </li>
  );
}

interface LineProps {
  readonly kind: Kind;
  readonly reading: RoomReadingDocument;
  readonly room: "stale" | "fresh";
}

function Line({ kind, reading, room }: LineProps) {
  const said = meaning(kind, reading.value);
  return (
    <div class={reading.stale ? "old" : undefined} title={sourceOf(reading)}>
      <dt>{nameOf(kind)}</dt>
      <dd>
        {said !== undefined && !reading.stale && (
          <span class={`word ${said.grade}`}>{said.word} </span>
        )}
        {reading.stale && room === "fresh" && <span class="word">stale </span>}
        <span class="value">{valueText(kind, reading.value)}</span> {unitText(reading.unit)}
      </dd>
    </div>
  );
}

function sourceOf({ sensor, at }: RoomReadingDocument): string {
  return `${sensor}, ${new Date(at).toLocaleString()}`;
}
