import type { Command } from "commander";
import { CliError, EXIT } from "./deps.ts";

/** A shell's completion, made from the commands themselves so that it can't go stale. */
export function completion(program: Command, shell: string): string {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    words: [
      ...command.commands.map((sub) => sub.name()),
      ...command.options.flatMap(({ long }) => (long ? [long] : [])),
      "--help",
    ],
  }));
  if (shell === "bash") return bash(commands);
  if (shell === "zsh") return zsh(commands);
  if (shell === "fish") return fish(commands);
  throw new CliError(EXIT.usage, `no completion for "${shell}": use bash, zsh or fish`);
}

type Commands = readonly { name: string; summary: string; words: readonly string[] }[];

function bash(commands: Commands): string {
  const cases = commands.map(({ name, words }) => `    ${name}) words="${words.join(" ")}" ;;`);
  return `_watercooler() {
  local words="${commands.map(({ name }) => name).join(" ")}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _watercooler watercooler
`;
}

function zsh(commands: Commands): string {
  const names = commands.map(({ name, summary }) => `    '${name}:${summary.replace(/'/g, "")}'`);
  const cases = commands.map(({ name, words }) => `    ${name}) compadd -- ${words.join(" ")} ;;`);
  return `#compdef watercooler
_watercooler() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${cases.join("\n")}
  esac
}
compdef _watercooler watercooler
`;
}

function fish(commands: Commands): string {
  const lines = commands.flatMap(({ name, summary, words }) => [
    `complete -c watercooler -n __fish_use_subcommand -a ${name} -d '${summary.replace(/'/g, "")}'`,
    ...words.map((word) =>
      word.startsWith("--")
        ? `complete -c watercooler -n '__fish_seen_subcommand_from ${name}' -l ${word.slice(2)}`
        : `complete -c watercooler -n '__fish_seen_subcommand_from ${name}' -a ${word}`,
    ),
  ]);
  return `complete -c watercooler -f\n${lines.join("\n")}\n`;
}
