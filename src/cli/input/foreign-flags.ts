// The options of commands that say what a set of another program is.
import { type Command, Option } from "commander";
import { normalizationNames } from "../../formats/foreign/normalization.ts";
import { labelKinds } from "../../formats/foreign/targets.ts";
import type { ForeignSetOptions } from "../../node.ts";
import { wholeNumber } from "./options.ts";

/** The values of the options of {@link addForeignOptions}. */
export type ForeignFlags = Pick<
  ForeignSetOptions,
  "entry" | "layout" | "labels" | "normalization" | "standardize" | "factor"
>;

const names = ["entry", "layout", "labels", "normalization", "standardize", "factor"] as const;

/** Adds what may be declared of a set that another program wrote. */
export function addForeignOptions(command: Command): Command {
  const choice = (flag: string, help: string, choices: readonly string[]): Option =>
    new Option(flag, `of a set of another program: ${help}`).choices(choices);
  return command
    .option("--entry <place>", "of a file with several sets of another program: which, such as data[0]")
    .addOption(choice("--layout <axes>", "the order of axes", ["NCHW", "NHWC"]))
    .addOption(choice("--labels <kind>", "what labels are", labelKinds))
    .addOption(choice("--normalization <name>", "how values came from pixels", normalizationNames))
    .addOption(choice("--standardize <name>", "the mean and std to bring them to", normalizationNames))
    .option("--factor <n>", "of a set of IDC: each image is n × n smaller ones", wholeNumber(1, 16));
}

/** Returns what was declared; undefined if nothing was. */
export function foreignOptions(flags: ForeignFlags): ForeignSetOptions | undefined {
  const given = names.filter((name) => flags[name] !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given.map((name) => [name, flags[name]]));
}
