// Some of the tests of derivatives on WebGPU in a page; test/slow/webgpu-in-pages.test.ts runs all.
import { testInPages } from "./in-page/in-browsers.ts";

testInPages("chromium", "gradients", { oneIn: 12, seed: 1 });
