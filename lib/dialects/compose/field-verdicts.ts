// What becomes of the fields of the Compose Specification.
import type { FieldVerdict } from "../shared/dialect";

const field = (path: string, verdict: FieldVerdict["verdict"], note: string): FieldVerdict => ({
  kind: "Project",
  path,
  verdict,
  note,
});

export const FIELDS: readonly FieldVerdict[] = [
  field("name", "moved", "The namespace of everything in the file; without one that of the import, else `default`."),
  field("services.*", "exact", "A Service and its Workload of the same name, in lower case with dashes."),
  field("services.*.ports, expose", "exact", "Ports of the container are those of the Service. UDP is left out."),
  field(
    "services.*.ports[].{published,host_ip,mode}",
    "lost",
    "Kept as written: draw a gateway for callers from outside.",
  ),
  field("services.*.ports[].app_protocol", "exact", "The protocol; without one it is assumed and told."),
  field(
    "services.*.image",
    "approximate",
    "Its tag is the version, unless it is `latest`; a port of well-known images. Kept.",
  ),
  field("services.*.deploy.replicas, scale", "exact", "Replicas of the Workload. The rest of deploy is kept."),
  field("services.*.labels, annotations", "exact", "Of the Service; labels longer than 63 characters are annotations."),
  field(
    "services.*.depends_on, links",
    "approximate",
    "Dependencies: an order of starting is taken for calls, except from what has ended by then.",
  ),
  field("services.*.environment", "approximate", "Addresses of services are calls, said as assumptions. Not stored."),
  field("services.*.networks", "approximate", "Services that share none are denied by an AuthorizationPolicy. Kept."),
  field("services.*.networks.*.aliases, container_name, hostname", "lost", "Names for addresses in settings. Kept."),
  field("services.*.network_mode, external_links", "lost", "Kept as written."),
  field("services.*.extends", "exact", "Merged within the file; of another file: told."),
  field("services.*.profiles", "approximate", "The service is in the design as if it always ran. Kept."),
  field("services.*.healthcheck", "lost", "Kept as written."),
  field(
    "services.*.{build,command,configs,entrypoint,env_file,secrets,tmpfs,volumes,...}",
    "ignored",
    "Of the container alone; may hold secrets, and is not stored.",
  ),
  field("services.*.*", "lost", "Everything else is kept as written."),
  field("include", "lost", "Told: what `docker compose config` prints has everything in it."),
  field("networks.*.external", "lost", "Told: callers of other projects are not in the design."),
  field("volumes, secrets, configs, version, x-*", "ignored", "No part of a design."),
  field("variables", "approximate", "The default is taken and told; without one nothing is taken, and told."),
];
