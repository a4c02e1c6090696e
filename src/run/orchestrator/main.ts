// What a worker in Node starts with. Bundled into a string by scripts/build.mjs; nothing imports it.
import { nodeModule } from "../../platform/platform.ts";
import { serve } from "./serve.ts";

const { parentPort } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
parentPort!.once("message", serve);
