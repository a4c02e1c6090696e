// The tests of the measured code (files.mjs): of all parts, or of the one that MEASURED_PART names.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { toolNames } from "../tools.ts";
import { groups, parts } from "./files.mjs";

const only = process.env.MEASURED_PART;
const chosen = parts.filter(([, name]) => only === undefined || name === only);
const least = { lines: 95, branches: 95 };
const filesOf = (group) => Object.values(groups[group]).map(({ files }) => files);
const root = fileURLToPath(new URL("../../", import.meta.url));

const noTools = Object.fromEntries(
  toolNames.map((name) => [name, { missing: "changes are tested without other programs" }]),
);

/** Pictures are decoded here, as in a page: neither counts nor changes reach another thread. */
const decodesHere = {
  name: "decodes here",
  enforce: "pre",
  resolveId: (id) => (id.endsWith("/decode-apart.ts") ? `${root}src/codecs/decode-apart.page.ts` : undefined),
};

/** Of the tables of bad files, only those of the part are loaded. */
const onlyItsTables = {
  name: "only its tables",
  enforce: "pre",
  resolveId: (id, importer) =>
    only !== undefined && id === "./formats.ts" && importer?.includes("/bad-files/") ? "\0formats" : undefined,
  load(id) {
    if (id !== "\0formats") return undefined;
    const names = chosen.flatMap(([, , { tables }]) => tables);
    const imports = names.map((name, i) => `import * as t${i} from "${root}test/bad-files/${name}.ts";`);
    const all = names.map((_, i) => `...Object.values(t${i})`).join(", ");
    return `${imports.join("\n")}\nexport const formats = [${all}].filter((table) => table?.bad && table.read);`;
  },
};

export default defineConfig({
  plugins: [decodesHere, onlyItsTables],
  test: {
    // A changed copy of src/ must not be built; its tests go without the tools that are looked for.
    ...(only === undefined ? { globalSetup: "test/tools.ts" } : { provide: { tools: noTools } }),
    include: [...new Set(chosen.flatMap(([, , { tests }]) => tests))],
    // A changed copy may wait for ever; how long is nothing that is measured.
    testTimeout: only === undefined ? 120_000 : 60_000,
    coverage: {
      provider: "v8",
      include: chosen.map(([, , { files }]) => files),
      reporter: ["text", "json-summary"],
      reportsDirectory: "build/coverage",
      thresholds: Object.fromEntries(Object.keys(groups).map((group) => [`{${filesOf(group).join(",")}}`, least])),
    },
  },
});
