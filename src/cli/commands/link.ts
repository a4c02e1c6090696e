// `distillate link`: a set as an address that holds it, with what packing costs.
import { type Command, InvalidArgumentError, Option } from "commander";
import { type DistilledSet, evaluate, type PackedBits, packSet, unpackSet } from "../../index.ts";
import { quote, visibleJson } from "../../quote.ts";
import { withPath, writeNote } from "../errors.ts";
import { noteTest } from "../input/check-data.ts";
import { backendOption, type EngineFlags, openEngine } from "../input/engine.ts";
import { optionTexts, threadCount, wholeNumber } from "../input/options.ts";
import { addDataOptions, type DataFlags, loadRecipeData, withDataOptions } from "../input/recipe-data.ts";
import { initOf, loadSet, modelOf, pretrainedInitOf, seedOf } from "../input/saved-set.ts";
import { ProgressLine, progressText } from "../output/progress.ts";
import { accuracy, count, plural } from "../output/text.ts";
import { fitting } from "./evaluate.ts";

interface LinkOptions extends DataFlags, EngineFlags {
  readonly bits: "4" | "8";
  readonly page: string;
  readonly networks: number;
  readonly weights?: string;
  readonly json?: true;
}

const help = `
The address holds the whole set, behind its #, which browsers do not send: images
of 8 or 4 bits a pixel, labels, learning rates or protocol, network and recipe,
and a checksum. The demo page (npm run demo) trains networks from it at once.
Networks are tested on the set before and after packing; --networks 0 leaves
that out.

Examples:
  $ distillate link runs/digits-frepo/distilled.safetensors
  $ distillate link set.npz --bits 8 --page https://example.org/demo/
  $ distillate link set.safetensors --networks 0 --json | jq -r .link
`;

export function addLink(program: Command): void {
  const command = program
    .command("link")
    .description("print an address that holds a saved set")
    .argument("<file>", "a small distilled set: .safetensors or .npz");
  addDataOptions(command)
    .addOption(new Option("--bits <n>", "how many bits a pixel gets").choices(["8", "4"]).default("4"))
    .option("--page <url>", "the address of the demo page", pageAddress, "http://localhost:4173/")
    .option("--networks <n>", "networks to test the set on, before packing and after", wholeNumber(0), 20)
    .option("--weights <dir>", "a pool of pretrained networks to start from, from `distillate train`")
    .addOption(backendOption())
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(link);
}

/** What comes before the set's text. */
function pageAddress(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new InvalidArgumentError(
      `It expected the address of a page, as https://example.org/demo/, got ${quote(address)}.`,
    );
  }
  if (url.hash !== "") throw new InvalidArgumentError(`It expected an address without a #, got ${quote(address)}.`);
  return url.href;
}

async function link(file: string, options: LinkOptions): Promise<void> {
  const { page, networks, json } = options;
  const bits = Number(options.bits) as PackedBits;
  const saved = await loadSet(file);
  const text = packed(saved.set, bits, file);
  const address = `${page}#set=${text}`;
  const tested = networks > 0 ? await accuracies(saved, unpackSet(text), options) : undefined;
  const result = { file, bits, letters: address.length, link: address, sha256: saved.sha256, ...tested };
  if (json) {
    process.stdout.write(`${visibleJson(result)}\n`);
    return;
  }
  const size = `${count(address.length)} letters, ${bits} bits a pixel`;
  const told = tested
    ? `${accuracy(tested.after)} after packing, ${accuracy(tested.before)} before, on ${count(tested.data.test)} test images ` +
      `of ${tested.data.name} (${plural(tested.networks, "network")})`
    : "not tested";
  // The address alone goes to stdout, for a pipe.
  writeNote(`${size}; ${told}`);
  process.stdout.write(`${address}\n`);
}

function packed(set: DistilledSet, bits: PackedBits, file: string): string {
  try {
    return packSet(set, { bits });
  } catch (error) {
    throw withPath(error, file);
  }
}

/** Tests the same networks on the set before packing and after. */
async function accuracies(saved: Awaited<ReturnType<typeof loadSet>>, after: DistilledSet, options: LinkOptions) {
  const model = modelOf(saved);
  const init = options.weights === undefined ? initOf(saved) : await pretrainedInitOf(saved, model, options.weights);
  const data = await loadRecipeData(withDataOptions({ name: "digits" }, options), options.dataset !== undefined);
  const [train, test] = [fitting(saved, data.train), fitting(saved, data.test)];
  noteTest({ train, test });
  const { threads, workers } = options;
  const tested = { model, init, test, seed: seedOf(saved) };
  const engine = await openEngine(options, writeNote, (engine) =>
    evaluate({ ...tested, set: saved.set, networks: 1, engine: engine as never }),
  );
  const line = new ProgressLine(process.stderr);
  try {
    const measure = async (set: DistilledSet, label: string) => {
      const { mean, std, ci95, networks } = await evaluate({
        ...{ ...tested, set, networks: options.networks, engine, threads, workers },
        onProgress({ network, networks }) {
          line.draw((columns) => progressText({ label, done: network, total: networks, rest: "networks" }, columns));
        },
      });
      return { mean, std, ci95, networks };
    };
    const before = await measure(saved.set, "testing the set");
    const packed = await measure(after, "testing the packed set");
    return { before, after: packed, networks: before.networks, data: { name: test.name, test: test.count } };
  } finally {
    line.clear();
    await engine.dispose();
  }
}
