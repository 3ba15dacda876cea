import type { RoomDocument, RoomReadingDocument } from "../api/types.ts";
import { gradeOf, type Kind, roomName } from "./format.ts";
import { Icon, isIcon } from "./icon.tsx";
import { memo } from "./memo.ts";
import type { Dated } from "./office.ts";
import { presenceText } from "./presence.ts";
import { roomHref } from "./route.ts";
import { Spark } from "./spark.tsx";
import { Target } from "./target.tsx";
import { ageNow, useTicking } from "./use-now.ts";
import { useWords } from "./words.ts";

/** The kinds of a room in the order of what people ask for; temperature comes before them. */
export const ORDER: readonly Kind[] = [
  "humidity",
  "co2",
  "sound",
  "motion",
  "contact",
  "light",
  "pressure",
  "voltage",
  "count",
];

interface Props {
  readonly room: Dated<RoomDocument>;
  /** Who is in this room, as one text: it is compared as such. */
  readonly people: string;
}

/** One room now. Drawn anew only when it changed: an office may have two hundred. */
export const RoomCard = memo(function Card({ room, people }: Props) {
  const { texts } = useWords();
  const { document } = room;
  const { temperature } = document.readings;
  const rest = ORDER.flatMap((kind) => {
    const reading = document.readings[kind];
    return reading === undefined ? [] : [{ kind, reading }];
  });
  const all = [...rest.map(({ reading }) => reading), ...(temperature ? [temperature] : [])];
  const stale = all.length > 0 && all.every((reading) => reading.stale);
  const simulated = all.some((reading) => reading.simulated);
  const target = document.targets.temperature;
  const aim = typeof target?.value === "number" ? target.value : undefined;
  const now = freshNumber(temperature);
  const presence = presenceText(document, texts);
  return (
    <li class={`room${stale ? " stale" : ""}${simulated ? " simulated" : ""}`}>
      <div class="head">
        <h3>
          <a href={roomHref(document.room)}>{roomName(document.room)}</a>
        </h3>
        {simulated && <span class="tag">{texts.simulated}</span>}
      </div>
      {(temperature !== undefined || aim !== undefined) && (
        <div class="now">
          {temperature !== undefined && (
            <Big reading={temperature} roomIs={stale ? "stale" : "fresh"} />
          )}
          <Target room={document.room} target={target} now={now} />
        </div>
      )}
      {temperature !== undefined && <Spark room={document.room} target={aim} />}
      {rest.length > 0 && (
        <dl>
          {rest.map(({ kind, reading }) => (
            <Line key={kind} kind={kind} reading={reading} roomIs={stale ? "stale" : "fresh"} />
          ))}
        </dl>
      )}
      {presence !== undefined && (
        <p class="here">
          <Icon name="office" />
          <span class="unseen">{texts.presence} </span>
          {presence}
        </p>
      )}
      {people !== "" && (
        <p class="here">
          <Icon name="people" />
          <span class="unseen">{texts.inThisRoom} </span>
          {people}
        </p>
      )}
      {document.advice.map((text) => (
        <p key={text} class="advice">
          {text}
        </p>
      ))}
      <Age readings={all} cameMs={room.cameMs} stale={stale ? "stale" : "fresh"} />
    </li>
  );
});

interface Told {
  readonly reading: RoomReadingDocument;
  /** A stale room says so once, not in each line. */
  readonly roomIs: "stale" | "fresh";
}

function Big({ reading, roomIs }: Told) {
  const { texts, format } = useWords();
  return (
    <p class={`big${reading.stale ? " old" : ""}`} title={sourceOf(reading)}>
      <span class="unseen">{texts.kinds.temperature} </span>
      <span class="value">{format.value("temperature", reading.value)}</span>
      <span class="unit"> {format.degrees}</span>
      {reading.stale && roomIs === "fresh" && <span class="word"> {texts.stale}</span>}
    </p>
  );
}

function Line({ kind, reading, roomIs }: Told & { readonly kind: Kind }) {
  const { texts, format } = useWords();
  const grade = reading.stale ? undefined : gradeOf(kind, reading.value);
  return (
    <div class={reading.stale ? "old" : undefined} title={sourceOf(reading)}>
      <dt>
        {isIcon(kind) && <Icon name={kind} />} {texts.kinds[kind]}
      </dt>
      <dd>
        <span class="amount">
          <span class="value">{format.value(kind, reading.value)}</span> {format.unit(reading.unit)}
        </span>
        {grade !== undefined && <span class={`word ${grade}`}> {texts.air[grade]}</span>}
        {reading.stale && roomIs === "fresh" && <span class="word"> {texts.stale}</span>}
      </dd>
    </div>
  );
}

interface AgeProps {
  readonly readings: readonly RoomReadingDocument[];
  readonly cameMs: number;
  readonly stale: "stale" | "fresh";
}

function Age({ readings, cameMs, stale }: AgeProps) {
  const { texts, format } = useWords();
  const youngest = Math.min(...readings.map(({ age_s }) => age_s));
  const text = useTicking((nowMs) => {
    if (readings.length === 0) return texts.noReadings;
    const ageS = ageNow(youngest, cameMs, nowMs);
    return stale === "stale" ? texts.staleFor(format.span(ageS)) : format.ago(ageS);
  });
  return <p class="age">{stale === "stale" ? <b>{text}</b> : text}</p>;
}

function freshNumber(reading: RoomReadingDocument | undefined): number | undefined {
  return typeof reading?.value === "number" && !reading.stale ? reading.value : undefined;
}

function sourceOf({ sensor, at }: RoomReadingDocument): string {
  return `${sensor}, ${new Date(at).toLocaleString()}`;
}
