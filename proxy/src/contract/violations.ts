// Problems found in configuration, by path in Envoy's own field names.

export interface Violation {
  /** e.g. `static_resources.listeners[0].filter_chains[1].filters[0].typed_config.rds` */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** The xDS resource it is in; absent for a static file, whose paths begin at the bootstrap. */
  readonly resource?: { readonly kind: string; readonly name: string };
}

/** `listener "inbound": filter_chains[0]: what is wrong` */
export function formatViolation({ path, message, resource }: Violation): string {
  const where = resource ? `${resource.kind} ${JSON.stringify(resource.name)}: ` : "";
  return path === "" ? where + message : `${where}${path}: ${message}`;
}

export function joinPath(path: string, field: string): string {
  return path === "" ? field : `${path}.${field}`;
}

/** Map keys may hold dots: they are written in brackets. */
export function keyPath(path: string, key: string | number): string {
  return typeof key === "number" ? `${path}[${key}]` : `${path}["${key}"]`;
}
