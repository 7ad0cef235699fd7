// What is loaded before the web server: a caller cannot choose the address that limits count for.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SERVER = `
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    request.headers["x-forwarded-for"] ??= request.socket.remoteAddress;
    response.end(request.headers["x-forwarded-for"]);
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

async function addressSeen(trustedProxies) {
  const hook = fileURLToPath(new URL("./supervised.mjs", import.meta.url));
  const child = spawn(process.execPath, ["--import", hook, "--input-type=module", "-e", SERVER], {
    env: { PATH: process.env.PATH, MESHWRIGHT_TRUSTED_PROXIES: trustedProxies },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = await once(child.stdout, "data");
    const answer = await fetch(`http://127.0.0.1:${String(port).trim()}`, {
      headers: { "x-forwarded-for": "6.6.6.6" },
    });
    return await answer.text();
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

test("what a caller writes about its own address is not believed", async () => {
  expect(await addressSeen("0")).toBe("127.0.0.1");
});

test("behind a reverse proxy that is declared, what it writes is", async () => {
  expect(await addressSeen("1")).toBe("6.6.6.6");
});
