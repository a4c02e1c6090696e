// Pictures are decoded in a worker that is ended when one takes too long or breaks it.
import { createRequire } from "node:module";
import type { WorkerOptions } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { decodeApart } from "../../src/codecs/decode-apart.ts";
import { decodeHere } from "../../src/codecs/decode-here.ts";
import { kinds } from "../data/jpegs.ts";
import { bytes, jpegFile, png } from "../data/samples.ts";
import { errorOf } from "../helpers.ts";

const name = "a.jpg";
const good = jpegFile(20, 12);
/** It takes a hundred milliseconds. */
const large = png({ width: 1500, height: 1500, channels: 3, data: new Uint8Array(6_750_000) });

const threads = createRequire(import.meta.url)("node:worker_threads") as typeof import("node:worker_threads");
const { Worker } = threads;

/** Ends the worker that waits, so that the next picture starts one. */
async function withoutWorker(): Promise<void> {
  await errorOf(() => decodeApart(large, { name }, 0));
}

/** Lets another function start workers. */
function workersStartBy(start: (options: WorkerOptions) => import("node:worker_threads").Worker): void {
  Object.assign(threads, {
    // A constructor may return another object.
    Worker: class {
      constructor(_: string, options: WorkerOptions) {
        // biome-ignore lint/correctness/noConstructorReturn: it is what a stand-in does
        return start(options);
      }
    },
  });
}

afterEach(() => {
  Object.assign(threads, { Worker });
});

test("the pixels and the refusals are those of the decoders", async () => {
  const files = [...kinds.map((kind) => kind.bytes), png({ width: 3, height: 2, channels: 3, data: bytes(18) })];
  for (const file of files) expect(await decodeApart(file, { name })).toEqual(await decodeHere(file, { name }));
  const bad = [good.subarray(0, 200), files.at(-1)!.subarray(0, 40), Uint8Array.of(1, 2, 3), new Uint8Array()];
  for (const file of bad) {
    const [here, there] = [
      await errorOf(() => decodeHere(file, { name })),
      await errorOf(() => decodeApart(file, { name })),
    ];
    expect([there.name, there.message]).toEqual([here.name, here.message]);
  }
  expect((await errorOf(() => decodeApart(good, { name, maximumPixels: 10 }))).message).toContain(
    "expected 1 to 10 pixels",
  );
});

test("the caller's bytes stay as they are, in a Buffer too, and in a part of a larger one", async () => {
  const all = Buffer.concat([Buffer.alloc(7), good, Buffer.alloc(9)]);
  const copy = Uint8Array.from(all);
  const part = all.subarray(7, 7 + good.length);
  expect(await decodeApart(part, { name })).toEqual(await decodeHere(good, { name }));
  expect(Uint8Array.from(all)).toEqual(copy);
});

test("pictures that are asked for at once all come, each with its own", async () => {
  const sides = [1, 2, 3, 4, 5, 6, 7, 8];
  const rasters = await Promise.all(sides.map((side) => decodeApart(jpegFile(side, 2), { name })));
  expect(rasters.map(({ width }) => width)).toEqual(sides);
});

describe("a picture is refused, and the next one is read,", () => {
  test("if it takes too long", async () => {
    const error = await errorOf(() => decodeApart(large, { name }, 0.02));
    expect([error.name, error.message]).toEqual([
      "FormatError",
      "a.jpg: expected a picture that can be decoded within 0.02 seconds, got none",
    ]);
    expect(await decodeApart(good, { name })).toEqual(await decodeHere(good, { name }));
    expect((await decodeApart(large, { name })).width).toBe(1500);
  });

  test.each([
    ["never answers", "for (;;);", /within 1 seconds, got none$/],
    ["ends", "process.exit(3)", /the decoder ended: exit code 3$/],
    ["throws", 'throw new Error("oops")', /the decoder ended: oops$/],
    ["takes all memory", "const a = []; for (;;) a.push(new Array(1e5).fill(0.5));", /the decoder ended: .*memory/],
  ])("if the decoder %s", async (_, program, message) => {
    await withoutWorker();
    workersStartBy((options) => new Worker(program, options));
    const error = await errorOf(() => decodeApart(good, { name }, program.startsWith("for") ? 1 : 60));
    expect(error.name).toBe("FormatError");
    expect(error.message).toMatch(/^a\.jpg: expected a picture that can be decoded/);
    expect(error.message).toMatch(message);
    Object.assign(threads, { Worker });
    expect((await decodeApart(good, { name })).width).toBe(20);
  });
});

test("where no worker can start, a picture is decoded all the same", async () => {
  await withoutWorker();
  let tries = 0;
  workersStartBy(() => {
    tries++;
    throw new Error("not allowed");
  });
  expect(await decodeApart(good, { name })).toEqual(await decodeHere(good, { name }));
  expect(tries).toBe(1);
});
