import { useEffect, useMemo, useState } from "preact/hooks";
import type { RoomDocument } from "../api/types.ts";
import { Chart, LINES_MAX } from "./chart.tsx";
import { type Kind, roomName } from "./format.ts";
import { type HistoryQuery, historyHref, loadSeries } from "./history.ts";
import type { Office } from "./office.ts";
import { Choice } from "./preferences.tsx";
import { presenceText } from "./presence.ts";
import { refusalText } from "./refusal.ts";
import { ORDER } from "./room-card.tsx";
import type { Line } from "./series-lines.ts";
import { Target } from "./target.tsx";
import { useWords } from "./words.ts";
import { send } from "./write.ts";
import "uplot/dist/uPlot.min.css";

const RANGES = {
  hour: { spanS: 3_600, stepS: 60 },
  day: { spanS: 86_400, stepS: 600 },
  week: { spanS: 7 * 86_400, stepS: 3_600 },
  month: { spanS: 30 * 86_400, stepS: 14_400 },
} as const;

export type Range = keyof typeof RANGES;

/** What a step may be, in seconds; more points than a screen has dots say nothing more. */
const STEPS_S = [60, 300, 600, 3_600, 14_400, 86_400] as const;
const POINTS_MAX = 800;
const POINTS_MIN = 6;
/** A chart is asked for anew so often. A guess: nobody waits for the next dot. */
const AGAIN_MS = 60_000;

/** One room by itself: what it is like now, how it was, and beside others. */
export function RoomView({ office, room }: { office: Office; room: string }) {
  const { texts } = useWords();
  const document = office.rooms.get(room)?.document;
  if (document === undefined) {
    return (
      <p class="empty">
        {texts.noRoom(room)} <a href="#/">{texts.rooms}</a>
      </p>
    );
  }
  const others = [...office.rooms.keys()].filter((name) => name !== room).sort();
  return (
    <>
      <Now document={document} />
      <History key={room} document={document} others={others} />
    </>
  );
}

function Now({ document }: { document: RoomDocument }) {
  const { texts, format } = useWords();
  const { readings, targets } = document;
  const now = readings.temperature;
  const presence = presenceText(document, texts);
  const { likelihood } = document.occupancy;
  const known = (["temperature", ...ORDER] as const).flatMap((kind) => {
    const reading = readings[kind];
    return reading === undefined ? [] : [[kind, reading] as const];
  });
  return (
    <section aria-labelledby="room-title">
      <div class="title">
        <h2 id="room-title">{roomName(document.room)}</h2>
        <a href="#/">{texts.allRooms}</a>
      </div>
      <div class="panel room-now">
        <dl>
          {known.map(([kind, { value, unit, sensor, stale, simulated, age_s }]) => (
            <div key={kind} class={stale ? "old" : undefined}>
              <dt>{texts.kinds[kind]}</dt>
              <dd>
                <span class="value">{format.value(kind, value)}</span> {format.unit(unit)}
              </dd>
              <dd class="source">
                {sensor} · {stale ? texts.staleFor(format.span(age_s)) : format.ago(age_s)}
                {simulated && ` · ${texts.simulated}`}
              </dd>
            </div>
          ))}
          {presence !== undefined && (
            <div class="presence">
              <dt>{texts.presence}</dt>
              <dd>{presence}</dd>
              <dd class="source">
                {likelihood !== null && texts.likelihood(format.number(likelihood * 100, 0))}
              </dd>
            </div>
          )}
        </dl>
        <div>
          <Target
            room={document.room}
            target={targets.temperature}
            now={typeof now?.value === "number" && !now.stale ? now.value : undefined}
          />
          {targets.temperature !== undefined && <Clear room={document.room} />}
        </div>
      </div>
    </section>
  );
}

function Clear({ room }: { room: string }) {
  const { texts } = useWords();
  const [refusal, setRefusal] = useState("");
  const clear = async () => {
    const done = await send("DELETE", `/v1/targets/${encodeURIComponent(room)}/temperature`);
    setRefusal(done.ok ? "" : refusalText(done, texts));
  };
  return (
    <p class="clear">
      <button type="button" class="quiet" onClick={() => void clear()}>
        {texts.clearTarget}
      </button>
      {refusal !== "" && <span role="alert"> {refusal}</span>}
    </p>
  );
}

type Loaded = readonly Line[] | "loading" | "none" | "failed";

