// Downloads from mirrors that lie, lead elsewhere, hang or are cut off: the pinned file arrives, or nothing is left.
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogue, type DownloadFile } from "../../src/node/catalogue.ts";
import { download, isCached } from "../../src/node/download.ts";
import { errorOf } from "../helpers.ts";

const name = "pixels.gz";
const content = Buffer.from("the pinned content");
let folder: string;
let server: Server;
let port: number;
let asked: string[];
/** What each path is answered with. */
let answers: Record<string, (response: ServerResponse) => void>;

const answer: RequestListener = (request, response) => {
  asked.push(request.url!);
  answers[request.url!.slice(1)]!(response);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "distillate-download-"));
  asked = [];
  answers = { good: (response) => response.end(content) };
  server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const at = (path: string) => `http://127.0.0.1:${port}/${path}`;
const fileAt = (...urls: string[]): DownloadFile => ({
  ...{ name, urls, bytes: content.length },
  sha256: createHash("sha256").update(content).digest("hex"),
});
const redirect =
  (to: string | undefined, status = 302) =>
  (response: ServerResponse) =>
    response.writeHead(status, to === undefined ? {} : { location: to }).end("moved");
/** What is said of a file that does not come; nothing of it may be left. */
async function refusal(file: DownloadFile, limits: { stall?: number; slowest?: number } = {}): Promise<string> {
  const { message } = await errorOf(() => download(file, folder, limits));
  expect(readdirSync(folder)).toEqual([]);
  return message;
}

