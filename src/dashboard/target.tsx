import { useEffect, useRef, useState } from "preact/hooks";
import type { TargetDocument } from "../api/types.ts";
import type { Format } from "./format.ts";
import { refusalText } from "./refusal.ts";
import type { Texts } from "./texts/texts.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

/** What people can feel, and what a valve can hold. In the user's own degrees. */
const STEP_C = 0.5;
const STEP_F = 1;
/** Taps within this are one write. */
const SETTLE_MS = 700;
/** What is this near counts as on target: the usual dead band of a thermostat. */
const NEAR_C = 0.3;
const TARGET_C_MIN = 5;
const TARGET_C_MAX = 35;

interface Props {
  readonly room: string;
  readonly target: TargetDocument | undefined;
  /** The temperature now, in degC; undefined where it is unknown or stale. */
  readonly now: number | undefined;
}

/** A room's target with the difference in words, and buttons to move it. */
export function Target({ room, target, now }: Props) {
  const { texts, format, settings } = useWords();
  const [wish, setWish] = useState<number | undefined>(undefined);
  const [refusal, setRefusal] = useState("");
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const stored = typeof target?.value === "number" ? target.value : undefined;
  useEffect(() => setWish(undefined), [stored]);
  const shown = wish ?? stored;

  const move = (step: number) => {
    const size = settings.degrees === "F" ? STEP_F : STEP_C;
    const from = format.scaled("temperature", shown ?? Math.round(now ?? 21));
    const stepped = shown === undefined ? from : (Math.round(from / size) + step) * size;
    const next = Math.min(TARGET_C_MAX, Math.max(TARGET_C_MIN, format.celsius(stepped)));
    setWish(next);
    setRefusal("");
    clearTimeout(timer.current);
    timer.current = window.setTimeout(async () => {
      const path = `/v1/targets/${encodeURIComponent(room)}/temperature`;
      const done = await send("PUT", path, { value: Math.round(next * 100) / 100 });
      if (done.ok) return;
      setWish(undefined);
      setRefusal(refusalText(done, texts));
    }, SETTLE_MS);
  };

  return (
    <div class="target">
      {shown === undefined ? (
        <button type="button" class="quiet" onClick={() => move(0)}>
          {texts.setTarget}
        </button>
      ) : (
        <>
          <span class="label">{texts.target}</span>
          <span class="stepper">
            <button type="button" aria-label={texts.lower} onClick={() => move(-1)}>
              −
            </button>
            <span class={`value${wish === undefined ? "" : " pending"}`}>
              {format.value("temperature", shown)}°
            </span>
            <button type="button" aria-label={texts.raise} onClick={() => move(1)}>
              +
            </button>
          </span>
          {now !== undefined && <Difference by={now - shown} />}
        </>
      )}
      {target !== undefined && target.concurrent.length > 0 && (
        <span class="word poor">{rivals(target, texts, format)}</span>
      )}
      {refusal !== "" && (
        <span class="word bad" role="alert">
          {refusal}
        </span>
      )}
    </div>
  );
}

function Difference({ by }: { by: number }) {
  const { texts, format, settings } = useWords();
  if (Math.abs(by) <= NEAR_C) return <span class="difference on">✓ {texts.onTarget}</span>;
  const size = Math.abs(by) * (settings.degrees === "F" ? 1.8 : 1);
  const text = `${format.number(size, 1)}°`;
  return by > 0 ? (
    <span class="difference above">▲ {texts.above(text)}</span>
  ) : (
    <span class="difference below">▼ {texts.below(text)}</span>
  );
}

/** What others wished at the same time. */
function rivals({ concurrent }: TargetDocument, texts: Texts, format: Format): string {
  const told = concurrent.map(({ value, by }) =>
    typeof value === "number"
      ? texts.alsoSet(`${format.value("temperature", value)}°`, by)
      : texts.alsoCleared(by),
  );
  return told.join("; ");
}
