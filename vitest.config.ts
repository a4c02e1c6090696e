import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "test/tools.ts",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/slow/**", "test/browser/**"],
          testTimeout: 120_000,
        },
      },
      { test: { name: "browser", include: ["test/browser/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
      { test: { name: "slow", include: ["test/slow/**/*.test.ts"], testTimeout: 3_600_000 } },
    ],
  },
});
