// The kinds of baselines, by name.

/** Every kind there is. */
export const baselineKinds = ["random-real", "optimized-real", "class-average", "k-means"] as const;

/** What stands in for distilled images, see `baseline`. */
export type BaselineKind = (typeof baselineKinds)[number];

/** Throws RangeError unless `kind`, called `name`, is a kind of baseline. Returns it. */
export function checkKind(name: string, kind: BaselineKind): BaselineKind {
  if (baselineKinds.includes(kind)) return kind;
  throw new RangeError(`"${name}" expected one of ${baselineKinds.join(", ")}, got ${JSON.stringify(kind)}`);
}
