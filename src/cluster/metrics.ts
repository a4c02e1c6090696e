// The status of a cluster in the text format of Prometheus.
import type { RunRecord, WorkerRecord } from "./registry.ts";

interface Metric<T> {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly value: (record: T) => number | undefined;
}

const ofRuns: readonly Metric<RunRecord>[] = [
  {
    name: "run_answered_total",
    help: "Calls of a run that were answered.",
    type: "counter",
    value: ({ answered }) => answered,
  },
  {
    name: "run_waiting",
    help: "Calls of a run that wait for an answer.",
    type: "gauge",
    value: ({ waiting }) => waiting,
  },
  {
    name: "run_answers_per_second",
    help: "Answers in a second, over the last ten.",
    type: "gauge",
    value: ({ rate }) => rate,
  },
  { name: "run_outer_step", help: "The outer step of a run, from 0.", type: "gauge", value: ({ step }) => step },
];

const ofWorkers: readonly Metric<WorkerRecord>[] = [
  {
    name: "worker_slots",
    help: "Networks that a worker computes at once.",
    type: "gauge",
    value: ({ slots }) => slots,
  },
  {
    name: "worker_busy_slots",
    help: "Networks that a worker computes now.",
    type: "gauge",
    value: ({ doing }) => doing.length,
  },
  { name: "worker_done_total", help: "Jobs that a worker has done.", type: "counter", value: ({ done }) => done },
  {
    name: "worker_draining",
    help: "1 if a worker takes no more jobs.",
    type: "gauge",
    value: ({ draining }) => Number(draining),
  },
];

/** Returns the lines that Prometheus reads. */
export function metricsText(status: {
  readonly runs: readonly RunRecord[];
  readonly workers: readonly WorkerRecord[];
}): string {
  const runs = status.runs.map((run) => ({ record: run, labels: { run: run.run, title: run.title, host: run.host } }));
  const workers = status.workers.map((worker) => {
    const { version, kernels, host } = worker;
    return { record: worker, labels: { worker: worker.worker, host, version, kernels } };
  });
  return [...ofRuns.map((metric) => lines(metric, runs)), ...ofWorkers.map((metric) => lines(metric, workers))].join(
    "",
  );
}

function lines<T>(
  { name, help, type, value }: Metric<T>,
  records: readonly { readonly record: T; readonly labels: Readonly<Record<string, string>> }[],
): string {
  const full = `distillate_${name}`;
  const samples = records.flatMap(({ record, labels }) => {
    const sample = value(record);
    if (sample === undefined) return [];
    const named = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return [`${full}{${named.join(",")}} ${sample}\n`];
  });
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${samples.join("")}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
