// A control plane for cases about discovery: answers each kind once, with what the case says, by delta or in full. Rule: it says
// nothing that was not asked for.

import type { JsonValue } from "@bufbuild/protobuf";
import type { ResourceKind } from "../../src/contract/resource-types";
import { FakeAdsServer, resource } from "../../src/xds/testing/fake-ads-server";
import type { Config } from "./types";

export type Resources = Readonly<Partial<Record<ResourceKind, Readonly<Record<string, Config>>>>>;

export interface ControlPlane {
  readonly port: number;
  /** The node as it told about itself, and how it asked. */
  seen(): unknown;
  close(): Promise<void>;
}

export async function startControlPlane(said: Resources): Promise<ControlPlane> {
  const server = new FakeAdsServer();
  const port = await server.listen();
  const answered = new Set<string>();
  let next = 0;
  const timer = setInterval(() => {
    for (; next < server.requests.length; next++) {
      const one = server.requests[next];
      if (one === undefined || answered.has(one.kind) || one.message.responseNonce !== "") continue;
      const known = Object.entries(said[one.kind] ?? {});
      if (known.length === 0) continue;
      answered.add(one.kind);
      const list = known.map(([name, json]) => resource(one.kind, name, json as JsonValue));
      if (one.form === "delta") server.send(one.kind, list);
      else server.sendFull(one.kind, list, "1");
    }
  }, 10);
  const seen = (): unknown => {
    const node = server.requests.find(({ message }) => message.node !== undefined)?.message.node;
    const form = server.requests[0]?.form ?? "nothing";
    if (!node) return { form };
    const { id, cluster, locality, metadata } = node;
    const { region = "", zone = "", subZone = "" } = locality ?? {};
    return {
      form,
      id,
      cluster,
      locality: [region, zone, subZone],
      role: (metadata as Config | undefined)?.["ROLE"] ?? "",
    };
  };
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await server.close();
  };
  return { port, seen, close };
}
