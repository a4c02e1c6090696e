// The option --cluster: which machines compute the networks of a command.
import { Option } from "commander";
import { cluster, type Elsewhere } from "../../cluster.ts";
import { UsageError } from "../errors.ts";

/** The option of a command that may compute elsewhere. */
export interface ClusterFlags {
  readonly cluster?: string;
}

/** The option `--cluster`. */
export function clusterOption(): Option {
  return new Option(
    "--cluster <url>",
    "the Redis or Valkey server of a cluster, such as redis://host:6379, whose workers compute the networks",
  );
}

/** Returns the cluster that the option names, if it names one. Whoever asks for the status of the cluster sees `title`. */
export function clusterOf(
  { cluster: url, workers, backend }: ClusterFlags & { readonly workers: number; readonly backend: string },
  title: string,
  onNotice: (text: string) => void,
): { readonly on: Elsewhere } | undefined {
  if (url === undefined) return undefined;
  if (workers > 0) throw new UsageError(`expected --workers 0 with --cluster, whose workers compute, got ${workers}`);
  if (backend !== "wasm") throw new UsageError(`expected --backend wasm with --cluster, got ${backend}`);
  return { on: cluster(url, { title, onNotice }) };
}
