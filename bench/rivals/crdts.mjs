// What one would take from the shelf to keep what many writers say, each set up as its
// documentation does; see bench/in-process/contender.ts for what is asked of them.
import { readFileSync } from "node:fs";
import * as Automerge from "@automerge/automerge";
import { LWWSet } from "crdts";
import { LoroDoc } from "loro-crdt";
import * as Y from "yjs";

const titled = (name) => {
  const path = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(path, "utf8")).version}`;
};

function readYjs(frames) {
  const doc = new Y.Doc();
  for (const frame of frames) Y.applyUpdate(doc, frame);
  return doc;
}

const yjs = {
  title: titled("yjs"),
  write: (all, writers) => {
    const frames = [];
    const docs = Array.from({ length: writers }, (_, at) => {
      const doc = new Y.Doc();
      doc.clientID = at + 1;
      doc.on("update", (update) => frames.push(update));
      return doc;
    });
    return () => {
      for (const { writer, key, value } of all)
        docs[writer].getMap("office").set(`${writer} ${key}`, value);
      return frames;
    };
  },
  read: readYjs,
  stateBytes: (frames) => Y.encodeStateAsUpdate(readYjs(frames)).length,
};

function readLoro(frames) {
  const doc = new LoroDoc();
  for (const frame of frames) doc.import(frame);
  return doc;
}

const loro = {
  title: titled("loro-crdt"),
  write: (all, writers) => {
    const docs = Array.from({ length: writers }, (_, at) => {
      const doc = new LoroDoc();
      doc.setPeerId(BigInt(at + 1));
      return doc;
    });
    return () =>
      all.map(({ writer, key, value }) => {
        const doc = docs[writer];
        const from = doc.version();
        doc.getMap("office").set(`${writer} ${key}`, value);
        doc.commit();
        return doc.export({ mode: "update", from });
      });
  },
  read: readLoro,
  stateBytes: (frames) => readLoro(frames).export({ mode: "snapshot" }).length,
};

const automerge = {
  title: titled("@automerge/automerge"),
  write: (all, writers) => {
    const docs = Array.from({ length: writers }, () => Automerge.init());
    return () =>
      all.map(({ writer, key, value }) => {
        docs[writer] = Automerge.change(docs[writer], (doc) => {
          doc[`${writer} ${key}`] = value;
        });
        return Automerge.getLastLocalChange(docs[writer]);
      });
  },
  read: (frames) => {
    let doc = Automerge.init();
    for (const frame of frames) [doc] = Automerge.applyChanges(doc, [frame]);
    return doc;
  },
  // All at once, since one by one takes a minute; the state is the same.
  stateBytes: (frames) =>
    Automerge.save(Automerge.applyChanges(Automerge.init(), frames)[0]).length,
};

// It sends whole states alone: an update is its own call of add() as JSON.
const addTo = (set, [name, value]) => set.add(`${name} ${value}`, value);

function joinSets(said) {
  const set = new LWWSet();
  for (const one of said) addTo(set, one);
  return set;
}

const lwwSet = {
  title: `${titled("crdts")}, LWW-Set as JSON`,
  write: (all, writers) => {
    const sets = Array.from({ length: writers }, () => new LWWSet());
    return () =>
      all.map(({ writer, key, value }) => {
        const said = [`${writer} ${key}`, value];
        addTo(sets[writer], said);
        return JSON.stringify(said);
      });
  },
  read: (frames) => joinSets(frames.map((frame) => JSON.parse(frame))),
  join: (frames) => {
    const said = frames.map((frame) => JSON.parse(frame));
    return () => joinSets(said);
  },
  stateBytes: (frames) => JSON.stringify(joinSets(frames.map((frame) => JSON.parse(frame)))).length,
};

export const rivals = [yjs, loro, automerge, lwwSet];
