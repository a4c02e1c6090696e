import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogue, type DownloadFile } from "../../src/node/catalogue.ts";
import { cacheFolder, download } from "../../src/node/download.ts";
import { datasetNames, loadDataset, loadFiles, loadNamed } from "../../src/node/load-dataset.ts";
import { bytes, file, flatPng, histogram, realFile, realPath, tar } from "../data/samples.ts";
import { concat } from "../formats/hostile.ts";

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-data-"));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

const put = (path: string, content: Uint8Array) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const idx = (values: ArrayLike<number>, ...shape: number[]) =>
  concat(
    [0, 0, 8, shape.length],
    shape.flatMap((n) => [0, 0, 0, n]),
    values,
  );
const mnist: Record<string, Uint8Array> = {
  "train-images-idx3-ubyte.gz": gzipSync(idx(bytes(12), 3, 2, 2)),
  "train-labels-idx1-ubyte.gz": gzipSync(idx([0, 1, 2], 3)),
  "t10k-images-idx3-ubyte.gz": gzipSync(idx(bytes(4), 1, 2, 2)),
  "t10k-labels-idx1-ubyte.gz": gzipSync(idx([2], 1)),
};

/** A server that is a mirror for each first part of a path: /good/name, /short/name and so on. */
async function mirrors(handlers: Record<string, (content: Buffer, ...args: Parameters<RequestListener>) => void>) {
  const requests: string[] = [];
  server = createServer((request, response) => {
    requests.push(request.url!);
    const [, mirror, name] = request.url!.split("/");
    handlers[mirror!]!(Buffer.from(mnist[name!]!), request, response);
  });
  await new Promise<void>((done) => server!.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const fileOf = (name: string, ...of: string[]): DownloadFile => ({
    name,
    urls: of.map((mirror) => `http://127.0.0.1:${port}/${mirror}/${name}`),
    bytes: mnist[name]!.length,
    sha256: createHash("sha256").update(mnist[name]!).digest("hex"),
  });
  return { requests, fileOf };
}

const bad = {
  missing: (_: Buffer, __: unknown, response: Parameters<RequestListener>[1]) => response.writeHead(404).end("no"),
  long: (content: Buffer, _: unknown, response: Parameters<RequestListener>[1]) =>
    response.end(Buffer.concat([content, Buffer.alloc(1)])),
  short: (content: Buffer, _: unknown, response: Parameters<RequestListener>[1]) => response.end(content.subarray(1)),
  other: (content: Buffer, _: unknown, response: Parameters<RequestListener>[1]) =>
    response.end(Buffer.from(content.map((byte) => byte ^ 1))),
  cut: (content: Buffer, _: unknown, response: Parameters<RequestListener>[1]) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 5), () => response.destroy());
  },
};
const good = (content: Buffer, _: unknown, response: Parameters<RequestListener>[1]) => response.end(content);
const name = "train-labels-idx1-ubyte.gz";

