// What MeshConfig says of spans and access logs: providers, and what holds where no Telemetry says otherwise.
// The rule: it is the installation's own and stays there; only these words are read from it.
import { type AccessLog, isLogPath, logFormatProblem, type Path, type Tracing } from "@/lib/mesh";
import { isRecord } from "../shared/fields";

const STDOUT = "/dev/stdout";
/** Istio's, where nothing is said. */
const DEFAULT_SAMPLING = 1;
/** The provider that Istio always has. */
const BUILT_IN = "envoy";

/** Says what a part of it lost, at its path. */
export type Tell = (path: Path, message: string) => void;
type Json = Readonly<Record<string, unknown>>;

export class MeshConfig {
  private readonly providers = new Map<string, { value: Json; path: Path }>();

  /** @param path where it stands in its resource */
  constructor(
    private readonly value: Json,
    private readonly path: Path,
    private readonly tell: Tell,
  ) {
    for (const [i, each] of listOf(value["extensionProviders"]).entries())
      this.providers.set(textOf(each["name"]), { value: each, path: [...path, "extensionProviders", i] });
  }

  get sampling(): number {
    const sampling = recordOf(recordOf(this.value["defaultConfig"])["tracing"])["sampling"];
    return typeof sampling === "number" ? sampling : DEFAULT_SAMPLING;
  }

  get customTags(): Json {
    return recordOf(recordOf(recordOf(this.value["defaultConfig"])["tracing"])["customTags"]);
  }

  /** Of the provider that holds where a Telemetry names none. */
  defaultProvider(kind: "tracing" | "accessLogging"): string | undefined {
    const names = recordOf(this.value["defaultProviders"])[kind];
    return Array.isArray(names) && typeof names[0] === "string" ? names[0] : undefined;
  }

  /** Spans without any Telemetry: the old way, whose collectors do not take OTLP. */
  tellOldTracing(): void {
    const { zipkin, openCensusAgent, lightstep, datadog, stackdriver } = recordOf(
      recordOf(this.value["defaultConfig"])["tracing"],
    );
    const isOther = zipkin ?? openCensusAgent ?? lightstep ?? datadog ?? stackdriver;
    if (this.value["enableTracing"] === true && isOther !== undefined)
      this.tell([...this.path, "defaultConfig", "tracing"], "sends spans to what does not take OTLP");
  }

  hasProvider(name: string): boolean {
    return this.providers.has(name);
  }

  collectorOf(name: string): Tracing["collector"] | undefined {
    const { value, path } = this.providers.get(name) ?? {};
    if (!value || !path) return undefined;
    const { opentelemetry } = value;
    if (!isRecord(opentelemetry)) {
      this.tell(path, `provider ${name} does not take spans by OTLP`);
      return undefined;
    }
    const { service, port, http, ...rest } = opentelemetry;
    this.tellRest([...path, "opentelemetry"], rest);
    if (http !== undefined) {
      const { path: at, timeout: _, ...more } = recordOf(http);
      this.tellRest([...path, "opentelemetry", "http"], more);
      if (at !== "/v1/traces") this.tell([...path, "opentelemetry", "http", "path"], "is /v1/traces in the design");
    }
    return { ...addressOf(service, port), protocol: http === undefined ? "grpc" : "http" };
  }

  /** Of a provider, or of accessLogFile where nobody names one; undefined: no log, or none that the model can say. */
  logOf(name: string | undefined): Pick<AccessLog, "to" | "format"> | undefined {
    if (name === undefined || (name === BUILT_IN && !this.providers.has(name))) {
      const file = name === undefined ? textOf(this.value["accessLogFile"]) : STDOUT;
      return file === "" ? undefined : this.fileLog(file, this.ownFormat(), [...this.path, "accessLogFile"]);
    }
    const { value, path } = this.providers.get(name) ?? {};
    if (!value || !path) return undefined;
    const { envoyFileAccessLog: file, envoyOtelAls: als } = value;
    if (isRecord(file)) {
      const at = [...path, "envoyFileAccessLog"];
      const { path: to, logFormat, ...rest } = file;
      this.tellRest(at, rest);
      return this.fileLog(textOf(to) || STDOUT, this.formatOf(recordOf(logFormat), [...at, "logFormat"]), at);
    }
    if (isRecord(als)) {
      const at = [...path, "envoyOtelAls"];
      const { service, port, logFormat, ...rest } = als;
      this.tellRest(at, rest);
      const format = this.formatOf(recordOf(logFormat), [...at, "logFormat"]);
      return {
        to: { type: "collector", ...addressOf(service, port), protocol: "grpc" },
        ...(format ? { format } : {}),
      };
    }
    this.tell(path, `provider ${name} writes no file and takes no logs by OTLP`);
    return undefined;
  }

  private fileLog(file: string, format: AccessLog["format"], path: Path): Pick<AccessLog, "to" | "format"> {
    const to: AccessLog["to"] = isLogPath(file) ? { type: "file", path: file } : { type: "stdout" };
    if (to.type === "stdout" && file !== STDOUT)
      this.tell(path, `${file} is written to standard output: proxies here write files below /var/log/ only`);
    return { to, ...(format ? { format } : {}) };
  }

  /** accessLogFormat and accessLogEncoding. */
  private ownFormat(): AccessLog["format"] {
    const text = textOf(this.value["accessLogFormat"]);
    const isJson = this.value["accessLogEncoding"] === "JSON";
    if (text === "") return this.formatOf({}, [...this.path, "accessLogFormat"]);
    if (!isJson) return this.formatOf({ text }, [...this.path, "accessLogFormat"]);
    return this.formatOf({ labels: jsonOf(text) }, [...this.path, "accessLogFormat"]);
  }

  private formatOf({ text, labels }: Json, path: Path): AccessLog["format"] {
    if (typeof text === "string" && text !== "") {
      const problem = logFormatProblem(text);
      if (problem === null) return { type: "text", text: text.replace(/\n$/, "") };
      this.tell(path, `${problem}: the fields of proxies' own log are written`);
      return undefined;
    }
    const fields = Object.entries(recordOf(labels));
    const good = fields.filter((field): field is [string, string] => {
      const [name, value] = field;
      const problem = typeof value === "string" ? logFormatProblem(value) : "is no text";
      if (problem !== null) this.tell(path, `field ${name} ${problem}: it is left out`);
      return problem === null;
    });
    if (good.length > 0) return { type: "json", fields: Object.fromEntries(good) };
    if (fields.length === 0) this.tell(path, "is Istio's default: the fields of proxies' own log are written");
    return undefined;
  }

  private tellRest(path: Path, rest: Json): void {
    for (const name of Object.keys(rest)) this.tell([...path, name], "is not in the model");
  }
}

/** "namespace/host" and "host". */
function addressOf(service: unknown, port: unknown): { host: string; port: number } {
  return { host: textOf(service).replace(/^.*\//, ""), port: typeof port === "number" ? port : 0 };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

function jsonOf(text: string): Json {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return {};
  }
}
