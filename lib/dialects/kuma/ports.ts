// What a service speaks, by its ports: Kuma has other fields for HTTP, gRPC and TCP.
import type { Service } from "@/lib/mesh";

const isTcp = ({ protocol }: Service["spec"]["ports"][number]): boolean => protocol === "tcp";

export const speaksTcp = ({ spec: { ports } }: Service): boolean => ports.some(isTcp);
export const speaksHttp = ({ spec: { ports } }: Service): boolean => ports.some((port) => !isTcp(port));
/** By its first port of HTTP. */
export const speaksGrpc = ({ spec: { ports } }: Service): boolean =>
  ports.find((port) => !isTcp(port))?.protocol === "grpc";
