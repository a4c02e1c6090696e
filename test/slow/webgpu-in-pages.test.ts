// All tests of ops and of derivatives on WebGPU in pages of Chromium, and one in eight in Firefox. That takes minutes, so
// test/browser/ draws fewer of them.
import { testInPages, wholeNetworks } from "../browser/in-page/in-browsers.ts";

testInPages("chromium", "ops", { oneIn: 1, seed: 1 });
testInPages("chromium", "gradients", { oneIn: 1, seed: 1 });
testInPages("chromium", "whole networks", { oneIn: 1, seed: 1 }, wholeNetworks);
testInPages("firefox", "ops", { oneIn: 8, seed: 1 });
testInPages("firefox", "gradients", { oneIn: 8, seed: 1 });
