import type * as library from "../../../src/index.ts";

export function recipes(of: typeof library): readonly (() => Promise<library.DistillOptions>)[];
