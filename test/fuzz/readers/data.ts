// Readers of data sets. A set of several files is one file that changes among others that stay, or a whole archive.
import { writeNpy } from "../../../src/codecs/npy.ts";
import { writeNpz } from "../../../src/codecs/npz.ts";
import type { DataFile } from "../../../src/data/data-file.ts";
import {
  datasetFromFiles,
  filesInArchive,
  loadArrays,
  loadCifar,
  loadCsv,
  loadIdx,
  loadIdxFiles,
  loadSvhn,
  loadUsps,
} from "../../../src/data.ts";
import { encodeJpeg } from "../../data/jpeg-encoder.ts";
import { bytes, file, flatPng } from "../../data/samples.ts";
import { concat } from "../../formats/hostile.ts";
import { mat, variable } from "../../formats/mat-writer.ts";
import type { Seed } from "../mutate.ts";
import { deflatedZip, gzipped, tarOf, withChecksums, zipOf } from "../wraps.ts";
import { fileName, type Reader, text, whole } from "./reader.ts";

const name = fileName;

/** The file as it is, and gzipped after the change. */
function plainAndPacked(...files: readonly Uint8Array[]): Seed[] {
  return [...whole(...files, gzipped(files[0]!)), ...files.map((content) => ({ bytes: content, wrap: gzipped }))];
}

const idxImages = concat([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2], bytes(24));
const idxColours = concat([0, 0, 8, 4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2], bytes(16));
const idxLabels = concat([0, 0, 8, 1, 0, 0, 0, 4], [0, 1, 0, 1]);

const uspsLine = (label: number): string =>
  `${label}.0000 ${Array.from(bytes(256, label), (byte) => (byte / 127.5 - 1).toFixed(4)).join(" ")} `;
const usps = text(`${[3, 1, 3, 1].map(uspsLine).join("\n")}\n`);

const csvRows = ["0,0,255,1,2", "1,3,4,5,6", "0,7,8,9,10", "1,11,12,13,14"];
const csvs = [
  text(`label,a,b,c,d\n${csvRows.join("\n")}\n`),
  text(`a;b;c;d;class\r\n0;0.5;1;0;1\r\n0;1;0;1;0\r\n1;1;0;1;0\r\n`),
  text(csvRows.join("\n")),
];

const imagesArray = { shape: [4, 2, 2], data: bytes(16) };
const labelsArray = { shape: [4], data: Uint8Array.of(0, 1, 0, 1) };
const floats = { shape: [4, 3, 2, 2], data: Float32Array.from(bytes(48), (byte) => byte / 255) };
const hot = { shape: [4, 2], data: Float64Array.of(1, 0, 0, 1, 1, 0, 0, 1) };

const svhn = mat([
  variable("X", [2, 2, 3, 4], bytes(48), { kind: 9 }),
  variable("y", [4, 1], Uint8Array.of(10, 1, 10, 1)),
]);

const picture = flatPng(2, 2, [1, 2, 3]);
const photograph = encodeJpeg({ width: 4, height: 3, channels: 3, data: bytes(36) });
const folder = [
  ...["cat", "dog"].flatMap((kind) => [1, 2].map((n) => [`${kind}/${n}.png`, flatPng(n, 2, [n, 2, 3])] as const)),
  ["dog/3.jpg", photograph] as const,
];

const lists = {
  "images.txt": text("1 001.Jay/a.png\n2 001.Jay/b.png\n3 002.Owl/c.png\n"),
  "image_class_labels.txt": text("1 1\n2 1\n3 2\n"),
  "train_test_split.txt": text("1 1\n2 0\n3 1\n"),
};
const birds = ["001.Jay/a.png", "001.Jay/b.png", "002.Owl/c.png"].map((path) => [`images/${path}`, picture] as const);
const cub = [...Object.entries(lists), ...birds];

