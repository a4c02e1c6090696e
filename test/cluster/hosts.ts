// Hosts of their own, as network namespaces of this one: each has a line to it, over which it reaches servers here, and which can be cut.
import { execFileSync } from "node:child_process";

/** How many hosts this process has made, so that each has a name and a line of its own. */
let made = 0;

export class Host {
  /** The words before a command that place it on this host. */
  readonly before: readonly string[];
  /** The address of this machine, as this host sees it. */
  readonly here: string;
  readonly #ip: string;
  readonly #name: string;
  readonly #line: string;

  /** `ip` is where the command of that name is. Only root may do this. */
  constructor(ip: string) {
    const number = made++;
    // Addresses of 198.18.0.0/15 are for tests of networks (RFC 2544). Four belong to each line, and files of tests run side by side.
    const first = 4 * ((process.pid % 1000) * 16 + number);
    const address = (i: number): string => `198.18.${first >> 8}.${(first & 255) + i}`;
    this.#ip = ip;
    this.#name = `distillate-${process.pid}-${number}`;
    this.#line = `dl${process.pid}-${number}`;
    const far = `${this.#line}f`;
    this.here = address(1);
    this.before = [ip, "netns", "exec", this.#name];
    this.#do("netns", "add", this.#name);
    this.#do("link", "add", this.#line, "type", "veth", "peer", "name", far, "netns", this.#name);
    this.#do("addr", "add", `${this.here}/30`, "dev", this.#line);
    this.#do("link", "set", this.#line, "up");
    this.#do("-n", this.#name, "addr", "add", `${address(2)}/30`, "dev", far);
    this.#do("-n", this.#name, "link", "set", far, "up");
    this.#do("-n", this.#name, "link", "set", "lo", "up");
  }

  /** Lets nothing through: what is sent meanwhile is lost, and sent again by the network's own rules. */
  cut(): void {
    this.#do("link", "set", this.#line, "down");
  }

  mend(): void {
    this.#do("link", "set", this.#line, "up");
  }

  /** Takes the host away. Its programs go on, without a network. */
  remove(): void {
    this.#do("netns", "del", this.#name);
    // The line ends with it, a moment later.
    try {
      this.#do("link", "del", this.#line);
    } catch {}
  }

  #do(...words: readonly string[]): void {
    execFileSync(this.#ip, words, { stdio: ["ignore", "ignore", "pipe"] });
  }
}