test("every address of the catalogue is https, and every file is pinned by size and SHA-256", () => {
  for (const { urls, bytes, sha256 } of Object.values(catalogue).flat()) {
    expect(urls.length).toBeGreaterThan(0);
    for (const url of urls) expect(new URL(url).protocol).toBe("https:");
    expect(bytes).toBeGreaterThan(0);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
});

describe("redirects", () => {
  test.each([301, 302, 303, 307, 308])("of status %d are followed, relative ones too", async (status) => {
    answers.moved = redirect("/again", status);
    answers.again = redirect(at("good"), status);
    await download(fileAt(at("moved")), folder);
    expect(readFileSync(join(folder, name))).toEqual(content);
    expect(asked).toEqual(["/moved", "/again", "/good"]);
  });

  test("in a circle end after five", async () => {
    answers.round = redirect("/round");
    expect(await refusal(fileAt(at("round")))).toContain("expected at most 5 redirects, got more");
    expect(asked).toHaveLength(6);
  });

  test.each([
    [
      "http on another machine",
      "http://example.invalid/x",
      "expected an address of https, got http://example.invalid/x",
    ],
    ["a file", "file:///etc/passwd", "expected an address of https, got file:///etc/passwd"],
    ["data", "data:text/plain,x", "expected an address of https, got data:text/plain,x"],
    ["FTP", "ftp://127.0.0.1/x", "expected an address of https, got ftp://127.0.0.1/x"],
    ["no address", "http://[", 'expected a redirect to an address, got "http://["'],
    ["an endless address", `http://x/${"a".repeat(5000)}`, "aaa…aaa"],
  ])("to %s are not followed", async (_, to, says) => {
    answers.away = redirect(to);
    expect(await refusal(fileAt(at("away")))).toContain(says);
    expect(asked).toEqual(["/away"]);
  });

  test("to nowhere, and 304, are no files", async () => {
    answers.nowhere = redirect(undefined);
    answers.same = redirect(at("good"), 304);
    expect(await refusal(fileAt(at("nowhere")))).toContain("expected HTTP status 200, got 302");
    expect(await refusal(fileAt(at("same")))).toContain("expected HTTP status 200, got 304");
  });
});

test("an address without https is not asked, except on this machine", async () => {
  expect(await refusal(fileAt("http://example.invalid/x"))).toContain("expected an address of https");
  expect(await refusal(fileAt(at("good").replace("127.0.0.1", "127.0.0.1.invalid")))).toContain(
    "expected an address of",
  );
  expect(asked).toEqual([]);
});

describe("what takes too long is ended, and the next mirror is asked:", () => {
  const waits: Record<string, (response: ServerResponse) => void> = {
    "no answer": () => {},
    "an answer without a body": (response) => response.writeHead(200).flushHeaders(),
    "a body that stalls": (response) => response.write("the"),
    "a refusal whose body has no end": (response) => response.writeHead(404).write("x"),
  };
  test.each(Object.keys(waits))("%s", async (what) => {
    answers.slow = waits[what]!;
    await download(fileAt(at("slow"), at("good")), folder, { stall: 200 });
    expect(readFileSync(join(folder, name))).toEqual(content);
    expect(readdirSync(folder)).toEqual([name]);
  });

  test("a body that stalls, and says so", async () => {
    answers.slow = (response) => response.write("the");
    const said = await refusal(fileAt(at("slow")), { stall: 200, slowest: 1e-3 });
    expect(said).toContain("expected more bytes within 0.2 s, got none");
  });

  test("a byte from time to time", async () => {
    answers.drip = (response) => {
      const timer = setInterval(() => response.write("t"), 50);
      response.on("close", () => clearInterval(timer));
    };
    const said = await refusal(fileAt(at("drip")), { stall: 200, slowest: content.length / 300 });
    expect(said).toContain("expected the whole within 1 s, got less");
  });

  test("but not a callback that takes its time", async () => {
    const onDownload = () => new Promise<void>((done) => setTimeout(done, 300));
    await download(fileAt(at("good")), folder, { stall: 100, slowest: 1e-3, onDownload });
    expect(readdirSync(folder)).toEqual([name]);
  });
});

describe("bodies that lie", () => {
  const size = content.length;
  test.each<[string, (response: ServerResponse) => void, string]>([
    [
      "are longer than they state",
      (r) => r.writeHead(200, { "content-length": size + 5 }).end(Buffer.alloc(size + 5)),
      "got more",
    ],
    ["are cut off", (r) => r.writeHead(200, { "content-length": size }).write("the", () => r.destroy()), "/lie: "],
    ["are empty", (r) => r.end(), `expected ${size} bytes, got 0`],
    ["have no content", (r) => r.writeHead(204).end(), "expected HTTP status 200, got 204"],
    ["have other content of the same size", (r) => r.end(Buffer.alloc(size)), "expected SHA-256"],
    ["are a part", (r) => r.writeHead(206).end(content.subarray(1)), `expected ${size} bytes, got ${size - 1}`],
  ])("%s are refused", async (_, body, says) => {
    answers.lie = body;
    expect(await refusal(fileAt(at("lie")))).toContain(says);
  });
});

describe("the folder", () => {
  test("is shared by downloads at the same time: the file is whole, and nothing else is left", async () => {
    const file = fileAt(at("good"));
    await Promise.all(Array.from({ length: 8 }, () => download(file, folder)));
    expect(readdirSync(folder)).toEqual([name]);
    expect(readFileSync(join(folder, name))).toEqual(content);
    expect(await isCached(folder, file)).toBe(true);
  });

  test("keeps what another program downloads, and not what a killed one left an hour ago", async () => {
    const [now, old, other] = [`.${name}.0a.tmp`, `.${name}.0b.tmp`, ".other.gz.0c.tmp"];
    for (const each of [now, old, other]) writeFileSync(join(folder, each), "half");
    for (const each of [old, other]) utimesSync(join(folder, each), new Date(), new Date(Date.now() - 2 * 3_600_000));
    await download(fileAt(at("good")), folder);
    expect(readdirSync(folder).sort()).toEqual([now, other, name].sort());
  });

  test("that cannot be made is the system's error, before anything is asked", async () => {
    writeFileSync(join(folder, "file"), "");
    const error = await errorOf(() => download(fileAt(at("good")), join(folder, "file", "cache")));
    expect(error).toMatchObject({ code: "ENOTDIR" });
    expect(asked).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0)("that may not be written to is named with the reason", async () => {
    chmodSync(folder, 0o500);
    try {
      const { message } = await errorOf(() => download(fileAt(at("good")), folder));
      expect(message).toMatch(/EACCES: permission denied/);
    } finally {
      chmodSync(folder, 0o700);
    }
  });
});
