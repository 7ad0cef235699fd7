// A sidecar in a few lines, for tests of the control plane: enrolls over HTTPS, holds a delta ADS stream over mutual
// TLS, serves the admin pages the control plane asks for, and refuses listeners that carry a word it is told to hate.

import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ChannelCredentials, Client, type ClientDuplexStream } from "@grpc/grpc-js";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from "@meshwright/proxy/contract";
import { CLUSTER, digestOf, ENDPOINT, LISTENER, ROUTE, SECRET } from "../ads/snapshot";
import { deltaWire } from "../ads/wire";
import { createWorkloadKey } from "./workload-key";

export interface FakeProxyOptions {
  proxyKey: string;
  proxyRowId: string;
  enrollPort: number;
  adsPort: number;
  bundlePem: string;
  joinToken: string;
}

export interface Enrolled {
  certificatePem: string;
  keyPem: string;
}

export function callHttps(
  port: number,
  path: string,
  body: unknown,
  tls: { ca: string; key?: string; cert?: string },
): Promise<{ status: number; body: Record<string, string> }> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port, path, method: "POST", agent: false, checkServerIdentity: () => undefined, ...tls },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) }),
        );
      },
    );
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });
}

export async function enroll(
  options: Pick<FakeProxyOptions, "enrollPort" | "bundlePem" | "joinToken">,
): Promise<Enrolled> {
  const key = await createWorkloadKey();
  const answer = await callHttps(
    options.enrollPort,
    "/v1/enroll",
    { joinToken: options.joinToken, csrPem: key.csrPem },
    { ca: options.bundlePem },
  );
  if (answer.status !== 200) {
    throw new Error(`enroll answered ${answer.status} ${answer.body.code}`);
  }
  return { certificatePem: answer.body.certificatePem ?? "", keyPem: key.keyPem };
}

export class FakeProxy {
  readonly held = new Map<string, { typeUrl: string; name: string; version: string; bytes: Uint8Array }>();
  readonly sent: DeltaDiscoveryResponse[] = [];
  readonly order: string[] = [];
  closedWith: string | null = null;
  hates = "";
  isReady = true;
  metricsPage = "";
  adminPort = 0;
  private readonly admin: Server;
  private client: Client | null = null;
  private hasRoutes = false;
  private stream: ClientDuplexStream<Buffer, Buffer> | null = null;

  constructor(private options: FakeProxyOptions) {
    this.admin = createServer((call, response) => {
      if (call.url === "/meshwright/status") {
        response.end(
          JSON.stringify({
            proxyId: options.proxyKey,
            nonce: "n",
            version: "0.1.0",
            pid: process.pid,
            ready: this.isReady && this.held.size > 0,
            digest: this.digest(),
          }),
        );
      } else if (call.url === "/stats/prometheus") {
        response.end(this.metricsPage);
      } else {
        response.end("{}");
      }
    });
  }

  digest(): string {
    return digestOf(this.held.values());
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.admin.listen(this.adminPort, "127.0.0.1", resolve));
    const address = this.admin.address();
    this.adminPort = typeof address === "object" && address ? address.port : 0;
    return this.adminPort;
  }

  connect(identity: Enrolled, node: { id?: string; rowId?: string } = {}): void {
    const credentials = ChannelCredentials.createSsl(
      Buffer.from(this.options.bundlePem),
      Buffer.from(identity.keyPem),
      Buffer.from(identity.certificatePem),
      {
        checkServerIdentity: () => undefined,
      },
    );
    this.closedWith = null;
    this.client = new Client(`127.0.0.1:${this.options.adsPort}`, credentials, {
      "grpc.ssl_target_name_override": "control-plane",
    });
    const bytes = (value: Buffer) => value;
    this.stream = this.client.makeBidiStreamRequest(deltaWire.path, bytes, bytes);
    this.stream.on("data", (data: Buffer) => this.receive(fromBinary(DeltaDiscoveryResponseSchema, data)));
    this.stream.on("error", (error: Error) => {
      this.closedWith = error.message;
    });
    const initial = (typeUrl: string) =>
      Object.fromEntries(
        [...this.held.values()].filter((item) => item.typeUrl === typeUrl).map((item) => [item.name, item.version]),
      );
    const knownEndpoints = Object.keys(initial(ENDPOINT));
    const metadata = { MESHWRIGHT_PROXY_ROW_ID: node.rowId ?? this.options.proxyRowId };
    for (const [typeUrl, names] of [
      [CLUSTER, []],
      [LISTENER, []],
      [SECRET, ["bundle", "denylist"]],
      ...(this.hasRoutes ? ([[ROUTE, ["outbound"]]] as const) : []),
      ...(knownEndpoints.length > 0 ? ([[ENDPOINT, knownEndpoints]] as const) : []),
    ] as const) {
      this.write({
        typeUrl,
        node: { id: node.id ?? this.options.proxyKey, metadata },
        resourceNamesSubscribe: [...names],
        initialResourceVersions: initial(typeUrl),
      });
    }
  }

  /** The next `connect` goes to another control plane. */
  moveTo(adsPort: number): void {
    this.options = { ...this.options, adsPort };
  }

  disconnect(): void {
    this.stream?.cancel();
    this.client?.close();
  }

  async stop(): Promise<void> {
    this.disconnect();
    this.admin.closeAllConnections();
    await new Promise((resolve) => this.admin.close(resolve));
  }

  private receive(response: DeltaDiscoveryResponse): void {
    this.sent.push(response);
    this.order.push(response.typeUrl.split(".").at(-1) ?? "");
    const isHated =
      this.hates !== "" &&
      response.resources.some((item) => Buffer.from(item.resource?.value ?? []).includes(this.hates));
    if (isHated) {
      const named = response.resources.find((item) => Buffer.from(item.resource?.value ?? []).includes(this.hates));
      this.write({
        typeUrl: response.typeUrl,
        responseNonce: response.nonce,
        errorDetail: { code: 3, message: `listener "${named?.name}": ${this.hates} is not supported` },
      });
      return;
    }
    for (const item of response.resources) {
      this.held.set(`${response.typeUrl} ${item.name}`, {
        typeUrl: response.typeUrl,
        name: item.name,
        version: item.version,
        bytes: item.resource?.value ?? new Uint8Array(),
      });
    }
    for (const name of response.removedResources) {
      this.held.delete(`${response.typeUrl} ${name}`);
    }
    const names = response.resources.map((item) => item.name);
    if (response.typeUrl === CLUSTER && names.length > 0) {
      this.write({ typeUrl: ENDPOINT, resourceNamesSubscribe: names });
    }
    this.write({ typeUrl: response.typeUrl, responseNonce: response.nonce });
    if (response.typeUrl === LISTENER && !this.hasRoutes) {
      this.hasRoutes = true;
      this.write({ typeUrl: ROUTE, resourceNamesSubscribe: ["outbound"] });
    }
  }

  private write(fields: Parameters<typeof create<typeof DeltaDiscoveryRequestSchema>>[1]): void {
    this.stream?.write(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, fields))));
  }
}
