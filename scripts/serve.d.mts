/** What is served and how. */
export interface ServeOptions {
  readonly folder: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** Sends the headers that isolate pages from others. Default true. */
  readonly isolated?: boolean;
  /** A Content-Security-Policy. */
  readonly policy?: string;
}

/** Serves a folder on this machine. */
export function serve(options: ServeOptions): Promise<{ readonly url: string; close(): Promise<void> }>;
