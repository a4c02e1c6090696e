// The code whose tests are measured: every line and branch of it is counted (`npm run coverage`), and it is changed to see
// whether a test fails (`npm run mutation`). A part has the tests that show what its files do, so a change needs no others.

/** The table of bad files that a part needs, of test/bad-files/. */
const badFiles = "test/bad-files/bad-files.test.ts";

/** The groups that have a figure each, with their parts. Files and tests are patterns. */
export const groups = {
  scheduler: {
    group: part("src/workers/{group,supervised}.ts", "test/worker/{answers,fresh-workers,group,supervised}.test.ts"),
    networks: part(
      "src/run/networks/{allocate,networks,rows,served-run,server}.ts",
      "test/worker/{networks,memory}.test.ts",
    ),
  },
  checkpoint: {
    file: part(
      "src/formats/{checkpoint-file,last-checkpoint}.ts",
      "test/formats/{checkpoint-file,last-checkpoint}.test.ts",
    ),
    disk: part("src/node/checkpoints.ts", "test/node/checkpoints.test.ts"),
    page: part("src/node/checkpoints.page.ts", "test/node/page-checkpoints.test.ts"),
    state: part("src/distill/{run-state,state-tensors}.ts", "test/distill/states.test.ts"),
  },
  parsers: {
    recipe: part("src/recipes/parse.ts", "test/recipes/parse.test.ts"),
    json: part("src/codecs/json.ts", "test/formats/json.test.ts", "recipe"),
    xml: part("src/codecs/xml.ts", "test/data/xml.test.ts", "voc"),
    gzip: part("src/codecs/gzip.ts", "test/data/gzip.test.ts", "gzip"),
    zip: part("src/codecs/{zip,zip64,npz}.ts", "test/formats/zip.test.ts", "zip", "npz"),
    tar: part("src/codecs/tar.ts", "test/formats/tar.test.ts", "tar"),
    npy: part("src/codecs/{npy,half,permute}.ts", "test/{formats/npy,codecs/half,data/arrays}.test.ts", "npy"),
    torch: part(
      "src/codecs/{pickle,pickle-bytes,pickled,pickled-arrays,torch-archive}.ts",
      "test/codecs/pickle.test.ts",
      "torch-archive",
    ),
    mat: part("src/codecs/mat.ts", "test/formats/mat.test.ts", "mat"),
    safetensors: part("src/codecs/safetensors.ts", "test/formats/{safetensors,checkpoint-file}.test.ts", "safetensors"),
    sha256: part("src/codecs/sha256.ts", "test/codecs/sha256.test.ts"),
    png: part("src/codecs/{png,raster,decode-image,decode-here}.ts", "test/data/decode.test.ts", "png"),
    jpeg: part("src/codecs/{jpeg,orientation}.ts", "test/data/{jpeg,orientation}.test.ts", "jpeg"),
    mozjpeg: part("src/codecs/mozjpeg.ts", "test/{codecs/mozjpeg,data/jpeg}.test.ts", "jpeg"),
    csv: part("src/data/layouts/csv.ts", "test/data/csv.test.ts", "csv"),
    labels: part("src/data/{labels,data-file}.ts", "test/data/{data-file,labels,labels-from}.test.ts"),
    "given arrays": part("src/data/from-arrays.ts", "test/data/from-arrays.test.ts"),
    idx: part("src/data/layouts/{idx,digits,digit-files}.ts", "test/data/{idx,digits}.test.ts", "idx"),
    cifar: part("src/data/layouts/cifar.ts", "test/data/cifar.test.ts", "cifar"),
    svhn: part("src/data/layouts/svhn.ts", "test/data/svhn.test.ts", "mat"),
    usps: part("src/data/layouts/usps.ts", "test/data/usps.test.ts", "usps"),
    arrays: part("src/data/layouts/{arrays,array-names}.ts", "test/data/{arrays,parts}.test.ts", "npz"),
    "parts of arrays": part(
      "src/data/layouts/{array-images,array-labels,grey-levels}.ts",
      "test/data/arrays.test.ts",
      "npz",
    ),
    folders: part(
      "src/data/layouts/{archive,class-folders}.ts",
      "test/data/{class-folders,decode}.test.ts",
      "class-folders",
    ),
    "folders of a data set": part("src/data/layouts/{cub,voc}.ts", "test/data/layouts.test.ts", "voc"),
    "text files": part("src/data/layouts/{text-files,unread-files}.ts", "test/data/{text-files,layouts}.test.ts"),
    layouts: part(
      "src/{data/layouts/{layouts,parts,idx-files},codecs/torch-file}.ts",
      "test/{codecs/torch-file,data/layouts,data/idx-files,data/labels-from,data/parts,data/csv}.test.ts",
      "torch",
    ),
    sets: part("src/formats/distilled-file.ts", "test/formats/distilled-file.test.ts", "distilled-set"),
    "packed sets": part(
      "src/{codecs/{base64url,range-coder},formats/{packed-body,packed-head,packed-set,packed-text,quantized}}.ts",
      "test/{codecs/range-coder,formats/packed-set}.test.ts",
    ),
    animations: part("src/{codecs/apng,formats/growth}.ts", "test/formats/growth.test.ts"),
    "foreign sets": part(
      "src/formats/foreign/{candidates,foreign-set,formation,images,normalization,options,targets,tree}.ts",
      "test/formats/foreign/foreign-set.test.ts",
    ),
    parameters: part(
      "src/formats/{state-dict,torch-parameters}.ts",
      "test/formats/state-dict.test.ts",
      "state-dict",
      "torch",
    ),
  },
};

function part(files, tests, ...tables) {
  return { files, tests: tables.length > 0 ? [tests, badFiles] : [tests], tables };
}

/** Every part as [group, name, part]. */
export const parts = Object.entries(groups).flatMap(([group, parts]) =>
  Object.entries(parts).map(([name, part]) => [group, name, part]),
);

/** The files of a pattern with braces: "a/{b,c}.ts" has two. */
export function expanded(pattern) {
  const inner = /^(.*)\{([^{}]*)\}(.*)$/.exec(pattern);
  if (!inner) return [pattern];
  const [, before, choices, after] = inner;
  return [...new Set(choices.split(",").flatMap((choice) => expanded(before + choice + after)))];
}
