// The code whose tests are measured: every line and branch of it is counted (`npm run coverage`), and it is changed to see
// whether a test fails (`npm run mutation`). A part has the tests that show what its files do, so a change needs no others.

/** The groups that have a figure each, with their parts. Files and tests are patterns. */
export const groups = {
  scheduler: {
    group: part("src/workers/{group,supervised}.ts", "test/worker/{answers,group,supervised}.test.ts"),
    networks: part("src/run/networks/{allocate,networks,server}.ts", "test/worker/{networks,memory}.test.ts"),
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
    json: part("src/codecs/json.ts", "test/formats/json.test.ts"),
    xml: part("src/codecs/xml.ts", "test/data/xml.test.ts"),
    gzip: part("src/codecs/gzip.ts", "test/data/gzip.test.ts"),
    zip: part("src/codecs/{zip,npz}.ts", "test/formats/zip.test.ts"),
    tar: part("src/codecs/tar.ts", "test/formats/tar.test.ts"),
    npy: part("src/codecs/{npy,half,permute}.ts", "test/{formats/npy,data/arrays}.test.ts"),
    mat: part("src/codecs/mat.ts", "test/formats/mat.test.ts"),
    safetensors: part("src/codecs/{safetensors,sha256}.ts", "test/formats/{safetensors,checkpoint-file}.test.ts"),
    png: part("src/codecs/{png,raster,decode-image}.ts", "test/data/decode.test.ts"),
    jpeg: part("src/codecs/{jpeg,orientation}.ts", "test/data/{jpeg,orientation}.test.ts"),
    mozjpeg: part("src/codecs/mozjpeg.ts", "test/{codecs/mozjpeg,data/jpeg}.test.ts"),
    csv: part("src/data/layouts/csv.ts", "test/data/csv.test.ts"),
    labels: part("src/data/{labels,data-file}.ts", "test/data/{data-file,labels-from}.test.ts"),
    "given arrays": part("src/data/from-arrays.ts", "test/data/from-arrays.test.ts"),
    idx: part("src/data/layouts/{idx,digits,digit-files}.ts", "test/data/{idx,digits}.test.ts"),
    cifar: part("src/data/layouts/cifar.ts", "test/data/cifar.test.ts"),
    svhn: part("src/data/layouts/svhn.ts", "test/data/svhn.test.ts"),
    usps: part("src/data/layouts/usps.ts", "test/data/usps.test.ts"),
    arrays: part("src/data/layouts/{arrays,array-names}.ts", "test/data/arrays.test.ts"),
    "parts of arrays": part("src/data/layouts/{array-images,array-labels,grey-levels}.ts", "test/data/arrays.test.ts"),
    folders: part("src/data/layouts/{archive,class-folders}.ts", "test/data/{class-folders,decode}.test.ts"),
    "folders of a data set": part("src/data/layouts/{cub,voc}.ts", "test/data/layouts.test.ts"),
    "text files": part("src/data/layouts/{text-files,unread-files}.ts", "test/data/{text-files,layouts}.test.ts"),
    layouts: part(
      "src/{data/layouts/{layouts,parts,idx-files},codecs/torch-file}.ts",
      "test/{data/{layouts,labels-from,parts,csv},formats/state-dict}.test.ts",
    ),
    sets: part("src/formats/distilled-file.ts", "test/formats/distilled-file.test.ts"),
    parameters: part("src/formats/state-dict.ts", "test/formats/state-dict.test.ts"),
  },
};

function part(files, ...tests) {
  return { files, tests };
}

/** Every part as [group, name, part]. */
export const parts = Object.entries(groups).flatMap(([group, parts]) =>
  Object.entries(parts).map(([name, part]) => [group, name, part]),
);
