// What machines of a cluster send each other.
import { checkJob, checkNote, checkSpecification } from "../../../src/cluster/job.ts";
import { packed, unpacked } from "../../../src/cluster/wire.ts";
import { jsonFromBytes } from "../../../src/codecs/json.ts";
import { type Reader, text, whole } from "./reader.ts";

const sha256 = "0123456789abcdef".repeat(4);
const message = {
  text: '[{"$":["map",[["images",{"$":["Float32Array",0]}]]]}]',
  arrays: [{ bytes: 8, pieces: [sha256] }],
};
const job = {
  run: "0a-1",
  call: 3,
  attempt: 1,
  specification: { bytes: 3, pieces: [sha256] },
  asked: { name: "share", message },
};
const specification = { backend: "wasm", opening: { name: "openRun", message } };
const note = { call: 3, attempt: 1, worker: "a-1", what: "done", bytes: 12, sha256, milliseconds: 2.5 };
const reply = packed({ loss: 0.5, gradients: new Map([["images", Float32Array.of(1, 2)]]), none: [undefined, -0] });

const json = (value: unknown): Uint8Array => text(JSON.stringify(value));

export const clusterReaders: readonly Reader[] = [
  {
    name: "a reply of a worker",
    covers: ["unpacked", "unwired"],
    seeds: () => whole(reply),
    read: (bytes) => unpacked(bytes),
    cases: 130_000,
  },
  ...Object.entries({
    job: [checkJob, job],
    specification: [checkSpecification, specification],
    note: [checkNote, note],
  } as const).map(([what, [check, good]]) => ({
    name: `a ${what} of a cluster`,
    covers: [],
    seeds: () => whole(json(good)),
    read: (bytes: Uint8Array) => check(jsonFromBytes(bytes, "evil.bin")),
    cases: 30_000,
  })),
];
