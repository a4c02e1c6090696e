// Finds, among the pictures of folders of classes, those that can be in no class, so that one of them does not spoil the set.
import type { DataFile } from "distillate/data";
import type { NamedLeftOut } from "./left-out.ts";

const parts: ReadonlySet<string> = new Set(["train", "test", "val", "valid", "validation"]);

/** Returns whether a file was put there by some program and is not part of the set: .DS_Store, __MACOSX/… */
export function isHidden(path: string): boolean {
  return path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}

/** Returns whether these files are a set of some other layout, in which pictures are not alone in their folders. */
export function isOtherLayout(files: readonly DataFile[]): boolean {
  const other =
    /(-ubyte|\.bin|\.np[yz]|\.mat|(^|\/)zip\.(train|test))(\.gz)?$|(^|\/)(Annotations\/|train_test_split\.txt$)/;
  return files.some(({ path }) => other.test(path));
}

/** Returns whether these files are archives, maybe with a text beside them. */
export function areArchives(files: readonly DataFile[]): boolean {
  const archive = /\.(tar|tar\.gz|tgz|zip)$/i;
  return (
    files.some(({ path }) => archive.test(path)) &&
    files.every(({ path }) => archive.test(path) || /\.(txt|md|html?|pdf)$|(^|\/)[^./]+$/i.test(path))
  );
}

/** Divides pictures into those that lie in a folder of a class, and those beside such folders. */
export function inClasses(pictures: readonly DataFile[]): { inside: DataFile[]; leftOut: NamedLeftOut[] } {
  const folders = pictures.map(({ path }) => path.split("/").slice(0, -1));
  const depth = commonDepth(folders);
  const next = new Set(folders.flatMap((names) => names.slice(depth, depth + 1)));
  const inParts = next.size > 0 && [...next].every((name) => parts.has(name));
  const deep = new Set(folders.filter((names) => names.length > depth + 1).map((names) => names[depth]));
  const isStray = (names: readonly string[]): boolean =>
    (names.length === depth && next.size > 1) ||
    // Within train/ a picture must lie in a folder of a class if others do.
    (inParts && names.length === depth + 1 && deep.has(names[depth]));
  const inside = pictures.filter((_, i) => !isStray(folders[i]!));
  const leftOut = pictures
    .filter((_, i) => isStray(folders[i]!))
    .map(({ path }) => ({ path, why: "lies in no folder of a class" }));
  return { inside, leftOut };
}

/**
 * Leaves out test pictures of classes without a training picture, which cannot be learned. The library refuses such a set,
 * because it cannot know that a broken picture was left out.
 */
export function learnable(pictures: readonly DataFile[]): { inside: DataFile[]; leftOut: NamedLeftOut[] } {
  const folders = pictures.map(({ path }) => path.split("/").slice(0, -1));
  const depth = commonDepth(folders);
  const names = new Set(folders.map((path) => path[depth]));
  const divided =
    names.size === 2 && names.has("train") && [...names].every((name) => name !== undefined && parts.has(name));
  if (!divided) return { inside: [...pictures], leftOut: [] };
  const trained = new Set(folders.filter((path) => path[depth] === "train").map((path) => path[depth + 1]));
  const isIn = (_: unknown, i: number): boolean => trained.has(folders[i]![depth + 1]);
  const leftOut = pictures
    .filter((file, i) => !isIn(file, i))
    .map(({ path }) => ({ path, why: "is of a class without training pictures" }));
  return { inside: pictures.filter(isIn), leftOut };
}

/** The number of folders around all pictures. */
function commonDepth(folders: readonly (readonly string[])[]): number {
  const [first = []] = folders;
  let depth = first.length;
  for (const names of folders) {
    let same = 0;
    while (same < depth && names[same] === first[same]) same++;
    depth = same;
  }
  // The only folder around pictures is their class, and a part keeps its meaning.
  const part = first.findIndex((name) => parts.has(name));
  return part >= 0 && part < depth ? part : depth;
}
