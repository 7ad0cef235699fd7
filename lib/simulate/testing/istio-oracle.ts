// What istiod would make of manifests, asked of Istio's own code: the program of lib/simulate/istio-oracle, where ISTIO_ORACLE names it.
// The rule: one question at a time, one line each way; the program is ended by its handle.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type Json = { [name: string]: Json } | Json[] | string | number | boolean | null;
export type JsonObject = { [name: string]: Json };

/** A resource that admission refuses, or takes with a warning. */
export type Refusal = { kind: string; namespace: string; name: string; message: string };

/** Of one sidecar or gateway, as protobuf JSON with the names of the .proto files. */
export type ProxyConfiguration = {
  type: "sidecar" | "router";
  /** Of its pod. */
  address: string;
  serviceAccount: string;
  labels: Record<string, string>;
  listeners: JsonObject[];
  routes: JsonObject[];
  clusters: JsonObject[];
  endpoints: JsonObject[];
};

export type OracleAnswer = {
  refused: Refusal[];
  warned: Refusal[];
  /** Of services, by namespace/name. */
  addresses: Record<string, string>;
  /** Proxy of each Gateway resource, both as namespace/name. */
  gateways: Record<string, string>;
  /** What runs at the addresses of pods, as namespace/name; not all of it has a proxy. */
  owners: Record<string, string>;
  /** By namespace/name of the Deployment. */
  proxies: Record<string, ProxyConfiguration>;
};

export type IstioOracle = {
  /** @param meshConfig YAML, over Istio's defaults */
  ask(manifests: string, meshConfig?: string): Promise<OracleAnswer>;
  close(): Promise<void>;
};

export function startOracle(program: string): IstioOracle {
  const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(manifests, meshConfig = "") {
      child.stdin.write(`${JSON.stringify({ manifests, meshConfig })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("the oracle has ended");
      const { error, ...answer } = JSON.parse(value) as OracleAnswer & { error?: string };
      if (error !== undefined) throw new Error(`Istio makes nothing of it: ${error}`);
      return answer;
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
