// What is known of a set of another program: what was declared, what its file says and what was guessed, and how good it is.
import type { Command } from "commander";
import type { Finding } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import { printable, UsageError } from "../errors.ts";
import type { SavedSet } from "../input/saved-set.ts";
import { table } from "../output/text.ts";

export interface JudgeFlags {
  readonly json?: true;
}
export function addJudgeOptions(command: Command): Command {
  return command;
}
export function checkJudgeFlags(_path: string, _what: string, _flags: JudgeFlags): void {}
export async function verifyForeign({ file, set, findings }: SavedSet, { json }: JudgeFlags): Promise<number> {
  process.stdout.write("foreign\n");
  return 0;
}
