// Every table of bad files: one for each format that the library reads.
import type { BadFiles } from "./bad-files.ts";
import { checkpoint } from "./checkpoint.ts";
import { cifar } from "./cifar.ts";
import { classFolders } from "./class-folders.ts";
import { csv } from "./csv.ts";
import { distilledSet } from "./distilled-set.ts";
import { gzip } from "./gzip.ts";
import { idxFiles } from "./idx.ts";
import { jpeg } from "./jpeg.ts";
import { matFiles } from "./mat.ts";
import { npyFiles } from "./npy.ts";
import { npzFiles } from "./npz.ts";
import { png } from "./png.ts";
import { pool } from "./pool.ts";
import { recipes } from "./recipe.ts";
import { report } from "./report.ts";
import { safetensors } from "./safetensors.ts";
import { stateDict } from "./state-dict.ts";
import { tar } from "./tar.ts";
import { torch } from "./torch.ts";
import { torchArchive } from "./torch-archive.ts";
import { usps } from "./usps.ts";
import { voc } from "./voc.ts";
import { zip } from "./zip.ts";

export const formats: readonly BadFiles<unknown>[] = [
  gzip,
  zip,
  tar,
  npyFiles,
  npzFiles,
  safetensors,
  checkpoint,
  distilledSet,
  stateDict,
  idxFiles,
  cifar,
  matFiles,
  csv,
  usps,
  torch,
  torchArchive,
  voc,
  png,
  jpeg,
  recipes,
  report,
  pool,
  classFolders,
];
