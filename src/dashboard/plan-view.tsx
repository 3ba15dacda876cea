import { useEffect, useRef, useState } from "preact/hooks";
import type { PlanDocument, RoomDocument } from "../api/types.ts";
import { roomName } from "./format.ts";
import type { Office } from "./office.ts";
import { pictureOf } from "./plan-picture.ts";
import { refusalText } from "./refusal.ts";
import { roomHref } from "./route.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

/** Somebody else may place rooms too. A guess. */
const AGAIN_MS = 10_000;
/** One press of an arrow key. */
const NUDGE = 0.02;

interface Place {
  readonly x: number;
  readonly y: number;
}

type Arranging = "looking" | "placing";

/** The office as its people know it: rooms where they lie. */
export function PlanView({ office }: { office: Office }) {
  const { texts } = useWords();
  const { plan, look } = usePlan();
  const [moved, setMoved] = useState<Readonly<Record<string, Place>>>({});
  const [arranging, setArranging] = useState<Arranging>("looking");
  const [turn, setTurn] = useState(0);
  const [said, setSaid] = useState("");
  const field = useRef<HTMLDivElement>(null);
  const rooms = [...office.rooms.values()].map(({ document }) => document);
  rooms.sort((left, right) => left.room.localeCompare(right.room));

  const put = async (room: string, place: Place) => {
    setMoved((before) => ({ ...before, [room]: place }));
    const done = await send("PUT", "/v1/plan", { places: { [room]: place } });
    if (!done.ok) setSaid(refusalText(done, texts));
    await look();
    setMoved(({ [room]: _, ...rest }) => rest);
  };
  const draw = async (file: File | undefined) => {
    if (file === undefined) return;
    const picture = await pictureOf(file);
    if (picture === undefined) return setSaid(texts.pictureTooLarge);
    const done = await send("PUT", "/v1/plan/picture", picture);
    setSaid(done.ok ? "" : refusalText(done, texts));
    setTurn((count) => count + 1);
    await look();
  };

  return (
    <section aria-labelledby="plan-title">
      <div class="title">
        <h2 id="plan-title">{texts.floorPlan}</h2>
        <a href="#/">{texts.asCards}</a>
        <button
          type="button"
          class="quiet"
          aria-pressed={arranging === "placing"}
          onClick={() => setArranging(arranging === "placing" ? "looking" : "placing")}
        >
          {arranging === "placing" ? texts.donePlacing : texts.placeRooms}
        </button>
        {arranging === "placing" && (
          <label class="file">
            {texts.choosePicture}{" "}
            <input
              type="file"
              accept="image/svg+xml,image/png,image/webp,image/jpeg"
              onChange={(event) => void draw(event.currentTarget.files?.[0])}
            />
          </label>
        )}
      </div>
      {arranging === "placing" && <p class="soft">{texts.placeHow}</p>}
      <p class="said" role="status">
        {said}
      </p>
      <div class={`plan ${arranging}`} ref={field}>
        {plan.picture === null ? (
          <p class="soft">{texts.noPicture}</p>
        ) : (
          <img src={`${plan.picture}?${turn}`} alt={texts.floorPlan} />
        )}
        {rooms.map((room, at) => (
          <Pin
            key={room.room}
            room={room}
            place={moved[room.room] ?? plan.places[room.room] ?? shelf(at)}
            arranging={arranging}
            field={() => field.current?.getBoundingClientRect()}
            moving={(place) => setMoved((before) => ({ ...before, [room.room]: place }))}
            put={(place) => void put(room.room, place)}
          />
        ))}
      </div>
    </section>
  );
}

function usePlan() {
  const [plan, setPlan] = useState<PlanDocument>({ picture: null, places: {} });
  const look = async () => {
    try {
      const reply = await fetch("/v1/plan");
      if (reply.ok) setPlan((await reply.json()) as PlanDocument);
    } catch {
      // What is shown stays; the header says that the node is gone.
    }
  };
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return { plan, look };
}

interface PinProps {
  readonly room: RoomDocument;
  readonly place: Place;
  readonly arranging: Arranging;
  field(): DOMRect | undefined;
  moving(place: Place): void;
  put(place: Place): void;
}

const KEYS: Readonly<Record<string, Place>> = {
  ArrowLeft: { x: -NUDGE, y: 0 },
  ArrowRight: { x: NUDGE, y: 0 },
  ArrowUp: { x: 0, y: -NUDGE },
  ArrowDown: { x: 0, y: NUDGE },
};

/** A room on the plan: a link to look at, and to be dragged or nudged by arrows when placing. */
function Pin({ room, place, arranging, field, moving, put }: PinProps) {
  const { texts, format } = useWords();
  const { temperature } = room.readings;
  const under = (event: PointerEvent): Place | undefined => {
    const box = field();
    if (box === undefined) return undefined;
    return within({
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
    });
  };
  const target = room.targets.temperature?.value;
  const now = typeof temperature?.value === "number" ? temperature.value : undefined;
  const far = typeof target === "number" && now !== undefined ? now - target : 0;
  const sign = far > 0.3 ? " ▲" : far < -0.3 ? " ▼" : "";
  const text = (
    <>
      <span class="name">{roomName(room.room)}</span>
      {temperature !== undefined && (
        <span class={`value${temperature.stale ? " old" : ""}`}>
          {format.value("temperature", temperature.value)}°{sign}
        </span>
      )}
    </>
  );
  const style = { left: `${place.x * 100}%`, top: `${place.y * 100}%` };
  if (arranging === "looking") {
    return (
      <a class="pin" href={roomHref(room.room)} style={style}>
        {text}
      </a>
    );
  }
  return (
    <button
      type="button"
      class="pin"
      style={style}
      title={texts.movesByArrows(roomName(room.room))}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const at = under(event);
        if (event.currentTarget.hasPointerCapture(event.pointerId) && at !== undefined) moving(at);
      }}
      onPointerUp={(event) => {
        const at = under(event);
        if (at !== undefined) put(at);
      }}
      onKeyDown={(event) => {
        const step = KEYS[event.key];
        if (step === undefined) return;
        event.preventDefault();
        put(within({ x: place.x + step.x, y: place.y + step.y }));
      }}
    >
      {text}
    </button>
  );
}

/** Where rooms wait that nobody placed yet: in rows. */
function shelf(at: number): Place {
  return { x: 0.12 + (at % 5) * 0.19, y: 0.12 + (Math.floor(at / 5) % 6) * 0.15 };
}

function within({ x, y }: Place): Place {
  const edge = (share: number) => Math.min(0.98, Math.max(0.02, share));
  return { x: edge(x), y: edge(y) };
}
