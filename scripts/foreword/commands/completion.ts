import { Argument, type Command } from "commander";
import { completionScript, shells, type Shell } from "../completion-script.ts";
import { leaf, type CommonOptions } from "../command.ts";
import { print, printJson } from "../output.ts";

/** `foreword completion`: prints what a shell needs to complete commands and options. */
export function addCompletion(program: Command): void {
  const command = leaf(program, "completion", "Print a completion script for bash, zsh or fish", [
    'eval "$(foreword completion bash)"',
    "foreword completion zsh > ~/.zfunc/_foreword",
    "foreword completion fish > ~/.config/fish/completions/foreword.fish",
  ]);
  command.addArgument(new Argument("<shell>", "which shell").choices(shells));
  command.action((shell: Shell, { json }: CommonOptions) => {
    const script = completionScript(program, shell);
    if (json) printJson({ shell, script });
    else print(script);
  });
}
