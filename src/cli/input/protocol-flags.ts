// The options of `distillate evaluate --protocol`.
import { type Command, InvalidArgumentError, Option } from "commander";
import { baselineKinds } from "../../evaluate/baselines/kinds.ts";
import { augmentationNames } from "../../evaluate/protocols/names.ts";
import {
  type AugmentationName,
  type BaselineKind,
  type JudgeOptions,
  type ProtocolName,
  protocolNames,
} from "../../index.ts";
import type { BaselineName } from "../../recipes/recipe.ts";
import { UsageError } from "../errors.ts";
import { networkNames, networkText } from "./network-names.ts";
import { wholeNumber } from "./options.ts";

/** The values of the options of {@link addProtocolOptions}. */
export interface ProtocolFlags {
  readonly protocol?: ProtocolName;
  readonly architectures?: readonly string[];
  readonly augmentations?: readonly AugmentationName[];
  readonly optimizer?: "sgd" | "adam";
  readonly wholeEpochs?: number;
}

/** The options of the command that stand beside them. */
interface Beside extends ProtocolFlags {
  readonly baselines: readonly BaselineName[];
  readonly order?: string;
  readonly weights?: string;
}

/** Adds the options that only a protocol has. */
export function addProtocolOptions(command: Command): Command {
  const list = networkText.slice(networkText.indexOf(":"));
  return command
    .addOption(new Option("--protocol <name>", "judge by the rules of a benchmark").choices(protocolNames))
    .option("--architectures <list>", `with --protocol: other networks to train on the set${list}`, networkNames)
    .option(
      "--augmentations <list>",
      `with --protocol: what dc-bench chooses from (default: none,dsa), what dd-ranking augments by (default: dsa); ${augmentationNames.join(", ")}`,
      augmentationList,
    )
    .addOption(
      new Option("--optimizer <name>", "with --protocol dc-bench: the rule of training (default: sgd)").choices([
        "sgd",
        "adam",
      ]),
    )
    .option(
      "--whole-epochs <n>",
      "with --protocol dd-ranking: epochs on all training images (default: 200)",
      wholeNumber(1),
    );
}

function augmentationList(text: string): readonly AugmentationName[] {
  const names = text.split(",");
  if (names.every((name): name is AugmentationName => (augmentationNames as readonly string[]).includes(name))) {
    return [...new Set(names)];
  }
  throw new InvalidArgumentError(`Expected some of ${augmentationNames.join(",")}.`);
}

const ofProtocols = {
  architectures: "--architectures",
  augmentations: "--augmentations",
  optimizer: "--optimizer",
  wholeEpochs: "--whole-epochs",
} as const;

/** Throws UsageError for an option that needs a protocol. */
export function refuseProtocolOptions(options: ProtocolFlags): void {
  for (const [name, flag] of Object.entries(ofProtocols)) {
    if (options[name as keyof ProtocolFlags] !== undefined)
      throw new UsageError(`${flag} expected --protocol beside it`);
  }
}

/** Returns the options of `judge` that these say. Throws UsageError for options that do not go with a protocol. */
export function protocolOptions(options: Beside): Pick<JudgeOptions, "augmentations" | "optimizer" | "wholeEpochs"> & {
  readonly protocol: ProtocolName;
  readonly baselines: readonly BaselineKind[];
} {
  const { protocol = "paper", augmentations, optimizer, wholeEpochs, baselines, order, weights } = options;
  if (order !== undefined) throw new UsageError(`expected no --order with --protocol ${protocol}, which says it`);
  if (weights !== undefined && protocol !== "paper") {
    throw new UsageError(`expected no --weights with --protocol ${protocol}, whose networks are fresh`);
  }
  const kinds = baselines.filter((name): name is BaselineKind => (baselineKinds as readonly string[]).includes(name));
  const other = baselines.find((name) => !(kinds as readonly string[]).includes(name));
  if (other !== undefined) {
    throw new UsageError(`--baselines expected kinds on which networks train with --protocol, got ${other}`);
  }
  return { protocol, augmentations, optimizer, wholeEpochs, baselines: kinds };
}
