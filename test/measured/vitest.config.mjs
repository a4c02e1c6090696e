// The tests of the measured code (files.mjs): of all parts, or of the one that MEASURED_PART names.
import { defineConfig } from "vitest/config";
import { groups, parts } from "./files.mjs";

const only = process.env.MEASURED_PART;
const chosen = parts.filter(([, name]) => only === undefined || name === only);
const least = { lines: 95, branches: 95 };
const filesOf = (group) => Object.values(groups[group]).map(({ files }) => files);

export default defineConfig({
  test: {
    // A changed copy of src/ must not be built; its tests go without the tools that are looked for.
    ...(only === undefined ? { globalSetup: "test/tools.ts" } : { provide: { tools: {} } }),
    include: chosen.flatMap(([, , { tests }]) => tests),
    // A changed copy may wait for ever; how long is nothing that is measured.
    testTimeout: only === undefined ? 120_000 : 8_000,
    coverage: {
      provider: "v8",
      include: chosen.map(([, , { files }]) => files),
      reporter: ["text", "json"],
      reportsDirectory: "build/coverage",
      thresholds: Object.fromEntries(Object.keys(groups).map((group) => [`{${filesOf(group).join(",")}}`, least])),
    },
  },
});
