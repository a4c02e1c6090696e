// Distilled sets of other programs, from paths.
import { access } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { listOf, text } from "../checks/checks.ts";
import { outOfRange } from "../checks/refusal.ts";
import type { DataFile } from "../data/data-file.ts";
import { type ForeignSet, foreignSet } from "../formats/foreign/foreign-set.ts";
import { checkForeignOptions, type ForeignSetOptions } from "../formats/foreign/options.ts";
import { readBytes } from "./files.ts";

/** The limit on a set's file, far above the size of any distilled set. */
const maximumSetBytes = 2 ** 30;

/**
 * Loads a distilled set as other programs publish it, in .pt or .pth of torch.save, .npz, .npy or .safetensors. Nothing in a file
 * is run. Beside a path such as images_best.pt, labels_best.pt and lr_best.pt are found by themselves.
 *
 * @throws FormatError, RangeError and TypeError as {@link foreignSet} does; else the file system's error.
 * @example
 * const { set, findings } = await loadForeignSet("res_DM_CIFAR10_ConvNet_10ipc.pt", { entry: "data[0]" });
 * for (const { what, value, by, because } of findings) console.log(what, value, by, because);
 */
export async function loadForeignSet(
  paths: string | readonly string[],
  options: ForeignSetOptions = {},
): Promise<ForeignSet> {
  if (typeof paths !== "string") listOf("a path, or an array of paths", text)("paths", paths);
  checkForeignOptions(options);
  const given = typeof paths === "string" ? await withSiblings(paths) : paths;
  if (given.length === 0) throw outOfRange("paths", "at least one path", paths);
  const files = given.map((path): DataFile => ({ path, bytes: () => readBytes(path, maximumSetBytes) }));
  return foreignSet(files, options);
}

/** Adds the files of labels and rate that MTT's code and its kin write beside a file of images. */
async function withSiblings(path: string): Promise<readonly string[]> {
  const [folder, file] = [dirname(path), basename(path)];
  const names = ["labels", "lr"].map((word) => file.replace(/images/i, word)).filter((name) => name !== file);
  const found = names.map(async (name) => {
    const sibling = join(folder, name);
    return access(sibling).then(
      () => [sibling],
      () => [],
    );
  });
  return [path, ...(await Promise.all(found)).flat()];
}
