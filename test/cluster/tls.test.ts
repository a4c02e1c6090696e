// A cluster whose server is reached by TLS, with a user and a password.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, inject, test } from "vitest";
import { freePort, Program, smallRecipe, startWorker, TestServer } from "./servers.ts";

const { redis } = inject("tools");
const openssl = spawnSync("openssl", ["version"]).status === 0;
const folder = await mkdtemp(join(tmpdir(), "distillate-tls-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

test.skipIf(redis.missing !== undefined || !openssl)(
  "a run by TLS, as a user, makes the bytes of one machine, and who does not know the server's certificate is told so",
  async () => {
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const files = ["-keyout", key, "-out", certificate, "-days", "2", "-nodes"];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", ...files, ...subject], { stdio: "ignore" });
    const port = await freePort();
    const tls = ["--tls-port", `${port}`, "--tls-cert-file", certificate, "--tls-key-file", key];
    const trust = ["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"];
    const user = ["--user", "student", "on", ">secret", "~*", "&*", "+@all"];
    const server = await TestServer.start(redis.path!, ...tls, ...trust, ...user);
    const programs: Program[] = [];
    try {
      const url = `rediss://student:secret@127.0.0.1:${port}`;
      const recipe = await smallRecipe(folder, 4);
      const alone = await new Program(["run", recipe, "--threads", "1", "--out", join(folder, "alone")]).digest();
      const knowing = ["env", `NODE_EXTRA_CA_CERTS=${certificate}`];
      programs.push(await startWorker(url, knowing));
      const run = new Program(["run", recipe, "--cluster", url, "--out", join(folder, "tls")], knowing);
      programs.push(run);
      expect(await run.digest()).toBe(alone);

      const unknowing = new Program(["status", "--cluster", url]);
      expect(await unknowing.ended).toBe(1);
      expect(unknowing.stderr).toMatch(/^distillate: rediss:\/\/127\.0\.0\.1:\d+: .*certificate.*\n$/);
      expect(unknowing.stderr).toContain("NODE_EXTRA_CA_CERTS");
      expect(unknowing.stderr + run.stderr).not.toContain("secret");
    } finally {
      for (const program of programs) program.kill("SIGKILL");
      await server.stop();
    }
  },
);
