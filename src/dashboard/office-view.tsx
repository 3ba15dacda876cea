import { Ask } from "./ask.tsx";
import type { Office } from "./office.ts";
import { InNow, peopleByRoom } from "./people.tsx";
import { RoomCard } from "./room-card.tsx";
import { useGrowing } from "./use-growing.ts";
import { useWords } from "./words.ts";

/** What a person wants to know on the way to a room: all rooms, and who is in. */
export function OfficeView({ office }: { office: Office }) {
  const { texts } = useWords();
  const sorted = [...office.rooms.values()].sort((left, right) =>
    left.document.room.localeCompare(right.document.room),
  );
  const some = sorted.some(({ document }) => Object.keys(document.readings).length > 0);
  const here = peopleByRoom(office);
  const drawn = useGrowing(sorted.length);
  return (
    <>
      <div class="top">
        <InNow office={office} />
        <Ask />
      </div>
      <section id="rooms" aria-labelledby="rooms-title" tabindex={-1}>
        <div class="title">
          <h2 id="rooms-title">{texts.rooms}</h2>
          {some && <a href="#/plan">{texts.asPlan}</a>}
        </div>
        {!some && (
          <p class="empty">
            {texts.noSensors} <a href="#/setup">{texts.seeFound}</a>
          </p>
        )}
        <ul class="rooms">
          {sorted.slice(0, drawn).map((room) => {
            const { room: name } = room.document;
            return <RoomCard key={name} room={room} people={here.get(name) ?? ""} />;
          })}
        </ul>
      </section>
    </>
  );
}
