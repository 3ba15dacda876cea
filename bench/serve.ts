import type { Open, Order, Plan, Report, Sighting } from "./orders.ts";

/** Sightings are stamped at once and told together, so that telling does not disturb. */
const TELL_MS = 50;
const BURST_STEP_MS = 5;

const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const tell = (report: Report) => void process.send?.(report);

/** Runs one member of a system under measurement until the bench lets go of it. */
export async function serve(open: Open): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? "{}") as Plan;
  process.on("disconnect", () => process.exit());
  let wrote: Sighting[] = [];
  let heard: Sighting[] = [];
  // No timer that goes on for ever: who rests is to be seen at rest.
  const tellSoon = () => {
    if (wrote.length + heard.length > 1) return;
    setTimeout(() => {
      tell({ type: "seen", wrote, heard });
      wrote = [];
      heard = [];
    }, TELL_MS);
  };
  const member = await open(plan, (origin, seq) => {
    heard.push([origin, seq, nowMs()]);
    tellSoon();
  });
  const write = (seq: number) => {
    wrote.push([plan.index, seq, nowMs()]);
    tellSoon();
    member.write(seq);
  };
  process.on("message", (order: Order) => {
    switch (order.type) {
      case "write":
        return write(order.seq);
      case "burst":
        return burst(order, write);
      case "count":
        return tell({ type: "counted", messages: member.messages?.() });
    }
  });
  tell({ type: "open" });
}

function burst(
  { perSecond, seconds, seq }: Extract<Order, { type: "burst" }>,
  write: (seq: number) => void,
): void {
  const startMs = nowMs();
  const total = Math.round(perSecond * seconds);
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((nowMs() - startMs) / 1_000) * perSecond) + 1);
    while (done < due) write(seq + done++);
    if (done >= total) clearInterval(timer);
  }, BURST_STEP_MS);
}