const annotation = text(
  '<?xml version="1.0"?><annotation><filename a="1>2">a.jpg</filename><object><name>cat</name><bndbox><xmin>1</xmin>' +
    "<ymin>1.5</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>",
);
const voc: readonly (readonly [string, Uint8Array])[] = [
  ["ImageSets/Main/trainval.txt", text("a\n")],
  ["ImageSets/Main/test.txt", text("b \n")],
  ...["a", "b"].flatMap((id): [string, Uint8Array][] => [
    [`Annotations/${id}.xml`, annotation],
    [`JPEGImages/${id}.jpg`, picture],
  ]),
];

type Files = readonly (readonly [path: string, bytes: Uint8Array])[];

function filesOf(files: Files): DataFile[] {
  return files.map(([path, content]) => file(path, content));
}

/** Makes rows of a set in which one file changes. */
function rows(
  set: Files,
  what: string,
  covers: readonly string[],
  changing: Readonly<Record<string, number>>,
): Reader[] {
  return Object.entries(changing).map(([path, cases]) => ({
    name: `${what}: ${path}`,
    covers,
    seeds: () => whole(set.find(([known]) => known === path)![1]),
    read: (content) =>
      datasetFromFiles(filesOf(set.map(([known, bytes]) => [known, known === path ? content : bytes] as const)), {
        name,
        size: 2,
      }),
    cases,
  }));
}

const mnist: Files = [
  ["train-images-idx3-ubyte", idxImages],
  ["train-labels-idx1-ubyte", idxLabels],
  ["t10k-images-idx3-ubyte", idxImages],
  ["t10k-labels-idx1-ubyte", idxLabels],
];
const npyFiles: Files = [
  ["x_train.npy", writeNpy(imagesArray)],
  ["y_train.npy", writeNpy(labelsArray)],
];
const sets: readonly Files[] = [
  ...[folder, cub, voc, mnist, npyFiles],
  [["set.csv", csvs[0]!]],
  [["train_32x32.mat", svhn]],
  [["zip.train", usps]],
  [["data.npz", writeNpz(Object.entries({ x: floats, y: labelsArray }))]],
  folder.map(([path, content]) => [`wrapped/train/${path}`, content] as const),
  [0, 1].flatMap((n) => ["train", "test"].map((part) => [`${part}/0000${n}_${n}.jpg`, photograph] as const)),
];

/** Reads every file of an archive and then the set in it, whatever its layout. */
async function readArchive(content: Uint8Array): Promise<void> {
  const files = await filesInArchive(content, name);
  for (const { bytes } of files.slice(0, 20)) if (typeof bytes === "function") await bytes().catch(refusal);
  await datasetFromFiles(files, { name, size: 2 });
}

function refusal(error: Error): void {
  if (error.name !== "FormatError") throw error;
}

/** What tells layouts apart. */
const recognised: readonly string[] = [
  ...["isArrays", "isCifarJpeg", "isClassFolders", "isCsv", "isCub", "isIdxFiles", "isSvhn", "isVoc"],
  ...["withoutWrappers", "fileOfEachPart", "nameOf"],
];