function History({ document, others }: { document: RoomDocument; others: readonly string[] }) {
  const { texts } = useWords();
  const kinds = (["temperature", ...ORDER] as const).filter(
    (one) => document.readings[one] !== undefined,
  );
  const [kind, setKind] = useState<Kind>(
    kinds.includes("temperature") ? "temperature" : (kinds[0] ?? "temperature"),
  );
  const [range, setRange] = useState<Range>("day");
  const [stepS, setStepS] = useState<number>(RANGES.day.stepS);
  const [beside, setBeside] = useState<readonly string[]>([]);
  const { spanS } = RANGES[range];
  const query = { kind, spanS, stepS };
  const rooms = [document.room, ...beside];
  const { loaded, span } = useLines(rooms, query);
  const steps = STEPS_S.filter((step) => spanS / step <= POINTS_MAX && spanS / step >= POINTS_MIN);
  const aim = document.targets[kind]?.value;
  return (
    <section aria-labelledby="history-title">
      <h2 id="history-title">{texts.history}</h2>
      <div class="controls">
        <Choice
          title={texts.what}
          choices={kinds.map((value) => ({ value, text: texts.kinds[value] }))}
          chosen={kind}
          choose={(value) => setKind(value)}
        />
        <Choice
          title={texts.range}
          choices={(Object.keys(RANGES) as Range[]).map((value) => ({
            value,
            text: texts.ranges[value],
          }))}
          chosen={range}
          choose={(chosen) => {
            setRange(chosen);
            setStepS(RANGES[chosen].stepS);
          }}
        />
        <Choice
          title={texts.step}
          choices={steps.map((value) => ({ value: String(value), text: stepText(value) }))}
          chosen={String(stepS)}
          choose={(value) => setStepS(Number(value))}
        />
        <Compare others={others} beside={beside} choose={setBeside} />
      </div>
      <div class="panel charted" aria-busy={loaded === "loading"}>
        {typeof loaded === "string" ? (
          <p class="soft">{texts.historyStates[loaded]}</p>
        ) : (
          <Chart
            kind={kind}
            lines={loaded}
            target={typeof aim === "number" ? aim : undefined}
            span={span}
          />
        )}
      </div>
      {typeof loaded !== "string" && (
        <div class="actions">
          {rooms.map((room) => (
            <CsvButton key={room} query={{ ...query, room }} />
          ))}
        </div>
      )}
      {typeof loaded !== "string" && <AsTable lines={loaded} kind={kind} />}
    </section>
  );
}

/** The rooms' series, asked for at once and then again from time to time. */
function useLines(rooms: readonly string[], { kind, spanS, stepS }: Omit<HistoryQuery, "room">) {
  const [loaded, setLoaded] = useState<Loaded>("loading");
  const [turn, setTurn] = useState(0);
  const names = rooms.join("\n");
  useEffect(() => {
    const timer = setInterval(() => setTurn((count) => count + 1), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    let gone = false;
    const asked = names.split("\n");
    void Promise.all(asked.map((room) => loadSeries({ room, kind, spanS, stepS }))).then((all) => {
      if (gone) return;
      const failure = all.find((one) => typeof one === "string");
      if (typeof failure === "string") return setLoaded(failure);
      setLoaded(
        all.flatMap((series, at) =>
          typeof series === "string" ? [] : [{ room: asked[at] ?? "", series }],
        ),
      );
    });
    return () => {
      gone = true;
    };
  }, [names, kind, spanS, stepS, turn]);
  const span = useMemo((): readonly [number, number] => {
    const endS = Date.now() / 1_000;
    return [endS - spanS, endS];
  }, [loaded, spanS]);
  return { loaded, span };
}

interface CompareProps {
  readonly others: readonly string[];
  readonly beside: readonly string[];
  choose(rooms: readonly string[]): void;
}

function Compare({ others, beside, choose }: CompareProps) {
  const { texts } = useWords();
  const left = others.filter((name) => !beside.includes(name));
  return (
    <fieldset class="choice">
      <legend>{texts.compare}</legend>
      {beside.map((name) => (
        <button
          key={name}
          type="button"
          class="quiet"
          aria-label={texts.without(roomName(name))}
          onClick={() => choose(beside.filter((one) => one !== name))}
        >
          {roomName(name)} ×
        </button>
      ))}
      {beside.length < LINES_MAX - 1 && left.length > 0 && (
        <select
          aria-label={texts.compare}
          value=""
          onChange={(event) => choose([...beside, event.currentTarget.value])}
        >
          <option value="">{texts.addRoom}</option>
          {left.map((name) => (
            <option key={name} value={name}>
              {roomName(name)}
            </option>
          ))}
        </select>
      )}
    </fieldset>
  );
}

function CsvButton({ query }: { query: HistoryQuery }) {
  const { texts } = useWords();
  const [failed, setFailed] = useState(false);
  const save = async () => {
    try {
      const reply = await fetch(historyHref(query), { headers: { accept: "text/csv" } });
      if (!reply.ok) throw new Error(reply.statusText);
      const link = globalThis.document.createElement("a");
      link.href = URL.createObjectURL(await reply.blob());
      link.download = `${query.room}-${query.kind}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <button type="button" class="quiet" onClick={() => void save()}>
      {failed ? texts.noAnswer : `CSV · ${roomName(query.room)}`}
    </button>
  );
}

/** The same for who can't see a chart. */
function AsTable({ lines, kind }: { lines: readonly Line[]; kind: Kind }) {
  const { texts, format } = useWords();
  const [open, setOpen] = useState(false);
  const text = (value: number | null) => (value === null ? "–" : format.value(kind, value));
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{texts.asTable}</summary>
      {open &&
        lines.map(({ room, series }) => (
          <table key={room}>
            <caption>
              {roomName(room)}, {texts.kinds[kind]}, {format.unit(series.unit)}
            </caption>
            <thead>
              <tr>
                <th scope="col">{texts.time}</th>
                <th scope="col">{texts.mean}</th>
                <th scope="col">{texts.least}</th>
                <th scope="col">{texts.most}</th>
              </tr>
            </thead>
            <tbody>
              {series.points.map(([at, mean, least, most]) => (
                <tr key={at}>
                  <th scope="row">{format.clock(new Date(at * 1_000).toISOString())}</th>
                  <td>{text(mean)}</td>
                  <td>{text(least)}</td>
                  <td>{text(most)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
    </details>
  );
}

function stepText(seconds: number): string {
  if (seconds < 3_600) return `${seconds / 60} min`;
  return seconds < 86_400 ? `${seconds / 3_600} h` : `${seconds / 86_400} d`;
}
