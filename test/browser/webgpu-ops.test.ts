// Some of the tests of ops on WebGPU in a page; test/slow/webgpu-in-pages.test.ts runs all.
import { testInPages } from "./in-page/in-browsers.ts";

testInPages("chromium", "ops", { oneIn: 8, seed: 1 });
