// LeNet against PyTorch's values and some of the whole runs on WebGPU in a page; test/slow/webgpu-in-pages.test.ts has the others.
import { testInPages, wholeNetworks } from "./in-page/in-browsers.ts";

testInPages("chromium", "whole networks", { oneIn: 3, seed: 1 }, wholeNetworks);
