import type { PersonDocument } from "../api/types.ts";
import { roomName } from "./format.ts";
import { MyPhone } from "./my-phone.tsx";
import type { Office } from "./office.ts";
import { useWords } from "./words.ts";

/** A device that moved within this may still be about; older ones say nothing of now. */
const ABOUT_S_MAX = 900;

/** People first who are in, each group by name. */
function sortedPeople(office: Office): readonly PersonDocument[] {
  return [...office.people.values()]
    .map(({ document }) => document)
    .sort(
      (left, right) =>
        Number(right.in) - Number(left.in) || left.person.localeCompare(right.person),
    );
}

function roomOf(person: PersonDocument): string | undefined {
  const room = "room" in person ? person.room : undefined;
  return typeof room === "string" ? room : undefined;
}

/** The names of who is in, by room. */
export function peopleByRoom(office: Office): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const person of sortedPeople(office)) {
    const room = roomOf(person);
    if (room === undefined || !person.in) continue;
    const others = found.get(room);
    found.set(room, others === undefined ? person.person : `${others}, ${person.person}`);
  }
  return found;
}

/** Devices that nobody said are theirs: told as a number alone. */
function unknownDevices(office: Office): number {
  return [...office.devices.values()].filter(
    ({ document }) => document.person === undefined && document.age_s < ABOUT_S_MAX,
  ).length;
}

/** Who is in, in one line on the first page. */
export function InNow({ office }: { office: Office }) {
  const { texts } = useWords();
  const inside = sortedPeople(office).filter((person) => person.in);
  const unknown = unknownDevices(office);
  return (
    <section class="in-now" aria-labelledby="in-title">
      <h2 id="in-title">{texts.whosIn}</h2>
      <p>
        {inside.map(({ person }) => (
          <span key={person} class="chip">
            <Initials name={person} /> {person}
          </span>
        ))}
        {inside.length === 0 && <span class="soft">{texts.nobodyKnown}</span>}
        {unknown > 0 && <span class="soft">{texts.unknownDevices(unknown)}</span>}
        <a href="#/people">{texts.thisIsMyPhone}</a>
      </p>
    </section>
  );
}

function Initials({ name }: { name: string }) {
  const parts = name.split(/\s+/).filter((part) => part !== "");
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined]
    .map((part) => (part === undefined ? "" : ([...part][0] ?? "")))
    .join("");
  return (
    <span class="initials" aria-hidden="true">
      {letters.toUpperCase()}
    </span>
  );
}

/** Who is in and since when, and how to be one of them. */
export function PeopleView({ office }: { office: Office }) {
  const { texts } = useWords();
  const people = sortedPeople(office);
  const unknown = unknownDevices(office);
  const inside = people.filter((person) => person.in).length;
  return (
    <>
      <section aria-labelledby="people-title">
        <div class="title">
          <h2 id="people-title">{texts.whosIn}</h2>
          <p class="soft">
            {texts.peopleIn(inside)}
            {unknown > 0 && ` · ${texts.unknownDevices(unknown)}`}
          </p>
        </div>
        {people.length === 0 && <p class="empty">{texts.nobodyTied}</p>}
        <ul class="people">
          {people.map((person) => (
            <Person key={person.person} person={person} />
          ))}
        </ul>
      </section>
      <MyPhone />
    </>
  );
}

function Person({ person }: { person: PersonDocument }) {
  const { texts, format } = useWords();
  const room = roomOf(person);
  const conflicts = [...new Set(person.devices.flatMap(({ conflict }) => conflict ?? []))];
  const time = person.since === null ? "" : format.clock(person.since);
  return (
    <li class={person.in ? "in" : "out"}>
      <Initials name={person.person} />
      <div>
        <h3>{person.person}</h3>
        <p class="soft">
          {person.in && <b class="state">● {texts.isIn}</b>}
          {!person.in && <span>○ {texts.isOut}</span>}
          {time !== "" && ` · ${person.in ? texts.since(time) : texts.lastSeen(time)}`}
          {person.since === null && ` · ${texts.neverSeen}`}
          {room !== undefined && person.in && ` · ${roomName(room)}`}
        </p>
        {conflicts.length > 0 && <p class="word poor">⚠ {texts.conflict(conflicts.join(", "))}</p>}
      </div>
    </li>
  );
}
