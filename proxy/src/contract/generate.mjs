// Generates proxy/src/contract/gen from the Envoy v3 protos that ship inside @grpc/grpc-js-xds.
// Run it after raising that package; the output is committed, so nobody else needs buf.
// Four local changes: the shipped validate.proto predates `ignore_empty`, which newer Envoy files use, the shipped tracer predates
// `max_cache_size`, zone-aware routing `force_local_zone`, and options of upstream HTTP `outlier_detection`, which Envoy 1.40 has. OTLP and peak EWMA, which they do not hold, and the
// OTLP access log, which grew since, are in protos/.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const deps = join(dirname(require.resolve("@grpc/grpc-js-xds/package.json")), "deps");

const ENTRIES = [
  "envoy/service/discovery/v3/ads.proto",
  "envoy/service/discovery/v3/discovery.proto",
  "envoy/service/secret/v3/sds.proto",
  "envoy/service/auth/v3/external_auth.proto",
  "envoy/service/ratelimit/v3/rls.proto",
  "envoy/config/bootstrap/v3/bootstrap.proto",
  "envoy/config/listener/v3/listener.proto",
  "envoy/config/route/v3/route.proto",
  "envoy/config/cluster/v3/cluster.proto",
  "envoy/config/endpoint/v3/endpoint.proto",
  "envoy/config/accesslog/v3/accesslog.proto",
  "envoy/config/rbac/v3/rbac.proto",
  "envoy/config/trace/v3/opentelemetry.proto",
  "envoy/extensions/access_loggers/file/v3/file.proto",
  "envoy/extensions/access_loggers/open_telemetry/v3/logs_service.proto",
  "envoy/extensions/access_loggers/stream/v3/stream.proto",
  "envoy/extensions/filters/http/router/v3/router.proto",
  "envoy/extensions/filters/http/rbac/v3/rbac.proto",
  "envoy/extensions/filters/http/cors/v3/cors.proto",
  "envoy/extensions/filters/http/ext_authz/v3/ext_authz.proto",
  "envoy/extensions/filters/http/fault/v3/fault.proto",
  "envoy/extensions/filters/http/header_mutation/v3/header_mutation.proto",
  "envoy/extensions/filters/http/health_check/v3/health_check.proto",
  "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto",
  "envoy/extensions/filters/http/ratelimit/v3/rate_limit.proto",
  "envoy/extensions/filters/http/jwt_authn/v3/config.proto",
  "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.proto",
  "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.proto",
  "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto",
  "envoy/extensions/filters/network/connection_limit/v3/connection_limit.proto",
  "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto",
  "envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit.proto",
  "envoy/extensions/filters/network/rbac/v3/rbac.proto",
  "envoy/extensions/filters/network/sni_cluster/v3/sni_cluster.proto",
  "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto",
  "envoy/extensions/internal_redirect/allow_listed_routes/v3/allow_listed_routes_config.proto",
  "envoy/extensions/internal_redirect/previous_routes/v3/previous_routes_config.proto",
  "envoy/extensions/internal_redirect/safe_cross_scheme/v3/safe_cross_scheme_config.proto",
  "envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.proto",
  "envoy/extensions/transport_sockets/tls/v3/tls.proto",
  "envoy/extensions/transport_sockets/tls/v3/secret.proto",
  "envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config.proto",
  "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.proto",
  "envoy/extensions/load_balancing_policies/least_request/v3/least_request.proto",
  "envoy/extensions/load_balancing_policies/maglev/v3/maglev.proto",
  "envoy/extensions/load_balancing_policies/peak_ewma/v3alpha/peak_ewma.proto",
  "envoy/extensions/load_balancing_policies/random/v3/random.proto",
  "envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.proto",
  "envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.proto",
  "envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections.proto",
  "envoy/extensions/resource_monitors/fixed_heap/v3/fixed_heap.proto",
  "envoy/extensions/upstreams/http/v3/http_protocol_options.proto",
  "envoy/extensions/retry/host/omit_canary_hosts/v3/omit_canary_hosts.proto",
  "envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config.proto",
  "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto",
  "envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.proto",
  "envoy/type/matcher/v3/path.proto",
  "opentelemetry/proto/collector/logs/v1/logs_service.proto",
  "opentelemetry/proto/collector/trace/v1/trace_service.proto",
];

