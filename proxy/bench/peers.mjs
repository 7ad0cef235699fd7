// nginx and HAProxy as a pair of sidecars with the same mTLS hop, for the printed comparison where they are installed.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

export function nginxConfigs(folder, ports) {
  const base = (
    role,
  ) => `worker_processes 1; daemon off; pid ${join(folder, `nginx-${role}.pid`)}; error_log ${join(folder, `nginx-${role}.err`)} crit;
events { worker_connections 1024; }
http { access_log ${join(folder, `nginx-${role}.log`)}; keepalive_requests 100000000; client_body_temp_path ${folder}/t1${role}; proxy_temp_path ${folder}/t2${role}; fastcgi_temp_path ${folder}/t3${role}; uwsgi_temp_path ${folder}/t4${role}; scgi_temp_path ${folder}/t5${role};
`;
  const a = `${base("a")} upstream b { server 127.0.0.1:${ports.b}; keepalive 64; keepalive_requests 100000000; }
 server { listen 127.0.0.1:${ports.a}; location / { proxy_pass https://b; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_ssl_certificate ${folder}/a.pem; proxy_ssl_certificate_key ${folder}/a.key; proxy_ssl_trusted_certificate ${folder}/ca.pem; proxy_ssl_protocols TLSv1.3; } } }`;
  const b = `${base("b")} upstream o { server 127.0.0.1:${ports.origin}; keepalive 64; keepalive_requests 100000000; }
 server { listen 127.0.0.1:${ports.b} ssl; ssl_certificate ${folder}/b.pem; ssl_certificate_key ${folder}/b.key; ssl_client_certificate ${folder}/ca.pem; ssl_verify_client on; ssl_protocols TLSv1.3; location / { proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`;
  writeFileSync(join(folder, "nginx-a.conf"), a);
  writeFileSync(join(folder, "nginx-b.conf"), b);
  return [join(folder, "nginx-a.conf"), join(folder, "nginx-b.conf")];
}

/** `mode`: http or tcp. */
export function haproxyConfigs(folder, ports, mode = "http") {
  const base = `global
  nbthread 1
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${mode === "http" ? "  http-reuse always\n" : ""}`;
  writeFileSync(join(folder, "a.both.pem"), "");
  const a = `${base}frontend f
  bind 127.0.0.1:${ports.a}
  default_backend b
backend b
  server b 127.0.0.1:${ports.b} ssl crt ${folder}/a.bundle ca-file ${folder}/ca.pem verify required verifyhost ""
`;
  const b = `${base}frontend f
  bind 127.0.0.1:${ports.b} ssl crt ${folder}/b.bundle ca-file ${folder}/ca.pem verify required ssl-min-ver TLSv1.3
  default_backend o
backend o
  server o 127.0.0.1:${ports.origin}
`;
  writeFileSync(join(folder, "haproxy-a.cfg"), a.replace(' verifyhost ""', ""));
  writeFileSync(join(folder, "haproxy-b.cfg"), b);
  return [join(folder, "haproxy-a.cfg"), join(folder, "haproxy-b.cfg")];
}
