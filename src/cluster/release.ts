// Which release computes: only machines with the same one give the same bits, so only they share a queue.
import { simd, threads } from "../backend/wasm/binary.gen.ts";
import { version } from "../version.gen.ts";
import { sha256Of } from "./blobs.ts";

/** A release: the version of the library, and its kernels. */
export interface Release {
  readonly version: string;
  /** The first 16 digits of the SHA-256 of the kernels. */
  readonly kernels: string;
}

let here: Release | undefined;

/** Returns the release of this program. */
export function release(): Release {
  here ??= { version, kernels: sha256Of(new TextEncoder().encode(simd + threads)).slice(0, 16) };
  return here;
}

/** Returns the name of the queue of machines with the same release. */
export function queueName({ version, kernels }: Release = release()): string {
  return `queue-${version}-${kernels}`;
}

/** Returns a release in words. */
export function described({ version, kernels }: Release): string {
  return `${version} with kernels ${kernels}`;
}