const work = mkdtempSync(join(tmpdir(), "envoy-protos-"));
try {
  const roots = {
    "envoy-api": "envoy-api",
    "protoc-gen-validate": "protoc-gen-validate",
    xds: "xds",
    googleapis: "googleapis",
  };
  for (const root of Object.values(roots)) {
    cpSync(join(deps, root), join(work, "in"), { recursive: true, filter: (p) => !/\.(md|bazel)$/.test(p) });
  }
  const validate = join(work, "in/validate/validate.proto");
  const text = readFileSync(validate, "utf8");
  if (!text.includes("ignore_empty")) {
    writeFileSync(
      validate,
      text.replace(/(message (?:\w+Rules|Any|Duration\w*|Timestamp\w*) \{)/g, "$1\n  optional bool ignore_empty = 99;"),
    );
  }
  const tracer = join(work, "in/envoy/config/trace/v3/opentelemetry.proto");
  const config = readFileSync(tracer, "utf8");
  if (!config.includes("max_cache_size")) {
    writeFileSync(
      tracer,
      config
        .replace('import "udpa', 'import "google/protobuf/wrappers.proto";\n\nimport "udpa')
        .replace(/\}\s*$/, "\n  google.protobuf.UInt32Value max_cache_size = 6;\n}\n"),
    );
  }
  const balancing = join(work, "in/envoy/extensions/load_balancing_policies/common/v3/common.proto");
  const zones = readFileSync(balancing, "utf8");
  if (!zones.includes("force_local_zone")) {
    writeFileSync(
      balancing,
      zones.replace(
        /(message ZoneAwareLbConfig \{)/,
        "$1\n    message ForceLocalZone {\n      google.protobuf.UInt32Value min_size = 1;\n    }\n\n    ForceLocalZone force_local_zone = 5;\n",
      ),
    );
  }
  const upstream = join(work, "in/envoy/extensions/upstreams/http/v3/http_protocol_options.proto");
  const options = readFileSync(upstream, "utf8");
  if (!options.includes("error_matcher")) {
    writeFileSync(
      upstream,
      options
        .replace(
          'import "envoy/config/core',
          'import "envoy/config/common/matcher/v3/matcher.proto";\nimport "envoy/config/core',
        )
        .replace(
          /(\nmessage HttpProtocolOptions \{)/,
          "$1\n  message OutlierDetection {\n    config.common.matcher.v3.MatchPredicate error_matcher = 1 [(validate.rules).message = {required: true}];\n  }\n\n  OutlierDetection outlier_detection = 8;\n",
        ),
    );
  }
  cpSync(join(here, "protos"), join(work, "in"), { recursive: true });
  writeFileSync(join(work, "in/buf.yaml"), "version: v2\n");
  writeFileSync(
    join(work, "buf.gen.yaml"),
    "version: v2\nplugins:\n  - local: protoc-gen-es\n    out: out\n    include_imports: true\n    opt:\n      - target=ts\n      - import_extension=none\n",
  );
  const bin = join(here, "../../../node_modules/.bin");
  execFileSync(
    join(bin, "buf"),
    ["generate", "in", "--template", "buf.gen.yaml", ...ENTRIES.flatMap((e) => ["--path", join("in", e)])],
    { cwd: work, stdio: "inherit", env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } },
  );
  rmSync(join(here, "gen"), { recursive: true, force: true });
  mkdirSync(join(here, "gen"), { recursive: true });
  cpSync(join(work, "out"), join(here, "gen"), { recursive: true });
} finally {
  rmSync(work, { recursive: true, force: true });
}
