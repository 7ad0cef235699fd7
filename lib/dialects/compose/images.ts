// What the name of an image tells: the version of what runs, and the port of well-known servers.
// The rule: a port that only an image tells is an assumption, and said as one.
import type { Protocol } from "@/lib/mesh";

export type Known = { port: number; protocol: Protocol };

/** Ports that the official images expose (docker-library, 2026). */
const IMAGES: Record<string, Known> = {
  redis: { port: 6379, protocol: "tcp" },
  valkey: { port: 6379, protocol: "tcp" },
  postgres: { port: 5432, protocol: "tcp" },
  mysql: { port: 3306, protocol: "tcp" },
  mariadb: { port: 3306, protocol: "tcp" },
  mongo: { port: 27017, protocol: "tcp" },
  memcached: { port: 11211, protocol: "tcp" },
  rabbitmq: { port: 5672, protocol: "tcp" },
  nats: { port: 4222, protocol: "tcp" },
  kafka: { port: 9092, protocol: "tcp" },
  cassandra: { port: 9042, protocol: "tcp" },
  elasticsearch: { port: 9200, protocol: "http" },
  nginx: { port: 80, protocol: "http" },
  httpd: { port: 80, protocol: "http" },
  traefik: { port: 80, protocol: "http" },
  caddy: { port: 80, protocol: "http" },
};
const SCHEMES: Record<string, { protocol: Protocol; port?: number }> = {
  http: { protocol: "http", port: 80 },
  ws: { protocol: "http", port: 80 },
  https: { protocol: "tcp", port: 443 },
  grpc: { protocol: "grpc" },
  tcp: { protocol: "tcp" },
  redis: { protocol: "tcp", port: 6379 },
  postgres: { protocol: "tcp", port: 5432 },
  postgresql: { protocol: "tcp", port: 5432 },
  mysql: { protocol: "tcp", port: 3306 },
  mongodb: { protocol: "tcp", port: 27017 },
  amqp: { protocol: "tcp", port: 5672 },
  nats: { protocol: "tcp", port: 4222 },
};
const TCP_PORTS = new Set([22, 25, 443, 465, 587, 1433, 1521, 3306, 5432, 5672, 6379, 9042, 9092, 11211, 27017]);

export const schemeOf = (scheme: string) => (Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined);
export const isTcpPort = (port: number) => TCP_PORTS.has(port);

/** `registry:5000/team/worker:1.2@sha256:...` -> repository and tag. */
function partsOf(image: string): { name: string; tag?: string } {
  const last = image.split("@")[0]?.split("/").at(-1) ?? "";
  const [name = "", tag] = last.split(":");
  return { name: name.toLowerCase(), ...(tag === undefined ? {} : { tag }) };
}

export function knownImage(image: string | undefined): Known | undefined {
  const { name } = partsOf(image ?? "");
  return Object.hasOwn(IMAGES, name) ? IMAGES[name] : undefined;
}

/** `latest` is no version, nor is what a label's value cannot hold. */
export function versionOf(image: string | undefined): string | undefined {
  const { tag } = partsOf(image ?? "");
  const isUsable = tag !== undefined && tag !== "latest" && /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(tag);
  return isUsable ? tag : undefined;
}
