// What a project says of one service, before services are put together.
import type { Path, Protocol } from "@/lib/mesh";
import type { Resource } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";

/** A port of the container. `protocol` absent: nothing says what it speaks. */
export type Port = { port: number; protocol?: Protocol; name?: string; path: Path };

/** A call that the text tells of. `assumption`: what was read as a call. */
export type Call = { to: string; path: Path; port?: number; protocol?: Protocol; assumption?: string };

export type Part = {
  /** As the file says it. */
  raw: string;
  /** As the design says it. */
  name: string;
  path: Path;
  /** For warnings and origins: `service votes/worker`. */
  resource: Resource;
  fields: Fields;
  sink: Sink;
  image?: string;
  /** Of the service in the design; what it calls and who reaches it has none. */
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ports: Port[];
  isPublished: boolean;
  /** Undefined: not told by networks, as with the host's own. */
  networks?: Set<string>;
  /** Other names that it answers to. */
  aliases: { name: string; path: Path }[];
  calls: Call[];
};
