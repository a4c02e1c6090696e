// The demo's workers that decode pictures (examples/browser/src/lab/picture-pool.ts), with workers that the test answers for.
import { encode } from "fast-png";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type PictureAnswer, PicturePool, type PictureQuestion } from "../examples/browser/src/lab/picture-pool.ts";

/** Stands in for a browser's worker. */
class FakeWorker {
  static all: FakeWorker[] = [];
  static refused = false;
  onmessage: ((event: { data: PictureAnswer | "ready" }) => void) | undefined;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | undefined;
  readonly asked: PictureQuestion[] = [];
  readonly transferred: unknown[] = [];
  ended = false;

  constructor() {
    if (FakeWorker.refused) throw new Error("no workers here");
    FakeWorker.all.push(this);
  }

  postMessage(question: PictureQuestion, transfer: readonly unknown[] = []): void {
    this.asked.push(question);
    this.transferred.push(...transfer);
  }

  terminate(): void {
    this.ended = true;
  }

  answer(width: number): void {
    this.onmessage!({ data: { raster: { width, height: 1, channels: 1, data: new Uint8Array(width) } } });
  }

  fail(message: string): void {
    this.onerror!({ message, preventDefault: () => {} });
  }
}

const made = FakeWorker.all;
const picture = encode({ width: 28, height: 28, channels: 1, depth: 8, data: new Uint8Array(784).fill(7) });

function pool(processors: number): PicturePool {
  vi.stubGlobal("Worker", FakeWorker);
  return new PicturePool("reader.js", processors);
}

afterEach(() => {
  vi.unstubAllGlobals();
  made.length = 0;
  FakeWorker.refused = false;
});

describe("the workers that decode pictures", () => {
  test.each([
    [1, 1],
    [2, 2],
    [16, 4],
  ])("%i processors decode %i pictures at once", (processors, atOnce) => {
    expect(pool(processors).atOnce).toBe(atOnce);
  });

  test("each has one picture at a time, and is used again for the next", async () => {
    const decoders = pool(2);
    const [first, second] = [decoders.decode(picture, "a.png"), decoders.decode(picture, "b.png")];
    expect(made.map(({ asked }) => asked.map(({ path }) => path))).toEqual([["a.png"], ["b.png"]]);
    made[1]!.answer(2);
    made[0]!.answer(1);
    expect(await first).toMatchObject({ raster: { width: 1 } });
    expect(await second).toMatchObject({ raster: { width: 2 } });
    const third = decoders.decode(picture, "c.png");
    expect(made).toHaveLength(2);
    made.find(({ asked }) => asked.length === 2)!.answer(3);
    expect(await third).toMatchObject({ raster: { width: 3 } });
    decoders.close();
    expect(made.every(({ ended }) => ended)).toBe(true);
  });

  test("a picture in an archive is sent as its own bytes, without the archive, which stays whole", () => {
    const archive = new Uint8Array(1000);
    archive.set(picture, 100);
    void pool(1).decode(archive.subarray(100, 100 + picture.length), "a.png");
    const sent = made[0]!.asked[0]!.source as Uint8Array;
    expect(sent.buffer.byteLength).toBe(picture.length);
    expect(made[0]!.transferred).toEqual([sent.buffer]);
    expect(archive.length).toBe(1000);
  });

  test("one that dies takes only its picture with it, and is replaced", async () => {
    const decoders = pool(1);
    const first = decoders.decode(picture, "a.png");
    made[0]!.answer(1);
    await first;
    const second = decoders.decode(picture, "b.png");
    made[0]!.fail("out of memory");
    expect(await second).toEqual({ why: "could not be decoded (out of memory)" });
    expect(made[0]!.ended).toBe(true);
    const third = decoders.decode(picture, "c.png");
    expect(made).toHaveLength(2);
    made[1]!.answer(3);
    expect(await third).toMatchObject({ raster: { width: 3 } });
  });

  test("one that dies with its first picture takes it with it; for one that does not start, pictures are decoded by who asks", async () => {
    const decoders = pool(2);
    const both = [decoders.decode(picture, "a.png"), decoders.decode(picture, "b.png")];
    made[0]!.onmessage!({ data: "ready" });
    made[0]!.fail("");
    made[1]!.fail("");
    expect(await both[0]).toEqual({ why: "could not be decoded (the decoder ended)" });
    expect(await both[1]).toMatchObject({ raster: { width: 28 } });
    void decoders.decode(picture, "c.png");
    expect(made).toHaveLength(3);
  });

  test("where none starts, pictures are decoded by who asks", async () => {
    const decoders = pool(2);
    const first = decoders.decode(picture, "a.png");
    made[0]!.fail("");
    expect(await first).toMatchObject({ raster: { width: 28, height: 28, channels: 1 } });
    expect(await decoders.decode(picture, "b.png")).toMatchObject({ raster: { width: 28 } });
    expect(made).toHaveLength(1);

    FakeWorker.refused = true;
    expect(await pool(2).decode(picture, "c.png")).toMatchObject({ raster: { width: 28 } });
  });
});
