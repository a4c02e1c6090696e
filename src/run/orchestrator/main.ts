// The first module of a worker in Node. scripts/build.mjs bundles it into a string; nothing imports it.
import { nodeModule } from "../../platform/platform.ts";
import { serve } from "./serve.ts";

const { parentPort } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
parentPort!.once("message", (calling) => void serve(calling));
