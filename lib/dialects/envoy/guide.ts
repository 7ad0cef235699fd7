// What a person has to do beside the files: certificates, addresses, starting. In the bundle's README and manual/.
// The rule: a placeholder stands nowhere but in these texts and in the identity folders they name.
import type { CompileInput } from "@/lib/compile/types";
import { gatewayProxyKey } from "@/lib/deploy";
import type { Listener, MeshIndex } from "@/lib/mesh";
import type { BundleFile } from "../shared/dialect";
import { type ExportedProxy, fileNameOf, identityFolder, type Layout, spiffeIdOf, trustDomainOf } from "./identities";
import { appPortOf, certificateFiles, HOST_PORTS, hostOf } from "./places";

export type Guide = { layout: Layout; proxies: readonly ExportedProxy[]; input: CompileInput };

export function guideFiles(index: MeshIndex, guide: Guide): BundleFile[] {
  return [
    { path: "README.md", text: readme(index, guide) },
    { path: "manual/certificates.md", text: certificates(index, guide) },
    { path: "manual/addresses.md", text: addresses(index, guide) },
  ];
}

function readme(index: MeshIndex, { layout, proxies }: Guide): string {
  const [first] = proxies;
  const example = first ? `manifests/${fileNameOf(first)}.json` : "manifests/NAMESPACE/WORKLOAD.json";
  const where =
    layout === "hosts"
      ? "Each file is for the hosts or containers of one workload; all of its instances use the same one."
      : "All files are for one machine: every proxy has ports of its own on 127.0.0.1.";
  return `# ${index.mesh?.metadata.name ?? "A mesh"} as Envoy static files

${proxies.length} files in \`manifests/\`, one for each workload and gateway. ${where} They run on Envoy 1.40 and on meshwright-proxy,
without a control plane: what a file says holds until you put another one in its place and start the proxy again.

1. Give every proxy its certificate: \`manual/certificates.md\`.
2. ${layout === "hosts" ? "Let the names of the workloads resolve" : "Start each app on its port"}: \`manual/addresses.md\`.
3. Read \`report.md\`: what the files do not say, and what that changes.
4. Check and start:

\`\`\`sh
envoy --mode validate -c ${example}
envoy -c ${example}
\`\`\`

Other addresses, ports or places: \`meshwright compile --places places.json\` writes the same file for one proxy; \`--show-places\` prints the form.
`;
}

function certificates(index: MeshIndex, { layout, proxies }: Guide): string {
  const rows = proxies.map(
    (proxy) => `| \`${fileNameOf(proxy)}\` | \`${spiffeIdOf(index, proxy)}\` | \`${identityFolder(layout, proxy)}\` |`,
  );
  const [first] = proxies;
  const id = first ? spiffeIdOf(index, first) : `spiffe://${trustDomainOf(index)}/ns/NAMESPACE/sa/ACCOUNT`;
  return `# Certificates

A proxy is known to the others by the SPIFFE ID in its certificate, and by nothing else. Every file expects three PEM files:

- \`cert.pem\`: its certificate, with intermediates; one URI as subject alternative name, its SPIFFE ID
- \`key.pem\`: the key of it, readable by the proxy only
- \`bundle.pem\`: the roots that it trusts, the same for all

| proxy | SPIFFE ID | folder |
| --- | --- | --- |
${rows.join("\n")}
${gatewayCertificates(index, layout)}
## By hand, to try it

\`\`\`sh
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=${trustDomainOf(index)}" \\
  -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout root-key.pem -out bundle.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/" -keyout key.pem -out request.pem
printf 'subjectAltName=critical,URI:%s\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage=serverAuth,clientAuth\\n' \\
  "${id}" > names.cnf
openssl x509 -req -in request.pem -CA bundle.pem -CAkey root-key.pem -days 7 -extfile names.cnf -out cert.pem
\`\`\`

Repeat the last three for each line of the table. Files are read when the proxy starts: start it again before a certificate ends.

## From SPIRE, by SDS

Envoy takes certificates from a SPIRE agent on the same machine, and renews them by itself. In each file replace \`tls_certificates\` by

\`\`\`json
"tls_certificate_sds_secret_configs": [
  {"name": "SPIFFE ID of the proxy", "sds_config": {"resource_api_version": "V3", "api_config_source": {
    "api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [{"envoy_grpc": {"cluster_name": "spire_agent"}}]}}}
]
\`\`\`

and \`validation_context\` by a \`combined_validation_context\`, whose \`default_validation_context\` keeps what stands there beside
\`trusted_ca\`, and whose \`validation_context_sds_secret_config\` is as above with the name \`spiffe://${trustDomainOf(index)}\`. Add the cluster:

\`\`\`json
{"name": "spire_agent", "connect_timeout": "1s", "type": "STATIC",
  "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    "explicit_http_config": {"http2_protocol_options": {}}}},
  "load_assignment": {"cluster_name": "spire_agent", "endpoints": [{"lb_endpoints": [
    {"endpoint": {"address": {"pipe": {"path": "/run/spire/sockets/agent.sock"}}}}]}]}}
\`\`\`
`;
}

