// Finds distilled sets in files by the forms in which methods publish them. Each form tells which method's code wrote it, and so
// how its numbers are meant:
//
//   {"data": [[images, labels], …]}       DC, DSA and DM (VICO-UoE/DatasetCondensation): one set for each experiment
//   [images, labels]                      IDC (snu-mllab/Efficient-Dataset-Condensation): pixels, in formations of smaller images
//   images_best, labels_best, lr_best     MTT and, with soft labels, DATM: two or three files
//   image or x_proto, label or y_proto    FRePo (yongchaoz/FRePo): channels last, centred labels
//   images, labels and other names        anybody
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import type { ArrayNode, FileTree, Node } from "./tree.ts";

/** Files that hold no images beside labels. */
export class NoSetError extends FormatError {}

/** Which code wrote a set, as far as its form tells. */
export type Form = "DC" | "IDC" | "MTT" | "FRePo" | "arrays";

/** A set in the files that are given. */
export interface Candidate {
  readonly form: Form;
  /** The file of its images, and where the set stands in it. */
  readonly file: string;
  readonly at: string;
  readonly images: ArrayNode;
  readonly labels: ArrayNode;
  /** The learning rate that was learned with it. */
  readonly rate?: ArrayNode | undefined;
}

const frepoNames = [
  ["x_proto", "y_proto"],
  ["image", "label"],
] as const;
const otherNames = [
  ["images", "labels"],
  ["images", "targets"],
  ["data", "labels"],
  ["data", "targets"],
  ["x", "y"],
  ["image_syn", "label_syn"],
] as const;
const rateNames: readonly string[] = ["lr", "syn_lr", "learning_rate"];

/** Whether two arrays can be images and their labels. */
function arePair(images: Node | undefined, labels: Node | undefined): boolean {
  if (images?.kind !== "array" || labels?.kind !== "array") return false;
  const [n, rank] = [images.shape[0], images.shape.length];
  return (rank === 3 || rank === 4) && n! > 0 && labels.shape[0] === n && labels.shape.length <= 2;
}

function isRate(node: Node | undefined): node is ArrayNode {
  return node?.kind === "array" && node.shape.every((size) => size === 1);
}

/** Returns all sets in the files, in the order of the files and of their content. */
export function candidatesIn(trees: readonly FileTree[]): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const { file, root } of trees) walk(root, file, found);
  return [...found, ...amongFiles(trees)];
}

function walk(node: Node, file: string, found: Candidate[]): void {
  if (node.kind === "list") {
    const [images, labels] = node.items;
    if (node.items.length === 2 && arePair(images, labels)) {
      const form = node.at === "" ? "IDC" : /^data\[\d+\]$/.test(node.at) ? "DC" : "arrays";
      found.push({ form, file, at: node.at, images: images as ArrayNode, labels: labels as ArrayNode });
      return;
    }
    for (const item of node.items) walk(item, file, found);
  } else if (node.kind === "map") {
    const rate = rateNames.map((name) => node.items.get(name)).find(isRate);
    const named = (names: typeof frepoNames | typeof otherNames, form: Form): void => {
      for (const [first, second] of names) {
        const [images, labels] = [node.items.get(first), node.items.get(second)];
        if (!arePair(images, labels)) continue;
        found.push({ form, file, at: node.at, images: images as ArrayNode, labels: labels as ArrayNode, rate });
        return;
      }
    };
    const before = found.length;
    named(frepoNames, "FRePo");
    if (found.length === before) named(otherNames, "arrays");
    for (const item of node.items.values()) walk(item, file, found);
  }
}

/** The set of files that hold one array each and say in their names which. */
function amongFiles(trees: readonly FileTree[]): readonly Candidate[] {
  const called = (pattern: RegExp): { readonly file: string; readonly node: ArrayNode } | undefined => {
    const tree = trees.find(({ stem, root }) => pattern.test(stem) && root.kind === "array");
    return tree && { file: tree.file, node: tree.root as ArrayNode };
  };
  const [images, labels, rate] = [called(/image|img/i), called(/label|target/i), called(/lr|rate/i)];
  if (!images || !labels || !arePair(images.node, labels.node)) return [];
  const own = rate && isRate(rate.node) ? rate.node : undefined;
  return [{ form: "MTT", file: images.file, at: "", images: images.node, labels: labels.node, rate: own }];
}

/**
 * Returns the set at `entry`, or the only one.
 *
 * @throws FormatError that lists the sets that there are, or the arrays if none is a set.
 */
export function chosen(trees: readonly FileTree[], entry: string | undefined): Candidate {
  const all = candidatesIn(trees);
  const [file, ...others] = trees.map((tree) => tree.file);
  const where = others.length > 0 ? `${file} and ${others.length} more` : file!;
  if (all.length === 0) {
    const arrays = trees.flatMap(({ root }) => arraysIn(root)).slice(0, 6);
    const got =
      arrays.length > 0 ? arrays.map(({ at, shape }) => `${quote(at)} ${quote(shape)}`).join(", ") : "no arrays";
    throw new NoSetError(
      `${where}: expected images [n, …] beside n labels, as DC, DSA, DM, MTT, DATM, IDC or FRePo publish them, got ${got}`,
    );
  }
  const found = entry === undefined ? all : all.filter(({ at }) => at === entry);
  if (found.length === 1) return found[0]!;
  const listed = all.slice(0, 12).map(({ at, images }) => `${quote(at)} (images ${quote(images.shape)})`);
  const list = `${listed.join(", ")}${all.length > 12 ? ` and ${all.length - 12} more` : ""}`;
  const expected = entry === undefined ? "one set, or an entry that says which" : `a set at ${quote(entry)}`;
  throw new FormatError(`${where}: expected ${expected}, got ${list}`);
}

function arraysIn(node: Node): readonly ArrayNode[] {
  if (node.kind === "array") return [node];
  return node.kind === "other" ? [] : [...node.items.values()].flatMap(arraysIn);
}
