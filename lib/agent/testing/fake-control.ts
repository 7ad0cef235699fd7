// The internal API as an agent sees it, for tests: the desired proxies are a list the test changes.

import { createServer, type Server } from "node:http";
import type { AgentReport, DesiredProxy } from "../protocol";

export function desiredProxy(proxyKey: string, change: Partial<DesiredProxy> = {}): DesiredProxy {
  const [namespace = "", workload = ""] = proxyKey.split("/");
  return {
    proxyRowId: `row-${proxyKey.replaceAll("/", "-")}`,
    proxyKey,
    environmentId: "e1",
    namespace,
    workload,
    service: workload,
    version: "v1",
    serviceAccount: workload,
    spiffeId: `spiffe://shop.test/ns/${namespace}/sa/${workload}`,
    app: { kind: "none" },
    desired: "running",
    adsUrl: "127.0.0.1:1",
    enrollUrl: "https://127.0.0.1:1",
    trustBundlePem: "",
    controlPlaneSpiffeId: "spiffe://meshwright.local/meshwright/control-plane",
    ports: null,
    wishedInboundPort: null,
    ...change,
  };
}

export class FakeControl {
  readonly reports: AgentReport[] = [];
  tokens = 0;
  private proxies: DesiredProxy[] = [];
  private version = 0;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const send = (body: unknown) => response.end(JSON.stringify(body));
        const path = request.url ?? "";
        if (path.includes("/desired")) {
          const after = new URL(path, "http://x").searchParams.get("after");
          const answer = () => {
            if (!response.destroyed) {
              send({ version: String(this.version), proxies: this.proxies });
            }
          };
          after === String(this.version) ? setTimeout(answer, 100) : answer();
        } else if (path.endsWith("/join-token")) {
          this.tokens += 1;
          send({ joinToken: `token-${this.tokens}`, expiresAt: new Date().toISOString() });
        } else {
          if (path.endsWith("/status")) {
            this.reports.push(JSON.parse(Buffer.concat(chunks).toString()) as AgentReport);
          }
          send({});
        }
      });
    });
  }

  want(proxies: DesiredProxy[]): void {
    this.proxies = proxies;
    this.version += 1;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
