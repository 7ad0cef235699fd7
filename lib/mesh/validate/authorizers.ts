// What makes an authorizer of the mesh impossible: a port that is not there, and what its protocol has no words for.
import type { MeshIndex } from "../index-document";
import { refKey } from "../refs";
import type { Authorizer, MeshObject, MeshRoot, Path } from "../types";
import type { Complaint } from "./complaint";

/** gRPC tells every header, and its answer says itself what becomes of each. */
const HTTP_ONLY = [
  "requestHeaders",
  "addedHeaders",
  "upstreamHeaders",
  "allowedResponseHeaders",
  "deniedResponseHeaders",
] as const;

export function violationsOfAuthorizers(object: MeshObject, index: MeshIndex): Complaint[] {
  if (object.kind !== "Mesh") return [];
  return (object.spec.authorizers ?? []).flatMap((authorizer, i) => {
    const path = ["spec", "authorizers", i];
    return [
      ...violationsOfPort(object, authorizer, [...path, "address"], index),
      ...violationsOfFields(authorizer, path),
    ];
  });
}

function violationsOfPort(mesh: MeshRoot, { address }: Authorizer, path: Path, index: MeshIndex): Complaint[] {
  if (!address) return [];
  const target = index.get(refKey(address.target, mesh));
  // one that is not there is told as such
  if (target?.kind !== "Service" && target?.kind !== "ExternalService") return [];
  const ports = target.spec.ports.filter(({ protocol }) => protocol !== "tcp");
  const port = ports.find((each) => each.port === address.port);
  if (!port) {
    const fix = ports.length > 0 ? `Use one of ${ports.map((each) => each.port).join(", ")}.` : "Give it an HTTP port.";
    return [{ path: [...path, "port"], message: `is no HTTP port of ${target.metadata.name}`, fix }];
  }
  if (address.protocol === "http" || port.protocol === "grpc" || port.protocol === "http2") return [];
  const message = `is grpc, and port ${port.port} of ${target.metadata.name} speaks ${port.protocol}`;
  return [{ path: [...path, "protocol"], message, fix: "Set the port's protocol to grpc, or ask by http." }];
}

function violationsOfFields(authorizer: Authorizer, path: Path): Complaint[] {
  const { address, body } = authorizer;
  const isGrpc = address?.protocol === "grpc";
  const complain = (field: Path, protocol: string): Complaint => ({
    path: [...path, ...field],
    message: `is for the protocol ${protocol} only`,
    fix: `Remove it, or ask by ${protocol}.`,
  });
  if (!isGrpc) return body?.asBytes && address ? [complain(["body", "asBytes"], "grpc")] : [];
  const said = HTTP_ONLY.filter((field) => authorizer[field] !== undefined).map((field) => complain([field], "http"));
  return address.pathPrefix === undefined ? said : [complain(["address", "pathPrefix"], "http"), ...said];
}
