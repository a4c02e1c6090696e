import type * as library from "../../../src/index.ts";

type Options = Pick<library.DistillOptions, "engine" | "threads" | "worker">;

export function calls(of: typeof library): Readonly<Record<string, (options: Options) => Promise<unknown>>>;
