// The table of all readers of what strangers may have written. A new reader gets a row here; readers.test.ts notices one
// without a row.
import { clusterReaders } from "./readers/cluster.ts";
import { codecReaders } from "./readers/codecs.ts";
import { dataReaders } from "./readers/data.ts";
import { folderReaders } from "./readers/folders.ts";
import { formatReaders } from "./readers/formats.ts";
import type { Reader } from "./readers/reader.ts";

export const readers: readonly Reader[] = [
  ...codecReaders,
  ...dataReaders,
  ...formatReaders,
  ...folderReaders,
  ...clusterReaders,
];
