// docs/commands.md, from the command line as the parser has it.

import { cell, code, table } from "./markdown.mjs";
import { argumentsOf, EXIT_CODES, exampleOf } from "./reference-parts.mjs";

const anchor = (path) => path.join("-");
const link = (path) => `[${path.join(" ")}](#watercooler-${anchor(path)})`;

/** Commands that do something by themselves, with the words that lead to them. */
function leaves(command, path) {
  if (command.commands.length === 0) return [{ command, path }];
  return command.commands.flatMap((sub) => leaves(sub, [...path, sub.name()]));
}

function section({ command, path }) {
  const said = command.registeredArguments
    .filter(({ description }) => description !== "")
    .map((one) => [code(one.name().toUpperCase()), cell(one.description)]);
  const options = command.options.map(({ flags, description }) => [code(flags), cell(description)]);
  const typed = ["watercooler", ...path, ...argumentsOf(command)].join(" ");
  const example = exampleOf(command);
  return [
    `## watercooler ${path.join(" ")}`,
    `${sentence(command.description())}`,
    `    ${typed}${options.length === 0 ? "" : " [OPTION...]"}`,
    ...(said.length + options.length === 0 ? [] : [table(["", ""], [...said, ...options])]),
    ...(example === undefined ? [] : [`For example: ${example.split("\n").map(code).join(", ")}`]),
  ].join("\n\n");
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The whole page. `program` is the command line as the parser has it. */
export function commandsReference(program) {
  const all = program.commands.flatMap((command) => leaves(command, [command.name()]));
  const rows = all.map(({ command, path }) => [link(path), cell(command.description())]);
  return [
    "# Commands",
    "Each takes `--help` and `--json`. In a clone of the repository write " +
      "`node bin/watercooler.js` for `watercooler`. Those that read the service's files, such as " +
      "`doctor`, `join` and `backup`, need `sudo` where the package is installed. A mistake is " +
      "one line that says what to do next.",
    table(["command", "what it does"], rows),
    "Those that ask a node ask the one on this machine; `--node`, or `WATERCOOLER_NODE`, names " +
      "another. `WATERCOOLER_CONFIG` names the configuration where `--config` does not.",
    table(
      ["ends with", "when"],
      EXIT_CODES.map(([number, says]) => [number, says]),
    ),
    ...all.map(section),
  ].join("\n\n");
}