/** What gateways show clients outside, which no authority of the mesh signs. */
function gatewayCertificates(index: MeshIndex, layout: Layout): string {
  const rows = index.all("Gateway").flatMap((owner) => {
    const { namespace, name } = owner.metadata;
    const folder = identityFolder(layout, { id: gatewayProxyKey(namespace, name) });
    return owner.spec.listeners.flatMap(({ tls, hosts }) =>
      tls ? [`| \`${namespace}/${name}\` | ${hosts.join(", ")} | ${filesOf(folder, tls)} |`] : [],
    );
  });
  if (rows.length === 0) return "";
  return `
Gateways with listeners of protocol https show their clients certificates of their own, from an authority that those trust. Where clients have to
show certificates too, a third file has those of their authorities, and where revoked ones are refused, a fourth their revocation lists:

| gateway | for | certificate with intermediates | key | authorities of clients | revocation lists |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function filesOf(folder: string, { certificate, clients }: NonNullable<Listener["tls"]>): string {
  const { chain, key, ca, crl } = certificateFiles(folder, certificate, clients?.checkRevocation ?? false);
  return `\`${chain}\` | \`${key}\` | ${clients ? `\`${ca}\`` : ""} | ${crl ? `\`${crl}\`` : ""}`;
}

function addresses(index: MeshIndex, { layout, proxies, input }: Guide): string {
  const rows = proxies.flatMap(({ id, owner }) => {
    const place = input.endpoints.find(({ proxyId }) => proxyId === id);
    if (!place) return [];
    const isGateway = owner.kind === "Gateway";
    const bound = input.binding.gateways.find(
      (each) => isGateway && each.name === place.workload && each.namespace === place.namespace,
    );
    const served = [bound?.publicPort, ...Object.values(bound?.listenerPorts ?? {})].filter(
      (port) => port !== undefined,
    );
    const inbound = served.length > 0 ? [...new Set(served)].join(", ") : place.inboundPort;
    const app = isGateway ? "" : String(place.appPort ?? appPortOf(index, owner));
    const host = layout === "hosts" ? hostOf(owner) : place.host;
    return [
      `| \`${fileNameOf({ id })}\` | \`${host}\` | ${inbound} | ${isGateway ? "" : place.outboundPort} | ${app} | ${place.adminPort} |`,
    ];
  });
  const how =
    layout === "hosts"
      ? `A caller finds a workload by the name in the table: let DNS, /etc/hosts or the names of containers lead to its hosts; all addresses of a name
take calls in turn. Every host has port ${HOST_PORTS.inbound} open for the others. The app listens on 127.0.0.1, on the port of its service.`
      : "Nothing has to resolve: start each app on its port of the table.";
  return `# Addresses

${how} An app calls others through its own proxy: \`http://127.0.0.1:OUTBOUND\` with the name of the service as \`Host\`
(\`curl -H "Host: catalog" http://127.0.0.1:OUTBOUND/\`), or with it as its HTTP proxy.

| proxy | host | calls come in | the app calls | the app listens | admin |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}
