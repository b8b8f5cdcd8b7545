import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** A command by its path, such as "foreword datasets push", and the words that may follow. */
interface Node {
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly { readonly name: string; readonly summary: string }[];
}

/** A script that completes all commands and options of the tree below `program`. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = flatten(program, program.name());
  if (shell === "fish") return fish(program.name(), nodes);
  return shell === "bash" ? bash(program.name(), nodes) : zsh(program.name(), nodes);
}

function flatten(command: Command, path: string): Node[] {
  const commands = command.commands.map((one) => ({ name: one.name(), summary: one.description() }));
  const options = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long ? [{ name: long, summary: description }] : []));
  return [
    { path, commands, options },
    ...command.commands.flatMap((one) => flatten(one, `${path} ${one.name()}`)),
  ];
}

/** Shell code that walks along the words typed so far and leaves the command's path in `path`. */
function walk(nodes: readonly Node[], words: string, first: number, last: string): string {
  const paths = nodes.slice(1).map(({ path }) => `"${path}"`);
  return `  for ((i = ${first}; i < ${last}; i++)); do
    case "$path \${${words}[i]}" in
      ${paths.join(" | ")}) path="$path \${${words}[i]}" ;;
    esac
  done`;
}

function choices(nodes: readonly Node[], line: (node: Node) => string): string {
  return nodes.map((node) => `    "${node.path}") ${line(node)} ;;`).join("\n");
}

const wordsOf = ({ commands, options }: Node) => [...commands, ...options].map(({ name }) => name).join(" ");

function bash(name: string, nodes: readonly Node[]): string {
  return `# Completion of ${name} for bash
_${name}() {
  local path="${name}" words="" i
${walk(nodes, "COMP_WORDS", 1, "COMP_CWORD")}
  case "$path" in
${choices(nodes, (node) => `words="${wordsOf(node)}"`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`;
}

function zsh(name: string, nodes: readonly Node[]): string {
  return `#compdef ${name}
# Completion of ${name} for zsh
_${name}() {
  local path_="${name}" i
  local -a words_
${walk(nodes, "words", 2, "CURRENT").replaceAll("$path", "$path_").replaceAll("path=", "path_=")}
  case "$path_" in
${choices(nodes, (node) => `words_=(${wordsOf(node)})`)}
  esac
  compadd -- $words_ || _files
}
if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function fish(name: string, nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const [, ...steps] = path.split(" ");
    const seen = steps.map((step) => `__fish_seen_subcommand_from ${step}`);
    const deeper = commands.map((one) => one.name);
    const here =
      steps.length === 0
        ? "__fish_use_subcommand"
        : [
            ...seen,
            ...(deeper.length > 0 ? [`not __fish_seen_subcommand_from ${deeper.join(" ")}`] : []),
          ].join("; and ");
    return [
      ...commands.map((one) => `complete -c ${name} -f -n "${here}" -a ${one.name} -d ${quote(one.summary)}`),
      ...options.map(
        (one) => `complete -c ${name} -n "${here}" -l ${one.name.slice(2)} -d ${quote(one.summary)}`,
      ),
    ];
  });
  return [`# Completion of ${name} for fish`, ...lines, ""].join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
