// Tests held-out networks on workers, for evaluate.ts.
import { describeModel } from "../../nn/describe.ts";
import { WorkerGroup } from "../../workers/group.ts";
import { groupOptions } from "../../workers/options.ts";
import { shareable, shareableInit } from "../../workers/shared-memory.ts";
import type { WorkerApi } from "../networks/api.ts";
import { type Add, configOf, type Outcome, type SetOf, type SetsOptions } from "./sets-to-evaluate.ts";

export async function onWorkers(options: SetsOptions, networks: number, setOf: SetOf, add: Add): Promise<void> {
  const config = configOf(options);
  const group = options.group ?? (await WorkerGroup.start<WorkerApi>(groupOptions(options, networks)));
  try {
    const message = {
      ...config,
      test: shareable(config.test),
      model: describeModel(config.model),
      init: shareableInit(config.init),
    };
    await group.all((api) => api.openTest(message));
    await group.inOrder<Outcome>(
      networks,
      (api, network) => {
        const set = setOf(network);
        return options.perClass ? api.confusion(network, set) : api.accuracy(network, set);
      },
      (_, outcome) => add(outcome),
    );
  } finally {
    if (!options.group) await group.dispose();
  }
}