describe("download", () => {
  test("tries the mirrors in order until one gives the pinned file", async () => {
    const { requests, fileOf } = await mirrors({ ...bad, good });
    const seen: number[] = [];
    const file = fileOf(name, "missing", "long", "short", "other", "cut", "good", "unused");
    await download(file, join(folder, "new"), { onDownload: ({ received, total }) => seen.push(received / total) });
    expect(readdirSync(join(folder, "new"))).toEqual([name]);
    expect(readFileSync(join(folder, "new", name))).toEqual(Buffer.from(mnist[name]!));
    expect(requests.map((url) => url.split("/")[1])).toEqual(["missing", "long", "short", "other", "cut", "good"]);
    expect(seen.at(-1)).toBe(1);
  });

  test("says what was wrong at each mirror and leaves nothing behind", async () => {
    const { fileOf } = await mirrors(bad);
    const file = fileOf(name, "missing", "long", "short", "other", "cut");
    const unreachable = { ...file, urls: [...file.urls, "http://127.0.0.1:1/x"] };
    const error: Error = await download(unreachable, folder).catch((e) => e);
    const n = file.bytes;
    for (const part of [
      "expected a download from one of 6 mirrors",
      `missing/${name}: expected HTTP status 200, got 404`,
      `long/${name}: expected ${n} bytes, got more`,
      `short/${name}: expected ${n} bytes, got ${n - 1}`,
      `other/${name}: expected SHA-256 ${file.sha256}, got `,
      `cut/${name}: `,
      "127.0.0.1:1/x: ",
    ]) {
      expect(error.message).toContain(part);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("an onDownload that fails ends the download with its error: that is no fault of a mirror", async () => {
    const { requests, fileOf } = await mirrors({ good, other: good });
    const error = new RangeError("enough");
    const throws = () => {
      throw error;
    };
    for (const onDownload of [throws, async () => throws()]) {
      await expect(download(fileOf(name, "good", "other"), folder, { onDownload })).rejects.toBe(error);
    }
    expect(requests).toHaveLength(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a body without an end is cut at the pinned size", async () => {
    let sent = 0;
    const { fileOf } = await mirrors({
      endless(_, __, response) {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(2 ** 16))) sent += 2 ** 16;
        };
        response.on("drain", more);
        more();
      },
    });
    await expect(download(fileOf(name, "endless"), folder)).rejects.toThrow("bytes, got more");
    expect(sent).toBeLessThan(2 ** 26);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a stalled download stops when it is aborted", async () => {
    const controller = new AbortController();
    const { requests, fileOf } = await mirrors({
      stalled(_, __, response) {
        response.writeHead(200);
        response.write("x", () => setTimeout(() => controller.abort(new Error("enough")), 10));
      },
    });
    const { signal } = controller;
    await expect(download(fileOf(name, "stalled", "stalled"), folder, { signal })).rejects.toThrow("enough");
    expect(requests).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a set by its name", () => {
  test("is downloaded only when that is allowed, and once", async () => {
    const { requests, fileOf } = await mirrors({ good });
    const files = Object.keys(mnist).map((key) => fileOf(key, "good"));
    await expect(loadFiles("mnist", files, { cacheDir: folder })).rejects.toThrow(
      `mnist: expected ${join(folder, "mnist", files[0]!.name)}, which is not there: allow its download`,
    );
    expect(requests).toEqual([]);
    const split = await loadFiles("mnist", files, { cacheDir: folder, download: true });
    expect(split).toMatchObject({ train: { name: "mnist", count: 3 }, test: { count: 1 } });
    expect(requests).toHaveLength(4);
    expect(await loadFiles("mnist", files, { cacheDir: folder })).toEqual(split);
    // A file of another size is not what was downloaded.
    writeFileSync(join(folder, "mnist", name), "cut");
    await expect(loadFiles("mnist", files, { cacheDir: folder })).rejects.toThrow(name);
    await loadFiles("mnist", files, { cacheDir: folder, download: true });
    expect(requests).toHaveLength(5);
  });

  test("is one of datasetNames, each of which can be downloaded", () => {
    expect(datasetNames).toEqual(["mnist", "fashion-mnist", "cifar10", "cifar100"]);
    for (const name of datasetNames) expect(catalogue[name]!.length).toBeGreaterThan(0);
  });

  test("unknown names are RangeErrors that list the known ones", async () => {
    await expect(loadNamed("mnits")).rejects.toThrow(
      '"name" expected one of mnist, fashion-mnist, cifar10, cifar100, got "mnits"',
    );
    await expect(loadNamed("__proto__")).rejects.toThrow(RangeError);
  });

  test("is kept in DISTILLATE_CACHE where that is set", () => {
    const before = process.env.DISTILLATE_CACHE;
    try {
      process.env.DISTILLATE_CACHE = folder;
      expect(cacheFolder()).toBe(folder);
      process.env.DISTILLATE_CACHE = "";
      expect(cacheFolder()).toMatch(/distillate/);
    } finally {
      if (before === undefined) delete process.env.DISTILLATE_CACHE;
      else process.env.DISTILLATE_CACHE = before;
    }
  });

  for (const set of ["mnist", "fashion-mnist"]) {
    test(`${set}: pinned sizes and hashes are those of the real files`, (context) => {
      for (const { name: key, bytes: size, sha256 } of catalogue[set]!) {
        const content = realFile(`${set}/${key}`);
        context.skip(!content, `needs ../shared/data/${set}`);
        expect([content!.length, createHash("sha256").update(content!).digest("hex")]).toEqual([size, sha256]);
      }
    });
  }
});

describe("loadDataset", () => {
  test("takes a folder, an archive or one file, and names the set after it", async () => {
    for (const [key, content] of Object.entries(mnist)) put(`digits/${key}`, content);
    const split = await loadDataset(join(folder, "digits"));
    expect(split.train).toMatchObject({ name: "digits", count: 3 });
    expect(await loadDataset(`${folder}/digits/`)).toEqual(split);
    put("digits.tar.gz", gzipSync(await tar(Object.entries(mnist).map(([key, content]) => file(key, content)))));
    expect(await loadDataset(join(folder, "digits.tar.gz"))).toEqual(split);
    const colours = [flatPng(2, 2, [255, 0, 0]), flatPng(2, 2, [0, 255, 0])];
    for (const [i, colour] of ["red", "green"].entries()) {
      for (const k of [1, 2]) put(`photos/${colour}/${k}.png`, colours[i]!);
    }
    expect((await loadDataset(join(folder, "photos"))).train).toMatchObject({ count: 2, classNames: ["green", "red"] });
    put("data_batch_1.bin", concat([1], bytes(3072), [1], bytes(3072, 2)));
    expect((await loadDataset(join(folder, "data_batch_1.bin"))).test.count).toBe(1);
  });

  test("Fashion-MNIST has its counts and statistics", async (context) => {
    context.skip(!realFile("fashion-mnist/t10k-labels-idx1-ubyte.gz"), "needs ../shared/data/fashion-mnist");
    const { train, test: held } = await loadDataset(realPath("fashion-mnist"));
    expect(train).toMatchObject({ name: "fashion-mnist", count: 60_000, classes: 10, channels: 1, height: 28 });
    expect([histogram(train), histogram(held)]).toEqual([Array(10).fill(6000), Array(10).fill(1000)]);
    expect(train.mean[0]).toBeCloseTo(0.286, 4);
    expect(train.std[0]).toBeCloseTo(0.353, 4);
    expect([...train.labels.subarray(0, 10)]).toEqual([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
  });

  test("errors name the path, and the file within", async () => {
    await expect(loadDataset(join(folder, "none"))).rejects.toThrow("ENOENT");
    await expect(loadDataset(folder)).rejects.toThrow(`${folder}: found no files; expected a data set`);
    put("a/b/1.png", new Uint8Array(9));
    put("a/b/2.png", new Uint8Array(9));
    await expect(loadDataset(join(folder, "a"))).rejects.toThrow(/\/a\/b\/\d\.png: expected a PNG/);
  });
});
