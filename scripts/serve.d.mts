/** Says what is served and how. */
export interface ServeOptions {
  readonly folder: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Sends the headers that isolate pages from others. Default true. */
  readonly isolated?: boolean;
  /** The Content-Security-Policy of all files. Default: none. */
  readonly policy?: string;
}

/** Serves a folder on this machine. */
export function serve(options: ServeOptions): Promise<{ readonly url: string; close(): Promise<void> }>;
