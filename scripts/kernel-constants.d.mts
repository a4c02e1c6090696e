import type { Source } from "./kernel-jobs.mjs";

export interface Constant {
  readonly name: string;
  readonly value: number;
  readonly doc: string;
}

/** The exported constants of `sources`. Throws Error with file and line for what is no whole number made of constants. */
export function readConstants(sources: readonly Source[]): readonly Constant[];

/** The text of src/backend/wasm/tiles.gen.ts. */
export function constantsSource(constants: readonly Constant[]): string;
