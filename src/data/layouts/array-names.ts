// Understands the usual names of a data set's arrays: x_train and y_train, train_images and train_labels, data and target, …

/** The part of its set that an array is; "whole" when its name says no part. */
export type Part = "train" | "val" | "test" | "whole";

/** The content of an array. */
export type Role = "images" | "labels";

/** The meaning of the words of a name. */
export interface Meaning {
  readonly part: Part;
  /** Undefined when no word says it. */
  readonly role: Role | undefined;
  /** How much speaks against the name: words without a meaning count most, then how vague the word for the role is. */
  readonly doubt: number;
}

/** The words for each role, the clearest first. */
const roleWords: Readonly<Record<Role, readonly string[]>> = {
  images: ["images", "image", "imgs", "img", "x", "pixels", "data"],
  labels: ["labels", "label", "y", "targets", "target", "classes", "class"],
};

const partWords: ReadonlyMap<string, Part> = new Map([
  ...["train", "training", "tr"].map((word): [string, Part] => [word, "train"]),
  ...["val", "valid", "validation"].map((word): [string, Part] => [word, "val"]),
  ...["test", "testing", "te"].map((word): [string, Part] => [word, "test"]),
]);

/** Splits a name into words in lower case: "X_train", "trainX", "xtrain" and "x-train" have the same two. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z])(?=[A-Z])/g, "$1 ")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .flatMap((word) => {
      const [, xy, part] = /^([xy])([a-z]+)$/.exec(word) ?? [];
      if (part !== undefined && partWords.has(part)) return [xy!, part];
      const [, first, last] = /^([a-z]+)([xy])$/.exec(word) ?? [];
      return first !== undefined && partWords.has(first) ? [first, last!] : [word];
    })
    .filter((word) => word !== "");
}

/** Returns the words of a name that say which part it is. */
export function partWordsOf(name: string): string[] {
  return wordsOf(name).filter((word) => partWords.has(word));
}

/** Combines the meanings of these words: a word for labels outweighs one for images, as in "image_labels". */
export function meaningOf(words: readonly string[]): Meaning {
  const rank = (role: Role): number => {
    return roleWords[role].findIndex((word) => words.includes(word));
  };
  const role = rank("labels") >= 0 ? "labels" : rank("images") >= 0 ? "images" : undefined;
  const known = (word: string): boolean =>
    partWords.has(word) || roleWords.images.includes(word) || roleWords.labels.includes(word);
  const part = words.map((word) => partWords.get(word)).find((found) => found !== undefined);
  const strangers = words.filter((word) => !known(word)).length;
  return { part: part ?? "whole", role, doubt: 100 * strangers + (role === undefined ? 0 : rank(role)) };
}
