// The kernels as they ship, in Node (binary.page.ts: in pages). `simd` runs on one thread and ordinary memory, the others
// on shared memory and any number of threads.
import { simd, threads } from "./binary.gen.ts";

/** A build of the kernels. */
export type Build = "simd" | "threads" | "relaxed";

/** Which build of the strict kernels serves one thread, or several. */
export function strictBuild(several: boolean): Build {
  return several ? "threads" : "simd";
}

/** What reads the rare kernels of a build that has them apart. Here none has. */
export function rareOf(_build: Build): (() => Promise<Uint8Array<ArrayBuffer>>) | undefined {
  return undefined;
}

export async function readBuild(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const base64 = build === "relaxed" ? (await import("./relaxed.gen.ts")).relaxed : { simd, threads }[build];
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
