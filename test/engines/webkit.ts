// WebKitGTK without a window: its MiniBrowser on a display of Xvfb, driven through WebKitWebDriver.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { inject } from "vitest";

/** A browser with one page open. */
export interface WebKit {
  /** Sends a command of the WebDriver protocol to this browser and returns the value of the answer. Throws the driver's error. */
  command<T>(method: "GET" | "POST", path: string, body?: object): Promise<T>;
  /** Returns the value of an expression in the page, or of its promise, as JSON. Rejects with what it throws. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

/** Why WebKitGTK cannot be driven here; undefined if it can. */
export function webKitMissing(): string | undefined {
  const { webkit, xvfb } = inject("tools");
  return webkit.missing ?? xvfb.missing;
}

/** Opens the URL in a browser of its own, with these environment variables. The caller must close it. */
export async function openInWebKit(url: string, environment: Readonly<Record<string, string>>): Promise<WebKit> {
  const page = await startWebKit(environment);
  try {
    await page.command("POST", "/url", { url });
    return page;
  } catch (error) {
    await page.close();
    throw error;
  }
}

/** Starts a browser, whose page is empty. The caller must close it. */
export async function startWebKit(environment: Readonly<Record<string, string>>): Promise<WebKit> {
  const { webkit, xvfb } = inject("tools");
  const started: ChildProcess[] = [];
  const stop = (): void => {
    for (const child of started.reverse()) child.kill();
  };
  try {
    const screen = spawn(xvfb.path!, ["-displayfd", "3", "-screen", "0", "1400x1100x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    started.push(screen);
    const display = await new Promise<string>((resolve, reject) => {
      screen.once("error", reject).once("exit", () => reject(new Error("Xvfb did not start")));
      screen.stdio[3]!.once("data", (data) => resolve(`:${String(data).trim()}`));
    });
    const port = await freePort();
    const env = { ...process.env, ...environment, DISPLAY: display };
    started.push(spawn(webkit.path!, [`--port=${port}`], { env, stdio: "ignore" }));
    const { sessionId } = await begin(port);
    const session = `/session/${sessionId}`;
    const say: WebKit["command"] = (method, path, body) => command(port, method, `${session}${path}`, body);
    await say("POST", "/timeouts", { script: 120_000 });
    return {
      command: say,
      evaluate: (expression) => evaluated(say, expression),
      async close() {
        await command(port, "DELETE", session).finally(stop);
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

async function evaluated<T>(say: WebKit["command"], expression: string): Promise<T> {
  // As the other browsers do, it takes statements too, whose value is that of the last one.
  const script =
    "const [expression, done] = arguments; Promise.resolve().then(() => (0, eval)(expression))" +
    ".then((value) => done({ value }), (error) => done({ error: error.name + ': ' + error.message }));";
  const body = { script, args: [expression] };
  const { value, error } = await say<{ value: T; error?: string }>("POST", "/execute/async", body);
  if (error !== undefined) throw new Error(error);
  return value;
}

/** Opens a session, as soon as the driver listens. */
async function begin(port: number): Promise<{ sessionId: string }> {
  const end = Date.now() + 20_000;
  for (;;) {
    try {
      return await command(port, "POST", "/session", { capabilities: {} });
    } catch (error) {
      // fetch throws TypeError while nobody listens.
      if (!(error instanceof TypeError) || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Sends a command of the WebDriver protocol. Throws the driver's error. */
async function command<T>(port: number, method: string, path: string, body?: object): Promise<T> {
  const url = `http://127.0.0.1:${port}${path}`;
  const answer = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = (await answer.json()) as { value: T & { error?: string; message?: string } };
  if (value?.error) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