export const dataReaders: readonly Reader[] = [
  {
    name: "idx images",
    covers: ["loadIdx", "parseIdx"],
    seeds: () => plainAndPacked(idxImages, idxColours),
    read: (images) => loadIdx({ images, labels: idxLabels, name }),
    cases: 30_000,
  },
  {
    name: "idx labels",
    covers: ["loadIdx", "parseIdx"],
    seeds: () => plainAndPacked(idxLabels),
    read: (labels) => loadIdx({ images: idxImages, labels, name }),
    cases: 30_000,
  },
  {
    name: "idx files",
    covers: ["loadIdxFiles"],
    seeds: () => whole(idxImages),
    read: (content) =>
      loadIdxFiles(filesOf(mnist.map(([path, bytes]) => [path, path.startsWith("t10k-images") ? content : bytes])), {
        name,
      }),
    cases: 5_000,
  },
  {
    name: "cifar",
    covers: ["loadCifar", "readCifar"],
    seeds: () => plainAndPacked(concat([3], bytes(3072))),
    read: (content) => loadCifar({ files: [{ bytes: content, name }] }),
    cases: 3_000,
  },
  {
    name: "usps",
    covers: ["loadUsps", "readUsps"],
    seeds: () => plainAndPacked(usps),
    read: (content) => loadUsps({ bytes: content, name }),
    cases: 5_000,
  },
  {
    name: "csv",
    covers: ["loadCsv"],
    seeds: () => whole(...csvs),
    read: (content) => loadCsv([{ path: "train.csv", name, bytes: content }]),
    cases: 50_000,
  },
  {
    name: "csv.gz",
    covers: ["loadCsv"],
    seeds: () => csvs.map((content) => ({ bytes: content, wrap: gzipped })),
    read: (content) => loadCsv([{ path: "train.csv.gz", name, bytes: content }]),
    cases: 4_000,
  },
  {
    name: "arrays in an npz",
    covers: ["loadArrays", "arrayImages", "arrayLabels", "greyLevels"],
    seeds: () => [
      ...whole(
        writeNpz([
          ["x_train", imagesArray],
          ["y_train", labelsArray],
          ["x_test", imagesArray],
          ["y_test", hot],
        ]),
      ),
      { bytes: writeNpy(imagesArray), wrap: zipOf("images.npy", [["labels.npy", writeNpy(labelsArray)]]) },
      { bytes: writeNpy(floats), wrap: zipOf("images.npy", [["labels.npy", writeNpy(hot)]]) },
      { bytes: writeNpy(labelsArray), wrap: zipOf("labels.npy", [["images.npy", writeNpy(imagesArray)]]) },
      { bytes: writeNpy(hot), wrap: zipOf("labels.npy", [["images.npy", writeNpy(floats)]]) },
    ],
    read: (content) => loadArrays([{ path: "set.npz", name, bytes: content }], { name }),
    cases: 8_000,
  },
  {
    name: "svhn",
    covers: ["loadSvhn"],
    seeds: () => whole(svhn),
    read: (content) => loadSvhn([{ path: "train_32x32.mat", name, bytes: content }]),
    cases: 30_000,
  },
  ...rows(cub, "cub", ["loadCub", "filesBeside"], {
    "images.txt": 3_000,
    "image_class_labels.txt": 2_000,
    "train_test_split.txt": 2_000,
  }),
  ...rows(voc, "voc", ["loadVoc", "filesBeside"], {
    "Annotations/a.xml": 6_000,
    "ImageSets/Main/trainval.txt": 2_000,
    "JPEGImages/a.jpg": 1_500,
  }),
  ...rows(
    folder,
    "pictures",
    ["loadImageFolder", "decodeImage", "decodeApart", "readImages", "readSplit", "bytesOf", "readDataFile"],
    {
      "cat/1.png": 1_500,
      "dog/3.jpg": 1_500,
    },
  ),
  {
    name: "archives of sets, tar",
    covers: ["filesInArchive", "datasetFromFiles", "loadCifarJpeg", "refusalOf", ...recognised],
    async seeds() {
      const tars = await Promise.all(sets.map((set) => tarOf(set)));
      return [
        ...tars.map((tar) => ({ bytes: tar, wrap: withChecksums })),
        ...tars
          .slice(0, 3)
          .map((tar) => ({ bytes: tar, wrap: (changed: Uint8Array) => gzipped(withChecksums(changed)) })),
      ];
    },
    read: readArchive,
    cases: 3_000,
  },
  {
    name: "archives of sets, zip",
    covers: ["filesInArchive", "datasetFromFiles"],
    seeds: () => [
      ...whole(...sets.map((set) => deflatedZip(set))),
      // The names change, and the content does not.
      ...sets.map((set) => ({
        bytes: text(set.map(([path]) => path).join("\n")),
        wrap: (list: Uint8Array) => {
          const names = new TextDecoder().decode(list).split("\n");
          return deflatedZip(set.map(([path, content], i) => [(names[i] ?? path).slice(0, 60_000), content]));
        },
      })),
    ],
    read: readArchive,
    cases: 3_000,
  },
];
