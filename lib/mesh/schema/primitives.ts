// The small shapes that every kind is built from: names, references, ports, durations, texts.
// The rule: each string and each array has a limit, so a document of any origin is bounded before anything looks at it.
import { z } from "zod";

/** Kubernetes object-count scale, with room: a mesh of 1,000 services uses about a tenth. */
export const MAX_OBJECTS = 20_000;
const MAX_KEPT_JSON = 65_536;

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const HOST = /^(\*|(\*\.)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)(:\d{1,5})?$/;
/** RFC 9110 section 5.6.2 token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 1123 label, as Kubernetes asks of services and namespaces. */
export const labelName = z
  .string()
  .min(1, "must not be empty")
  .max(63, "must have at most 63 characters")
  .regex(LABEL, "must be lower-case letters, digits and dashes, beginning and ending with a letter or digit");

/** RFC 1123 subdomain, as Kubernetes asks of most other objects. */
export const objectName = z
  .string()
  .min(1, "must not be empty")
  .max(253, "must have at most 253 characters")
  .regex(SUBDOMAIN, "must be lower-case letters, digits, dashes and dots, beginning and ending with a letter or digit");

export const shortText = z.string().max(256, "must have at most 256 characters");
export const longText = z.string().max(4096, "must have at most 4096 characters");
export const portNumber = z
  .int()
  .min(1, "must be a port from 1 to 65535")
  .max(65_535, "must be a port from 1 to 65535");
export const protocol = z.enum(["http", "http2", "grpc", "tcp"]);
/** https: HTTP in TLS that ends here; tls: passed on as it is. Both by the server name in the first bytes. */
export const listenerProtocol = z.enum(["http", "http2", "grpc", "https", "tcp", "tls"]);
/** Of a certificate with its key, as a Secret of Kubernetes is named; where it is says the environment. */
export const certificateName = z
  .string()
  .min(1, "must not be empty")
  .max(253, "must have at most 253 characters")
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "must be lower-case letters, digits, dashes and dots");
/** As a client's certificate has it among its alternative names: a DNS name, a URI, an e-mail or an IP address. */
const clientName = z
  .string()
  .min(1, "must not be empty")
  .max(2048, "must have at most 2048 characters")
  .regex(/^[\x21-\x7e]+$/, "must be a DNS name, a URI, an e-mail or an IP address, without spaces");
export const clientNames = z.array(clientName).min(1, "must have at least one name").max(64);
/** SHA-256 of a whole certificate (DER) in hexadecimal, as `openssl x509 -fingerprint -sha256` prints it, with or without colons. */
const certificateHash = z
  .string()
  .regex(
    /^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$/,
    "must be a SHA-256 in hexadecimal: 64 digits, with or without colons",
  );
/** SHA-256 of a public key (SubjectPublicKeyInfo) in base64, as RFC 7469 section 2.4 pins it. */
const keyHash = z
  .string()
  .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, "must be a SHA-256 in base64: 44 characters");
export const certificateHashes = z.array(certificateHash).min(1, "must have at least one hash").max(64);
export const keyHashes = z.array(keyHash).min(1, "must have at least one hash").max(64);
/** Milliseconds; at most a day, so that a slip of the unit is found. */
export const durationMs = z
  .int()
  .min(1, "must be at least 1 ms")
  .max(86_400_000, "must be at most a day (86400000 ms)");
export const percent = z.int().min(0, "must be from 0 to 100").max(100, "must be from 0 to 100");
export const hostName = z
  .string()
  .min(1, "must not be empty")
  .max(253, "must have at most 253 characters")
  .regex(HOST, 'must be a host name, "*" or a wildcard like "*.example.com"');
/** As a client of TLS names whom it wants (RFC 6066 section 3), or a wildcard for all names below one. */
export const serverName = hostName.regex(/^[^:]*$/, "must be a name without a port");
export const headerName = z.string().min(1).max(256).regex(TOKEN, "must be an HTTP header name");
export const httpMethod = z.string().min(1).max(32).regex(TOKEN, "must be an HTTP method");
export const matchText = z.string().max(1024, "must have at most 1024 characters");
/** Header values may not smuggle a line break or a NUL into a request (RFC 9110 section 5.5). */
export const headerValue = z
  .string()
  .max(4096)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
  .regex(/^[^\u0000-\u0008\u000a-\u001f\u007f]*$/, "must not contain control characters");

export const labels = z
  .record(z.string().min(1).max(316), z.string().max(63))
  .refine((value) => Object.keys(value).length <= 64, "must have at most 64 entries");
export const annotations = z
  .record(z.string().min(1).max(316), z.string().max(4096))
  .refine((value) => Object.keys(value).length <= 64, "must have at most 64 entries");

/** A service by name; `namespace` defaults to that of the object that holds the reference. */
const refNamespace = labelName.optional().describe("Absent: the namespace of this object.");
export const serviceRef = z.strictObject({ namespace: refNamespace, name: labelName.describe("The service's name.") });

export const REF_KINDS = ["Service", "Gateway", "ExternalService", "Workload"] as const;
/** Any end of a dependency; `namespace` defaults to that of the object that holds the reference. */
export const ref = z.strictObject({
  kind: z.enum(REF_KINDS).describe("The kind of what is named."),
  namespace: refNamespace,
  name: labelName.describe("Its name."),
});

/** Where an imported object came from, with what the model has no word for, kept verbatim for the way back. */
export const origin = z.strictObject({
  dialect: z.enum([
    "istio",
    "kubernetes",
    "gateway-api",
    "app-mesh",
    "linkerd",
    "consul",
    "kuma",
    "cilium",
    "envoy",
    "compose",
  ]),
  apiVersion: shortText,
  kind: shortText,
  name: objectName,
  namespace: labelName.optional(),
  /** True when the source named no namespace and the import chose one. */
  namespaceDefaulted: z.boolean().optional(),
  file: shortText.optional(),
  kept: z
    .array(z.strictObject({ path: shortText, value: z.json() }))
    .max(256)
    .refine((value) => JSON.stringify(value).length <= MAX_KEPT_JSON, "keeps more than 64 KiB")
    .optional(),
});

/** Of a PEM text that a person gives: chains of public authorities are below 10 kB. */
export const MAX_PEM_CHARACTERS = 65_536;

/** Of the YAML that is kept beside an object, so that a document stays bounded. */
export const MAX_TEXT = 65_536;

/** In the order in which they are written. */
function metadata<N extends z.ZodType, S extends z.ZodType>(name: N, namespace: S) {
  return z.strictObject({
    name,
    namespace,
    /** Identity over renames; absent means the object key itself (the first rename writes it down). */
    uid: z.string().min(1).max(400).optional().describe("Identity over renames; written by the first one."),
    labels: labels.optional().describe("Words to find it by."),
    annotations: annotations.optional().describe("Notes for people and tools."),
    origin: origin.optional().describe("Where an imported object came from."),
    /** The YAML as a person wrote it, comments and order kept; absent when it is the printed form. Not part of the digest. */
    text: z.string().max(MAX_TEXT).optional(),
  });
}

export const namespacedMetadata = metadata(objectName, labelName);
export const namespacedLabelMetadata = metadata(labelName, labelName);
export const meshMetadata = metadata(
  labelName,
  z.undefined({ error: "this kind belongs to the whole mesh: remove the namespace" }).optional(),
);

export type ServiceRef = z.infer<typeof serviceRef>;
export type Ref = z.infer<typeof ref>;
export type Origin = z.infer<typeof origin>;
