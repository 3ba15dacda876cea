import { useEffect, useState } from "preact/hooks";
import type { SelfDocument, SensorDocument } from "../api/types.ts";
import { FoundSensors } from "./found-sensors.tsx";
import { Invite } from "./invite.tsx";
import type { Office } from "./office.ts";
import { refusalText } from "./refusal.ts";
import { signedFetch } from "./signed-fetch.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

/** As long as a node's record lets a name be. */
const NAME_LENGTH_MAX = 63;
/** Who wires a sensor looks at its values: they are asked for so often. A guess. */
const AGAIN_MS = 2_000;

/** The first steps of a Pi: what it is called, what is on its buses, and the next one. */
export function SetupView({ office }: { office: Office }) {
  const { texts } = useWords();
  const { self } = office;
  const sensors = useSensors(self);
  return (
    <>
      <section aria-labelledby="this-title">
        <h2 id="this-title">{texts.thisPi}</h2>
        <Names self={self} rooms={[...office.rooms.keys()].sort()} />
      </section>
      <section aria-labelledby="found-title">
        <h2 id="found-title">{texts.itsSensors}</h2>
        {sensors.length === 0 && <p class="empty">{texts.nothingFound}</p>}
        <ul class="nodes">
          {sensors.map((sensor) => (
            <Sensor key={sensor.name} sensor={sensor} />
          ))}
        </ul>
      </section>
      <FoundSensors node={self.id} />
      <Invite />
    </>
  );
}

/** This Pi's sensors as they are now; the live socket tells of them more seldom. */
function useSensors(self: SelfDocument): readonly SensorDocument[] {
  const [sensors, setSensors] = useState(self.sensors);
  useEffect(() => setSensors(self.sensors), [self.sensors]);
  useEffect(() => {
    let gone = false;
    const look = async () => {
      try {
        const reply = await signedFetch("/v1/node", { method: "GET" });
        if (!reply.ok) return;
        const told = (await reply.json()) as SelfDocument;
        if (!gone && told.id === self.id) setSensors(told.sensors);
      } catch {
        // What is shown stays; the header says that the node is gone.
      }
    };
    const timer = setInterval(() => void look(), AGAIN_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [self.id]);
  return sensors;
}

function Sensor({ sensor }: { sensor: SensorDocument }) {
  const { texts, format } = useWords();
  const { name, platform, state, error, values } = sensor;
  return (
    <li class={`node ${state === "failing" ? "silent" : "alive"}`}>
      <div class="head">
        <h3>{name}</h3>
        <span class="tag">{platform}</span>
      </div>
      <p class="state">
        <span aria-hidden="true">{state === "failing" ? "✕" : "●"}</span>{" "}
        {texts.sensorStates[state]}
      </p>
      {error !== null && <p>{error}</p>}
      <dl>
        {values.map(({ sensor: part, kind, unit, raw, value }) => (
          <div key={`${part} ${kind}`}>
            <dt>{texts.kinds[kind]}</dt>
            <dd>
              <b>{format.value(kind, value ?? raw)}</b> {format.unit(unit)}
            </dd>
          </div>
        ))}
      </dl>
      {values.length === 0 && state !== "failing" && <p class="soft">{texts.noReadings}</p>}
    </li>
  );
}

/** Name and room: kept by the node itself over its configuration. */
function Names({ self, rooms }: { self: SelfDocument; rooms: readonly string[] }) {
  const { texts } = useWords();
  const [name, setName] = useState(self.name);
  const [room, setRoom] = useState(self.room);
  const [said, setSaid] = useState("");
  useEffect(() => {
    setName(self.name);
    setRoom(self.room);
  }, [self.name, self.room]);
  const save = async () => {
    const done = await send("PUT", "/v1/node", { name: slug(name), room: slug(room) });
    setSaid(done.ok ? texts.saved : refusalText(done, texts));
  };
  return (
    <form
      class="panel names"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label for="node-name">{texts.itsName}</label>
      <input
        id="node-name"
        value={name}
        maxLength={NAME_LENGTH_MAX}
        autocomplete="off"
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <label for="node-room">{texts.itsRoom}</label>
      <input
        id="node-room"
        value={room}
        maxLength={NAME_LENGTH_MAX}
        autocomplete="off"
        list="known-rooms"
        onInput={(event) => setRoom(event.currentTarget.value)}
      />
      <datalist id="known-rooms">
        {rooms.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
      <button type="submit" disabled={slug(name) === "" || slug(room) === ""}>
        {texts.save}
      </button>
      <p class="said" role="status">
        {said}
      </p>
      <dl class="facts">
        <div>
          <dt>{texts.version}</dt>
          <dd>{self.version}</dd>
        </div>
        <div>
          <dt>{texts.addresses}</dt>
          <dd>{self.addresses.join(", ")}</dd>
        </div>
        <div>
          <dt>{texts.identity}</dt>
          <dd>
            <code>{self.id}</code>
          </dd>
        </div>
      </dl>
    </form>
  );
}

/** What people type as the name that commands take: "Meeting Room" is "meeting-room". */
function slug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9._]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
