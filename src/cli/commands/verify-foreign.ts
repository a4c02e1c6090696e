// What is known of a set of another program: what was declared, what its file says and what was guessed.
import { isObject } from "../../kinds.ts";
import type { Finding } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import { printable } from "../errors.ts";
import type { SavedSet } from "../input/saved-set.ts";
import { count, table } from "../output/text.ts";

/** The options that declare what was guessed. */
const declaring: Readonly<Partial<Record<Finding["what"], string>>> = {
  layout: "--layout",
  labels: "--labels",
  normalization: "--normalization",
  formation: "--factor",
};

/** Says what is known of the set, and from where; returns the exit code. */
export async function verifyForeign({ file, set, sha256, findings }: SavedSet, json?: true): Promise<number> {
  const known = findings ?? recordedIn(set.recipe.foreign);
  const { imagesPerStep: images, channels, height, width, classes, mean, std } = set;
  if (json) {
    const shape = [images, channels, height, width];
    const facts = { file, images: shape, classes, normalisation: { mean, std }, findings: known, sha256 };
    process.stdout.write(`${visibleJson(facts)}\n`);
    return 0;
  }
  const guessed = known.filter(({ by, what }) => by === "guessed" && declaring[what] !== undefined);
  const lines = [
    `${file}: a set of another program, ${count(images)} images of ${channels}×${height}×${width} in ${classes} classes`,
    ...table(
      known.map(({ what, value, by, because }) => [`  ${what}`, value, by === "file" ? "in the file" : by, because]),
    ),
    `  pixel / 255 = value·std + mean, with mean ${mean.join(", ")} and std ${std.join(", ")}`,
    ...(guessed.length > 0
      ? [`guesses are checked if you declare them: ${guessed.map(({ what }) => declaring[what]).join(", ")}`]
      : []),
    `sha256 ${sha256}`,
  ];
  process.stdout.write(`${lines.map(printable).join("\n")}\n`);
  return 0;
}

/** Returns the findings that a set keeps which was saved here after it had been read. */
function recordedIn(foreign: unknown): readonly Finding[] {
  const findings = isObject(foreign) && Array.isArray(foreign.findings) ? foreign.findings : [];
  return findings.filter(
    (found) => isObject(found) && ["what", "value", "by", "because"].every((key) => typeof found[key] === "string"),
  );
}
