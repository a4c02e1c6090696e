// The worker that decodes pictures (decode-apart.ts).
import { thrown } from "../kinds.ts";
import { nodeModule } from "../platform/platform.ts";
import type { Answer, Question } from "./decode-apart.ts";
import { decodeHere } from "./decode-here.ts";
import { adoptDecoder } from "./mozjpeg.ts";

const { parentPort } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");

async function answered({ bytes, options, jpegDecoder }: Question): Promise<Answer> {
  if (jpegDecoder) adoptDecoder(jpegDecoder);
  try {
    return { raster: await decodeHere(bytes, options) };
  } catch (error) {
    const { name, message } = thrown(error);
    return { error: { name, message } };
  }
}

parentPort!.on("message", async (question: Question) => {
  const answer = await answered(question);
  parentPort!.postMessage(answer, "raster" in answer ? [answer.raster.data.buffer as ArrayBuffer] : []);
});
