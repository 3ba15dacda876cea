import { answerOccupancy } from "./answer-occupancy.ts";
import { answerDevice, answerIam, answerWhere, answerWho } from "./answer-people.ts";
import {
  answerExtreme,
  answerNodes,
  answerReading,
  answerRoom,
  answerRooms,
} from "./answer-readings.ts";
import { answerSetTarget, answerTarget } from "./answer-targets.ts";
import type { Intent } from "./intent.ts";
import { parseQuestion } from "./parse.ts";
import { Speech } from "./speech.ts";
import type { Answer, AskView, Line } from "./view.ts";

/** Answers a question in its own language, with the age and the sources of what is said. */
export function answerQuestion(question: string, view: AskView): Answer {
  const known = view.rooms.map(({ room }) => room);
  const { intent, language } = parseQuestion(question, known);
  const speech = new Speech(language);
  const said = linesOf(view, speech, intent);
  const lines = said.length > 0 ? said : [{ text: speech.noData(speech.say("noRoom")) }];
  const ages = lines.flatMap(({ ageMs }) => ageMs ?? []);
  return {
    text: lines.map(({ text }) => text).join("\n"),
    intent: intent.type,
    ageMs: ages.length > 0 ? Math.max(...ages) : undefined,
    sources: [...new Set(lines.flatMap(({ sources }) => sources ?? []))],
  };
}

function linesOf(view: AskView, speech: Speech, intent: Intent): readonly Line[] {
  switch (intent.type) {
    case "help":
      return [{ text: speech.say("help") }];
    case "unknown":
      return [{ text: speech.say("notUnderstood") }];
    case "who":
      return answerWho(view, speech, intent);
    case "where":
      return answerWhere(view, speech, intent);
    case "iam":
      return answerIam(view, speech, intent);
    case "device":
      return answerDevice(view, speech, intent);
    case "rooms":
      return answerRooms(view, speech);
    case "nodes":
      return answerNodes(view, speech);
    case "room":
      return answerRoom(view, speech, intent.where);
    case "occupancy":
      return answerOccupancy(view, speech, intent);
    case "reading":
      return answerReading(view, speech, intent);
    case "extreme":
      return answerExtreme(view, speech, intent);
    case "target":
      return answerTarget(view, speech, intent);
    case "set-target":
      return [answerSetTarget(view, speech, intent)];
  }
}
