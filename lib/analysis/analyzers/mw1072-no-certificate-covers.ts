// MW1072: a name that a gateway takes in TLS of its own, and that no certificate can be for as the listener says it.
import {
  coversServerName,
  type Gateway,
  httpsListenersOf,
  isHttpsListener,
  type Listener,
  type MeshIndex,
  objectKey,
  plainHost,
} from "@/lib/mesh";
import type { FindingBody, Fix, ObjectAnalyzer } from "../finding";

export const mw1072NoCertificateCovers: ObjectAnalyzer<"Gateway"> = {
  code: "MW1072",
  title: "Name that no certificate covers",
  area: "encryption",
  scope: "object",
  kind: "Gateway",
  run(index, gateway) {
    const { listeners } = gateway.spec;
    if (!listeners.some(isHttpsListener)) return [];
    const asked = hostsOfRoutes(index, gateway);
    return listeners.flatMap((listener, i): FindingBody[] => {
      if (!isHttpsListener(listener)) return [];
      const tooWide = listener.hosts.flatMap((host, h) => (isTooWide(host) ? [wideFinding(gateway, i, h, asked)] : []));
      const here = asked.filter(({ host }) => httpsListenersOf(listeners, host).includes(listener));
      return [
        ...tooWide,
        ...here.filter(({ host }) => isTooDeep(listener, host)).map((each) => deepFinding(gateway, i, each)),
      ];
    });
  },
};

type Asked = { host: string; route: string };

/** Names, no wildcards, that routes of the gateway have rules for. */
function hostsOfRoutes(index: MeshIndex, gateway: Gateway): Asked[] {
  const all = index
    .routesOf(objectKey(gateway))
    .flatMap((route) => (route.spec.hosts ?? []).map((host) => ({ host: plainHost(host), route: objectKey(route) })));
  return all.filter(({ host }, i) => !host.includes("*") && all.findIndex((each) => each.host === host) === i);
}

/** Every name of a top-level domain. "*" is for whatever names the certificate has. */
const isTooWide = (host: string): boolean => /^\*\.[^.]+$/.test(plainHost(host));

/** The listener takes it by a wildcard alone, and it has more than one label in its place. */
function isTooDeep({ hosts }: Listener, name: string): boolean {
  const taking = hosts.map(plainHost).filter((host) => coversServerName(host, name));
  return (
    taking.length > 0 &&
    taking.every((host) => host !== "*" && host !== name && !isTooWide(host) && labelsOf(name) > labelsOf(host))
  );
}

const labelsOf = (name: string): number => name.split(".").length;

function wideFinding(gateway: Gateway, i: number, h: number, asked: readonly Asked[]): FindingBody {
  const key = objectKey(gateway);
  const listener = gateway.spec.listeners[i];
  const host = listener?.hosts[h] ?? "";
  return {
    code: "MW1072",
    severity: "warning",
    message: `Listener ${listener?.name} of ${gateway.metadata.name} takes ${host} in TLS, and no certificate is for that.`,
    cause:
      "No authority signs a certificate for a whole top-level domain. Clients that ask for a name which certificate " +
      `${listener?.tls?.certificate ?? ""} does not have refuse the connection.`,
    refs: [key],
    path: `spec.listeners[${i}].hosts[${h}]`,
    fixes: fixesFor(gateway, i, h, asked),
  };
}

/** The names that routes have rules for, where no other listener of the port has them. */
function fixesFor(gateway: Gateway, i: number, h: number, asked: readonly Asked[]): Fix[] {
  const { listeners } = gateway.spec;
  const own = listeners[i];
  if (!own) return [];
  const taken = listeners.filter(({ port }) => port === own.port).flatMap(({ hosts }) => hosts.map(plainHost));
  const names = asked
    .map(({ host }) => host)
    .filter((host) => coversServerName(own.hosts[h] ?? "", host) && !taken.includes(host));
  if (names.length === 0) return [];
  const value = own.hosts.flatMap((host, at) => (at === h ? names : [host]));
  return [
    {
      title: `Take ${names.join(", ")}, for which there are routes`,
      command: { type: "patchSpec", key: objectKey(gateway), path: ["listeners", i, "hosts"], value },
    },
  ];
}

function deepFinding(gateway: Gateway, i: number, { host, route }: Asked): FindingBody {
  const key = objectKey(gateway);
  const listener = gateway.spec.listeners[i];
  const count = listener?.hosts.length ?? 0;
  return {
    code: "MW1072",
    severity: "warning",
    message: `Listener ${listener?.name} of ${gateway.metadata.name} takes ${host} by ${wildcardOf(listener, host)}, and a certificate for that wildcard is not for it.`,
    cause:
      "A wildcard of a listener stands for every name below, that of a certificate for one label only (RFC 9525, section 6.3): clients refuse the connection.",
    refs: [key, route],
    path: `spec.listeners[${i}].hosts`,
    fixes: [
      {
        title: `Name ${host} in the listener, so that its certificate is made for it`,
        command: { type: "patchSpec", key, path: ["listeners", i, "hosts", count], value: host },
      },
    ],
  };
}

const wildcardOf = (listener: Listener | undefined, name: string): string =>
  listener?.hosts.find((host) => coversServerName(host, name)) ?? "*";
