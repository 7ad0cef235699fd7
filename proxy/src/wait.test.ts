import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseWait, waitUntilReady } from "./wait";

/** An answer that comes is waited for on a machine that stands still, too. */
const PATIENT_MS = 60_000;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function admin(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ready`;
}

describe("waiting for a proxy", () => {
  it("ends once the admin interface says that the proxy is ready, whatever it said before", async () => {
    const answers = [503, 500, 503];
    const asked: (string | undefined)[] = [];
    const url = await admin((request, response) => {
      asked.push(request.url);
      response.writeHead(answers.shift() ?? 200).end("later\n");
    });
    await waitUntilReady({ url, timeoutMs: 60_000 }, PATIENT_MS);
    expect(asked).toEqual(["/ready", "/ready", "/ready", "/ready"]);
  });

  it("ends with the last reason when the time is over", async () => {
    const url = await admin((_request, response) => {
      response.writeHead(503).end("PRE_INITIALIZING listeners\n");
    });
    await expect(waitUntilReady({ url, timeoutMs: 0 }, PATIENT_MS)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining("says 503 PRE_INITIALIZING listeners. Look at the proxy's log"),
    });
  });

  it("tells an admin interface that is not there from one that says nothing", async () => {
    const silent = await admin(() => {});
    await expect(waitUntilReady({ url: silent, timeoutMs: 0 }, 1)).rejects.toThrow("does not answer");
    const gone = await admin(() => {});
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    await expect(waitUntilReady({ url: gone, timeoutMs: 0 }, PATIENT_MS)).rejects.toThrow(
      "cannot be reached (ECONNREFUSED)",
    );
  });
});

describe("the command line of wait", () => {
  it.each([
    [["--admin-port", "15000"], { url: "http://127.0.0.1:15000/ready", timeoutMs: 60_000 }],
    [["--url", "http://10.0.0.1:9901", "--timeout", "0.5"], { url: "http://10.0.0.1:9901/ready", timeoutMs: 500 }],
    [["--url", "http://[::1]:9901/other", "--timeout", "0"], { url: "http://[::1]:9901/other", timeoutMs: 0 }],
    [["--help"], "help"],
  ])("%j", (argv, expected) => {
    expect(parseWait(argv)).toEqual(expected);
  });

  it.each([
    [[], "either --admin-port N or --url URL"],
    [["--admin-port", "1", "--url", "http://a"], "either --admin-port N or --url URL"],
    [["--admin-port", "0"], '--admin-port is a port, not "0"'],
    [["--admin-port", "1.5"], '--admin-port is a port, not "1.5"'],
    [["--admin-port", "70000"], "from 0 to 65535"],
    [["--url", "https://a"], "--url is an address like"],
    [["--url", "a b"], "--url is an address like"],
    [["--admin-port", "1", "--timeout", "soon"], "--timeout is a number from 0 to 86400"],
    [["--admin-port", "1", "--timeout", "1e3"], "--timeout is a number from 0 to 86400"],
    [["--admin-prt", "1"], "--admin-prt"],
    [["now"], "now"],
  ])("%j is refused with what would be understood", (argv, words) => {
    const attempt = (): unknown => parseWait(argv);
    expect(attempt).toThrow(words);
    expect(attempt).toThrow("Exit codes: 0 ready");
  });
});
