// Bad pools: the manifest of a folder of networks, and the networks that it promises.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parametersToSafetensors } from "../../src/formats/state-dict.ts";
import { describeModel } from "../../src/nn/describe.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { loadPool } from "../../src/node/pool-folder.ts";
import { ascii, concat } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

/** The files of a folder; a text is where a link leads, null a folder. */
type Folder = Readonly<Record<string, Uint8Array | string | null>>;
type Bad = BadFile<Folder>;

const model = sequential([1, 1, 2], [flatten(), linear({ out: 2 })]);
const network = parametersToSafetensors(model, Float32Array.of(1, 2, 3, 4, 5, 6), {}, [["accuracy", "0.5"]]);
const manifest = { format: "distillate pool 1", version: "0.1.0", networks: 2, model: describeModel(model) };
const encode = (text: string) => new TextEncoder().encode(text);
const [first, second] = ["network-0000.safetensors", "network-0001.safetensors"] as const;
const good: Folder = { "manifest.json": encode(JSON.stringify(manifest)), [first]: network, [second]: network };

async function read(files: Folder): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "distillate-pool-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      if (content === null) mkdirSync(join(folder, name));
      else if (typeof content === "string") symlinkSync(content, join(folder, name));
      else writeFileSync(join(folder, name), content);
    }
    await loadPool(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const said = (what: string, says: string, text: string | Uint8Array): Bad => [
  `manifest: ${what}`,
  `manifest.json: ${says}`,
  { ...good, "manifest.json": typeof text === "string" ? encode(text) : text },
];
const keys = (what: string, says: string, changes: object): Bad =>
  said(what, says, JSON.stringify({ ...manifest, ...changes }));
const networks = (value: unknown): Bad =>
  keys(`networks ${JSON.stringify(value)}`, "expected networks from 1 to 9999, got", { networks: value });
const layers = (what: string, says: string, ...list: unknown[]): Bad =>
  keys(what, `model: ${says}`, { model: { inputShape: [1, 1, 2], layers: list } });
const file = (what: string, says: string, content: Uint8Array | string | null): Bad => [
  `a network: ${what}`,
  `${second}: ${says}`,
  { ...good, [second]: content },
];
const format = 'expected format "distillate pool 1", got';

const bad: readonly Bad[] = [
  said("nothing", "expected JSON", ""),
  said("half of it", "expected JSON", JSON.stringify(manifest).slice(0, 40)),
  said("a text", "expected JSON", "networks: 2"),
  said("null", `${format} undefined`, "null"),
  said("a list", `${format} undefined`, "[]"),
  said("a number", `${format} undefined`, "3"),
  said("a key twice", "expected each name once", JSON.stringify(manifest).replace("{", '{"networks":1,')),
  said("bytes that are no UTF-8", "expected JSON in UTF-8", concat(encode('{"x":"'), [0xff], encode('"}'))),
  said("100,000 levels", "expected JSON of at most 32 levels", "[".repeat(100_000)),
  said("4 MiB and more", "expected at most 4194304 bytes", " ".repeat(2 ** 22 + 1)),
  said(
    "a number beyond float64",
    "expected a number that float64 can hold",
    JSON.stringify(manifest).replace('"networks":2', '"networks":1e999'),
  ),
  keys("no format", `${format} undefined`, { format: undefined }),
  keys("another format", `${format} 7`, { format: 7 }),
  keys("a later format", `${format} "distillate pool 2"`, { format: "distillate pool 2" }),
  keys("a format that controls a terminal", `${format} "\\u001b[2J\\u202e"`, { format: "\u001b[2J\u202e" }),
  ...[0, -1, 1.5, 1e12, 10_000, "2", null, true, [2], {}, "../2"].map(networks),
  keys("no networks", "expected networks from 1 to 9999, got undefined", { networks: undefined }),
  keys("no model", 'model: "model" expected', { model: undefined }),
  keys("a model of objects", 'model: "model" expected', { model: { inputShape: {}, layers: {} } }),
  keys("a model of layers alone", 'model: "model" expected', { model: { layers: [] } }),
  keys("an input of no size", "model: ", { model: { inputShape: [1, 0, 2], layers: [] } }),
  keys("an input of two sizes", "model: ", { model: { inputShape: [1, 2], layers: [{ kind: "flatten" }] } }),
  keys("an input of 2^53 sizes", "model: ", {
    model: { inputShape: [1, 2 ** 27, 2 ** 27], layers: [{ kind: "flatten" }, { kind: "linear", out: 2 ** 30 }] },
  }),
  layers("an unknown layer", "layer 0: expected one of conv2d", { kind: "conv9d" }),
  layers("a layer of objects", "layer 0: expected one of conv2d", { kind: "constructor" }),
  layers("a layer that is null", "layer 0: expected one of conv2d", null),
  layers("a layer that is a list", "layer 0: expected one of conv2d", []),
  layers("a layer that controls a terminal", "layer 0: expected one of conv2d", { kind: "\u001b[2J" }),
  layers("a layer without its options", '"out" expected', { kind: "flatten" }, { kind: "linear" }),
  layers("a layer of an unknown option", '"size" expected', { kind: "flatten" }, { kind: "linear", out: 2, size: 3 }),
  layers("a layer of no units", '"out" expected', { kind: "flatten" }, { kind: "linear", out: 0 }),
  layers("a layer of half a unit", '"out" expected', { kind: "flatten" }, { kind: "linear", out: 0.5 }),
  layers("layers that do not fit", "layer 0 (conv2d): expected an input of at least 9 × 9", {
    kind: "conv2d",
    out: 1,
    kernel: 9,
  }),
  [
    "no network",
    "expected 2 networks, but network-0001.safetensors is missing",
    { "manifest.json": good["manifest.json"]!, [first]: network },
  ],
  [
    "no networks at all",
    "but network-0000.safetensors is missing, and 1 more",
    { "manifest.json": good["manifest.json"]! },
  ],
  [
    "a network in capitals",
    "network-0001.safetensors is missing",
    { "manifest.json": good["manifest.json"]!, [first]: network, "NETWORK-0001.safetensors": network },
  ],
  file("nothing", "expected a header length", new Uint8Array(0)),
  file("cut short", 'expected tensor "1.bias" to end at', network.slice(0, -1)),
  file("a byte more", "expected the end of the file", concat(network, [0])),
  file("a pickle", "is a bare pickle", concat([0x80, 2], ascii("}q."))),
  file(
    "of another model",
    "expected",
    parametersToSafetensors(sequential([1, 1, 2], [flatten(), linear({ out: 3 })]), new Float32Array(9)),
  ),
  ...["1.5", "-0.1", "high", "NaN", "", " 0.5", "0.50", "5e-1", "Infinity"].map((text) =>
    file(
      `accuracy ${JSON.stringify(text)}`,
      "expected accuracy from 0 to 1, got",
      parametersToSafetensors(model, new Float32Array(6), {}, [["accuracy", text]]),
    ),
  ),
  file("a text", "expected a header", ascii("not a network")),
  file("a folder", "expected a regular file, got a folder", null),
  file("a link to a device", "expected a regular file, got a device", "/dev/zero"),
  file("a link to a password file", "expected", "/etc/passwd"),
];

export const pool = table<Folder>({
  format: "pool folder",
  names: /distillate-pool-\w+(\/(manifest\.json|network-0001\.safetensors))?: /,
  read,
  good: [good, { ...good, "manifest.json": encode(JSON.stringify({ ...manifest, networks: 1, later: 1 })) }],
  bad,
});
