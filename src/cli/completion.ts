import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** One command as completion sees it; `path` is what was typed before, with spaces between. */
interface Completed {
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly summary: string;
}

/** A shell's completion, made from the commands themselves so that it can't go stale. */
export function completion(program: Command, shell: Shell): string {
  const commands = completedOf(program, []);
  if (shell === "bash") return bash(commands);
  return shell === "zsh" ? zsh(commands) : fish(commands);
}

function completedOf(command: Command, path: readonly string[]): readonly Completed[] {
  const help = { long: "--help", description: "display help for command" };
  const words = [
    ...command.commands.map((sub) => ({ text: sub.name(), summary: sub.description() })),
    ...command.registeredArguments.flatMap(({ argChoices = [] }) =>
      argChoices.map((text) => ({ text, summary: "" })),
    ),
    ...[...command.options, help].flatMap(({ long, description }) =>
      long ? [{ text: long, summary: description }] : [],
    ),
  ];
  const own: Completed = { path: path.join(" "), words };
  const subs = command.commands.flatMap((sub) => completedOf(sub, [...path, sub.name()]));
  return [own, ...subs];
}

const texts = ({ words }: Completed) => words.map(({ text }) => text).join(" ");

function bash(commands: readonly Completed[]): string {
  const cases = commands.map((one) => `    "${one.path}") words="${texts(one)}" ;;`);
  return `_watercooler() {
  local typed="" words="" at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in -*) break ;; esac
    typed="\${typed:+$typed }\${COMP_WORDS[at]}"
  done
  case "$typed" in
${cases.join("\n")}
    *) words="--help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _watercooler watercooler
`;
}

function zsh(commands: readonly Completed[]): string {
  const cases = commands.map(
    ({ path, words }) => `    "${path}") words_here=(${words.map(zshWord).join(" ")}) ;;`,
  );
  return `#compdef watercooler
_watercooler() {
  local -a typed words_here
  local word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && break
    typed+=("$word")
  done
  case "\${typed[*]}" in
${cases.join("\n")}
    *) words_here=("--help") ;;
  esac
  _describe watercooler words_here || _files
}
compdef _watercooler watercooler
`;
}

/** A colon ends the word for _describe, so one in it is escaped. */
function zshWord({ text, summary }: Word): string {
  const said = summary === "" ? "" : `:${plain(summary)}`;
  return `"${text.replace(/:/g, "\\:")}${said}"`;
}

function fish(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ path, words }) =>
    words.map(({ text, summary }) => {
      const what = text.startsWith("--") ? `-l ${text.slice(2)}` : `-a ${text}`;
      const when = fishCondition(path, words);
      return `complete -c watercooler -n '${when}' ${what} -d '${plain(summary)}'`;
    }),
  );
  return `${lines.join("\n")}\n`;
}

function fishCondition(path: string, words: readonly Word[]): string {
  if (path === "") return "__fish_use_subcommand";
  const seen = path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
  const subs = words.filter(({ text }) => !text.startsWith("--")).map(({ text }) => text);
  const not = subs.length > 0 ? [`not __fish_seen_subcommand_from ${subs.join(" ")}`] : [];
  return [...seen, ...not].join("; and ");
}

/** Without what a shell would take for its own inside quotes. */
function plain(text: string): string {
  return text.replace(/["'\\$`:]/g, "");
}
