// What the man pages and the references in docs/ tell alike of a command or a key.

/** What a command prints after its help, which is an example; undefined where there is none. */
export function exampleOf(command) {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  const [, example] = /\nExamples?:\n((?: {2}.*\n?)+)/.exec(text) ?? [];
  return example?.replace(/^ {2}/gm, "").trimEnd();
}

/** A command's arguments as they are typed. */
export const argumentsOf = ({ registeredArguments }) =>
  registeredArguments.map((one) => {
    const name = one.argChoices?.join("|") ?? one.name().toUpperCase();
    return one.required ? name : `[${name}]`;
  });

/** The codes that commands end with. */
export const EXIT_CODES = [
  ["0", "done"],
  ["1", "failed"],
  ["2", "wrong usage"],
  ["69", "the node can't be reached"],
  ["77", "not allowed"],
  ["78", "bad configuration"],
];

/** The key and value that tell a kind of a list's items from the others, `platform: gpio` say. */
export function kindOf({ properties }) {
  const [[key, { const: value }]] = Object.entries(properties).filter(([, one]) => "const" in one);
  return { key, value };
}

/** A kind's own keys. Each kind of reading takes the same filters, which are told once. */
export const ownKeys = ({ properties }) =>
  Object.fromEntries(
    Object.entries(properties).filter(
      ([, one]) => !("const" in one) && one.properties?.filters === undefined,
    ),
  );
