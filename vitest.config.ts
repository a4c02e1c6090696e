import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/slow/**"], testTimeout: 120_000 } },
      { test: { name: "slow", include: ["test/slow/**/*.test.ts"], testTimeout: 3_600_000 } },
    ],
  },
});
