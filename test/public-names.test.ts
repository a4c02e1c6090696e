// Every public function and constant is used by some test under its own name.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as checkpoint from "../src/checkpoint.ts";
import * as cluster from "../src/cluster.ts";
import * as data from "../src/data.ts";
import * as index from "../src/index.ts";
import * as node from "../src/node.ts";
import * as recipes from "../src/recipes.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
/** These take every public function, good for nothing but wrong calls and types. */
const aside = /(wrong-calls|types|public-names)\.test\.ts$/;

/** The names that tests import. */
const imported = new Set(
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|mjs)$/.test(file) && !aside.test(file))
    .flatMap((file) => [
      ...readFileSync(join(folder, file), "utf8").matchAll(/\{([^{}]*)\}\s*(?:from\b|= await import\()/g),
    ])
    .flatMap(([, list]) => list!.split(","))
    .map((name) => name.trim().split(/\s+as\s+|:/)[0]!),
);

test.each(Object.entries({ index, data, recipes, checkpoint, cluster, node }))(
  "every name that %s exports is imported by a test",
  (_, entry) => {
    expect(Object.keys(entry).filter((name) => !imported.has(name))).toEqual([]);
  },
);
