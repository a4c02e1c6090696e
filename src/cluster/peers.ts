// The packages that a cluster needs. Few programs use one, so they are imported when asked for.
import { UnsupportedError } from "../errors.ts";
import { thrown } from "../kinds.ts";

/** What is used of BullMQ and ioredis. */
export interface Peers {
  readonly bullmq: Pick<typeof import("bullmq"), "Queue" | "Worker">;
  readonly ioredis: Pick<typeof import("ioredis"), "Redis">;
}

/** Imports them. Throws UnsupportedError that says how to install what is missing. */
export async function importPeers(): Promise<Peers> {
  try {
    // Bundlers take a package for optional whose import is awaited within try.
    const ioredis = await import(/* webpackIgnore: true */ /* @vite-ignore */ "ioredis");
    const bullmq = await import(/* webpackIgnore: true */ /* @vite-ignore */ "bullmq");
    return { ioredis, bullmq };
  } catch (cause) {
    const { message } = thrown(cause);
    throw new UnsupportedError(
      `a cluster needs the packages bullmq and ioredis (npm install bullmq ioredis): ${message}`,
      { cause },
    );
  }
}
