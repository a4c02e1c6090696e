// Files of torch.save and other pickles that would run a program if they were loaded: each is refused wherever a network or a set
// is read.
import { writeZip } from "../../src/codecs/zip.ts";
import { distilledFromBytes, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { parametersFromBytes, parametersToSafetensors } from "../../src/formats/state-dict.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { dict, int, list, tensor, text, archive as torchArchive } from "../codecs/pickles.ts";
import { ascii, concat, fileName } from "../formats/hostile.ts";
import { makeSet } from "../formats/sets.ts";
import { forge } from "../formats/zip-forger.ts";
import { type BadFile, table } from "./bad-files.ts";

/** Who reads the file. */
type Pickle = { readonly as: "network" | "set"; readonly bytes: Uint8Array };

const model = sequential([1, 1, 1], [flatten(), linear({ out: 1 })]);
const readers = {
  network: (bytes: Uint8Array) => parametersFromBytes(bytes, model, { name: fileName }),
  set: (bytes: Uint8Array) => distilledFromBytes(bytes, fileName),
};

const pickle = (protocol: number, ...parts: (string | readonly number[])[]) =>
  concat([0x80, protocol], ...parts.map((part) => (typeof part === "string" ? ascii(part) : part)));
/** A pickle whose loading runs a command. */
const runs = (protocol: number) => pickle(protocol, "cposix\nsystem\n", [0x58, 4, 0, 0, 0], "true", [0x85, 0x52, 0x2e]);
const archive = (folder: string, ...more: string[]) =>
  writeZip([...more.map((name) => [`${folder}/${name}`, ascii("x")] as const), [`${folder}/data.pkl`, runs(2)]]);
const long = "d".repeat(300);

const bare: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ...[2, 3, 4, 5].map((protocol) => [`a command, protocol ${protocol}`, runs(protocol)] as const),
  ...[2, 3, 4, 5].map((protocol) => [`an empty pickle, protocol ${protocol}`, pickle(protocol)] as const),
  [
    "the magic number of torch.save's old form",
    pickle(2, [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]),
  ],
  ["a dictionary", pickle(2, "}q\u0000.")],
  ["a pickle with tensors behind it", concat(runs(2), distilledToSafetensors(makeSet()))],
  ["a frame of protocol 4", pickle(4, [0x95, 255, 255, 255, 255, 255, 255, 255, 255])],
  ["a pickle of 100,000 bytes", concat(runs(2), new Uint8Array(100_000))],
];

const notRun = "because nothing in a file is run";
/** Archives, and what a reader of networks says of each. */
const archives: readonly (readonly [what: string, bytes: Uint8Array, says: string])[] = [
  ["an archive of torch.save", archive("archive", "version", "data/0"), notRun],
  ["an archive with the name of its file", archive("alexnet-owt-7be5be79", "data/0"), notRun],
  ["an archive with a byte order of one letter", archive("archive", "byteorder"), "expected little or big"],
  ["an archive of the pickle alone", archive("archive"), notRun],
  ["an archive with the pickle last", archive("archive", ...Array.from({ length: 90 }, (_, i) => `data/${i}`)), notRun],
  ["an archive with a comment", forge([{ name: "a/data.pkl", data: runs(2) }], { comment: "a model" }), notRun],
  ["an archive in a deep folder", archive(`${long}/${long}`), "expected one file data.pkl"],
  ["an archive whose end is missing", archive("archive", "version").slice(0, -30), "the end record of a zip file"],
  ["an archive whose pickle is empty", writeZip([["a/data.pkl", new Uint8Array()]]), "expected a pickle"],
  [
    "an archive that has a good array as well",
    writeZip([
      ["fc.npy", ascii("x")],
      ["a/data.pkl", runs(2)],
    ]),
    notRun,
  ],
  ["an archive of a set", torchArchive(list(tensor(), tensor())), "expected a state_dict, as torch.save"],
  ["an archive of text", torchArchive(text("a")), "expected a state_dict, as torch.save"],
  ["an archive without a network", torchArchive(dict([text("epoch"), int(3)])), 'got keys ["epoch"]'],
  [
    "an archive of a list in the place of a state_dict",
    torchArchive(dict([text("state_dict"), list(tensor())])),
    "or one at state_dict",
  ],
  [
    "an archive of a network with a number in it",
    torchArchive(dict([text("1.weight"), tensor()], [text("1.bias"), int(3)])),
    'expected a tensor at "1.bias" of the state_dict, got 3',
  ],
  [
    "an archive of a network of another shape",
    torchArchive(dict([text("1.weight"), tensor()], [text("1.bias"), tensor()])),
    'expected "1.weight" [1, 1], got [2, 3]',
  ],
];

const isBare = "is a bare pickle, as torch.save wrote before PyTorch 1.6";
const bad: BadFile<Pickle>[] = [
  ...(["network", "set"] as const).flatMap((as) =>
    bare.map(([what, bytes]): BadFile<Pickle> => [`${what}, as a ${as}`, isBare, { as, bytes }]),
  ),
  ...archives.map(([what, bytes, says]): BadFile<Pickle> => [`${what}, as a network`, says, { as: "network", bytes }]),
  ...archives.map(
    ([what, bytes]): BadFile<Pickle> => [`${what}, as a set`, "is a file of torch.save: ", { as: "set", bytes }],
  ),
];

export const torch = table<Pickle>({
  format: "torch-file",
  read: ({ as, bytes }) => readers[as](bytes),
  good: [
    { as: "network", bytes: parametersToSafetensors(model, Float32Array.of(1, 2)) },
    { as: "set", bytes: distilledToSafetensors(makeSet()) },
  ],
  bad,
});
