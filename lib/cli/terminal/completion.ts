import type { Command, Option } from 'commander';

// What makes a shell complete the words of the command line, written out from the commands
// themselves: nothing of fewsound runs when somebody presses Tab.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A command as a shell sees it. */
interface Words {
  /** `['analyze', 'spectra']`; of the program none. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly meaning: string }[];
  readonly flags: readonly Flag[];
  /** Words that may stand where an argument does; elsewhere there are files. */
  readonly choices: readonly string[];
}

interface Flag {
  /** `--model`, `-V`. */
  readonly names: readonly string[];
  readonly meaning: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** @param program with all commands and what they declare */
export function completionScript(program: Command, shell: Shell): string {
  const name = program.name();
  return scripts[shell](name, [...wordsOf(program, [])]);
}

function* wordsOf(command: Command, path: readonly string[]): Generator<Words> {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  yield {
    path,
    commands: commands.map((each) => ({
      name: each.name(),
      meaning: help.subcommandDescription(each),
    })),
    flags: help.visibleOptions(command).map(flagOf),
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  };
  for (const each of command.commands) yield* wordsOf(each, [...path, each.name()]);
}

function flagOf({ short, long, description, required, optional, argChoices = [] }: Option): Flag {
  return {
    names: [long, short].filter((name) => name !== undefined),
    meaning: description,
    takesValue: required || optional,
    choices: argChoices,
  };
}

type Write = (program: string, all: readonly Words[]) => string;

const bash: Write = (program, all) => {
  const cases = (rows: readonly (readonly [pattern: string, action: string])[]) =>
    rows.map(([pattern, action]) => `    ${pattern}) ${action} ;;`).join('\n');
  const wordsFor = (words: readonly string[]) => `words="${words.join(' ')}"`;
  const nested = all.filter(({ path }) => path.length > 0);
  const values = all.flatMap(({ path, flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .map(({ names, choices }): [string, string] => [
        names.map((name) => `"${[...path, name].join(' ')}"`).join('|'),
        wordsFor(choices),
      ]),
  );
  return `# bash completion of ${program}: ${program} completion bash > ~/.local/share/bash-completion/completions/${program}
_${program}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${command:+$command }\${COMP_WORDS[i]}" in
      ${nested.map(({ path }) => `"${path.join(' ')}"`).join('|')})
        command="\${command:+$command }\${COMP_WORDS[i]}" ;;
    esac
  done
  # The value of a flag: one of its words, else a file.
  case "\${command:+$command }$previous" in
${cases(values.map(([pattern, action]) => [pattern, `${action}; COMPREPLY=($(compgen -W "$words" -- "$current")); return`]))}
  esac
  case "$current" in
  -*) case "$command" in
${cases(all.map(({ path, flags }) => [`"${path.join(' ')}"`, wordsFor(flags.flatMap(({ names }) => names))]))}
    esac ;;
  *) case "$command" in
${cases(all.map(({ path, commands, choices }) => [`"${path.join(' ')}"`, wordsFor([...commands.map(({ name }) => name), ...choices])]))}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _${program} ${program}
`;
};

const zsh: Write = (program, all) => {
  const quoted = (text: string) => `'${text.replace(/'/g, "'\\''")}'`;
  // Brackets and colons have a meaning in these descriptions.
  const plain = (text: string) => text.replace(/[[\]:\\]/g, '\\$&').replace(/\s+/g, ' ');
  const functionOf = (path: readonly string[]) => ['', program, ...path].join('_');
  const values = (choices: readonly string[]) =>
    choices.length > 0 ? `(${choices.join(' ')})` : '_files';
  const flag = ({ names, meaning, takesValue, choices }: Flag) =>
    names.map((name) =>
      quoted(`${name}[${plain(meaning)}]${takesValue ? `:value:${values(choices)}` : ''}`),
    );
  const functions = all.map(({ path, commands, flags, choices }) => {
    const specs = flags.flatMap(flag);
    const body =
      commands.length > 0
        ? [
            `  local -a commands=(${commands.map(({ name, meaning }) => quoted(`${plain(name)}:${plain(meaning)}`)).join(' ')})`,
            `  if ((CURRENT == 2)); then`,
            `    _describe command commands`,
            `    _arguments ${specs.join(' ')}`,
            `    return`,
            `  fi`,
            `  local name=\${words[2]}`,
            `  shift words`,
            `  ((CURRENT--))`,
            `  if (($+functions[${functionOf(path)}_$name])); then ${functionOf(path)}_$name; else _files; fi`,
          ]
        : [`  _arguments ${[...specs, quoted(`*:argument:${values(choices)}`)].join(' ')}`];
    return `${functionOf(path)}() {\n${body.join('\n')}\n}`;
  });
  return `#compdef ${program}
# zsh completion of ${program}: ${program} completion zsh > a folder of $fpath/_${program}
${functions.join('\n')}
if [ "$funcstack[1]" = "_${program}" ]; then _${program}; else compdef _${program} ${program}; fi
`;
};

const fish: Write = (program, all) => {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&').replace(/\s+/g, ' ')}'`;
  const lines = all.flatMap(({ path, commands, flags, choices }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const none = commands.map(({ name }) => name).join(' ');
    const own =
      commands.length > 0
        ? [...seen, `not __fish_seen_subcommand_from ${none}`].join('; and ')
        : seen.join('; and ');
    const start = `complete -c ${program} -n ${quoted(own)}`;
    return [
      ...commands.map(({ name, meaning }) => `${start} -f -a ${name} -d ${quoted(meaning)}`),
      ...choices.map((word) => `${start} -f -a ${quoted(word)}`),
      ...flags.map(({ names, meaning, takesValue, choices: values }) => {
        const forms = names.map((name) =>
          name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
        );
        const value =
          values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takesValue ? ' -r' : '';
        return `${start} ${forms.join(' ')}${value} -d ${quoted(meaning)}`;
      }),
    ];
  });
  return `# fish completion of ${program}: ${program} completion fish > ~/.config/fish/completions/${program}.fish
${lines.join('\n')}
`;
};

const scripts: Readonly<Record<Shell, Write>> = { bash, zsh, fish };
