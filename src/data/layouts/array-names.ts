// What people call the arrays of a data set: x_train and y_train, train_images and train_labels, data and target, …

/** Which part of its set an array is; "whole" where its name says none. */
export type Part = "train" | "val" | "test" | "whole";

/** What an array holds. */
export type Role = "images" | "labels";

/** What the words of a name say. */
export interface Meaning {
  readonly part: Part;
  /** Undefined where no word says it. */
  readonly role: Role | undefined;
  /** How much speaks against the name: words without a meaning count most, then how vague the word for the role is. */
  readonly doubt: number;
}

/** The clearest words first. */
const roleWords: Readonly<Record<Role, readonly string[]>> = {
  images: ["images", "image", "imgs", "img", "x", "pixels", "data"],
  labels: ["labels", "label", "y", "targets", "target", "classes", "class"],
};

const partWords: ReadonlyMap<string, Part> = new Map([
  ...["train", "training", "tr"].map((word): [string, Part] => [word, "train"]),
  ...["val", "valid", "validation"].map((word): [string, Part] => [word, "val"]),
  ...["test", "testing", "te"].map((word): [string, Part] => [word, "test"]),
]);

/** The words of a name, in lower case: "X_train", "trainX", "xtrain" and "x-train" have the same two. */
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

/** The words of a name that say which part it is. */
export function partWordsOf(name: string): string[] {
  return wordsOf(name).filter((word) => partWords.has(word));
}

/** What these words mean together: a word for labels outweighs one for images, as in "image_labels". */
export function meaningOf(words: readonly string[]): Meaning {
  const rank = (role: Role): number => {
    const ranks = words.map((word) => roleWords[role].indexOf(word)).filter((at) => at >= 0);
    return ranks.length > 0 ? Math.min(...ranks) : -1;
  };
  const role = rank("labels") >= 0 ? "labels" : rank("images") >= 0 ? "images" : undefined;
  const known = (word: string): boolean =>
    partWords.has(word) || roleWords.images.includes(word) || roleWords.labels.includes(word);
  const part = words.map((word) => partWords.get(word)).find((found) => found !== undefined);
  const strangers = words.filter((word) => !known(word)).length;
  return { part: part ?? "whole", role, doubt: 100 * strangers + (role === undefined ? 0 : rank(role)) };
}
