// What is recorded for a device, and what a list of it needs.
import type { Buffer } from "../buffer.ts";
import type { Dispatch, Shader } from "./shader.ts";

export interface Upload {
  readonly kind: "upload";
  readonly target: Buffer;
  readonly floats: Float32Array;
}
export interface Read {
  readonly kind: "read";
  readonly source: Buffer;
  readonly n: number;
  readonly resolve: (floats: Float32Array) => void;
  readonly reject: (error: Error) => void;
}
export type Command = { readonly kind: "dispatch"; readonly networks: readonly Dispatch[] } | Upload | Read;

/** The dispatch of a command of one network. */
export function alone(command: Command | undefined): Dispatch | undefined {
  return command?.kind === "dispatch" && command.networks.length === 1 ? command.networks[0] : undefined;
}

/** The shaders of a list. */
export function shadersOf(commands: readonly Command[]): Set<Shader> {
  return new Set(commands.flatMap((command) => (command.kind === "dispatch" ? command.networks[0]!.shader : [])));
}

/** Floats of scratch that the dispatch with the most needs. */
export function scratchOf(commands: readonly Command[]): number {
  return commands.reduce((most, command) => {
    return command.kind === "dispatch" ? Math.max(most, command.networks.length * command.networks[0]!.scratch) : most;
  }, 0);
}

/** The floats of all uploads, one after the other. */
export function incomingOf(commands: readonly Command[]): Float32Array<ArrayBuffer> {
  const uploads = commands.filter((command) => command.kind === "upload");
  const all = new Float32Array(uploads.reduce((sum, { floats }) => sum + floats.length, 0));
  let at = 0;
  for (const { floats } of uploads) {
    all.set(floats, at);
    at += floats.length;
  }
  return all;
}

/** Whether two networks' dispatches differ in operands alone. */
export function isAlike(a: Dispatch, b: Dispatch): boolean {
  const sameNumbers = a.numbers.every((number, i) => Object.is(number, b.numbers[i]));
  return a.shader === b.shader && a.count === b.count && a.scratch === b.scratch && sameNumbers;
}
