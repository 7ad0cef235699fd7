// Envoy TLS contexts -> TlsPlan: names of secrets, SAN matchers, versions. Secrets written inline become secret
// sources under a name of their own. One rule: a downstream context that asks for a certificate must be able to verify it.

import {
  type CertificateValidationContext,
  SubjectAltNameMatcher_SanType as SanType,
} from "../contract/gen/envoy/extensions/transport_sockets/tls/v3/common_pb";
import type { SdsSecretConfig } from "../contract/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb";
import {
  type CommonTlsContext,
  type DownstreamTlsContext,
  TlsParameters_TlsProtocol as Protocol,
  type Secret,
  type UpstreamTlsContext,
} from "../contract/messages";
import { dataSource } from "./data-source";
import { stringMatcher } from "./matchers";
import type { Scope } from "./scope";
import type {
  CertificatePin,
  DownstreamTlsPlan,
  SanMatcher,
  SecretSource,
  TlsPlan,
  UpstreamTlsPlan,
  ValidationSource,
} from "./types";

/** Collects what the contexts refer to. */
export interface SecretCollector {
  readonly names: Set<string>;
  readonly sources: Map<string, SecretSource>;
  /** There are no static ones. */
  readonly areDiscovered: boolean;
}

const SAN_TYPES = {
  [SanType.URI]: "uri",
  [SanType.DNS]: "dns",
  [SanType.EMAIL]: "email",
  [SanType.IP_ADDRESS]: "ip",
} as const;

export function downstreamTls(
  context: DownstreamTlsContext,
  scope: Scope,
  secrets: SecretCollector,
): DownstreamTlsPlan {
  const common = commonTls(context.commonTlsContext, scope.field("common_tls_context"), secrets);
  const requireClientCertificate = context.requireClientCertificate ?? false;
  if (common.identitySecret === null) {
    scope
      .field("common_tls_context")
      .fail("needs a certificate: tls_certificates or tls_certificate_sds_secret_configs");
  }
  if (requireClientCertificate && common.validationSecret === null) {
    scope
      .field("require_client_certificate")
      .fail("needs a validation context with a trusted CA to verify the certificate");
  }
  return { ...common, identitySecret: common.identitySecret ?? "", requireClientCertificate };
}

export function upstreamTls(context: UpstreamTlsContext, scope: Scope, secrets: SecretCollector): UpstreamTlsPlan {
  return {
    ...commonTls(context.commonTlsContext, scope.field("common_tls_context"), secrets),
    sni: context.sni === "" ? null : context.sni,
  };
}

function commonTls(context: CommonTlsContext | undefined, scope: Scope, secrets: SecretCollector): TlsPlan {
  const parameters = context?.tlsParams;
  const minVersion = parameters?.tlsMinimumProtocolVersion === Protocol.TLSv1_3 ? "TLSv1.3" : "TLSv1.2";
  const maxVersion = parameters?.tlsMaximumProtocolVersion === Protocol.TLSv1_2 ? "TLSv1.2" : "TLSv1.3";
  if (minVersion > maxVersion) {
    scope.field("tls_params").fail("has a minimum version above the maximum");
  }
  return {
    identitySecret: context ? identitySecret(context, scope, secrets) : null,
    ...validation(context, scope, secrets),
    alpn: context?.alpnProtocols ?? [],
    minVersion,
    maxVersion,
  };
}

function identitySecret(context: CommonTlsContext, scope: Scope, secrets: SecretCollector): string | null {
  const [inline] = context.tlsCertificates;
  const [sds] = context.tlsCertificateSdsSecretConfigs;
  if (context.tlsCertificates.length + context.tlsCertificateSdsSecretConfigs.length > 1) {
    scope.fail("has more than one certificate, which is not supported by this proxy; keep one or run Envoy");
  }
  if (inline) {
    const at = scope.item("tls_certificates", 0);
    const name = `inline:${at.id}`;
    secrets.sources.set(name, {
      kind: "certificate",
      chain: dataSource(inline.certificateChain, at.field("certificate_chain")),
      privateKey: dataSource(inline.privateKey, at.field("private_key")),
    });
    secrets.names.add(name);
    return name;
  }
  return sds ? bySds(sds, scope.item("tls_certificate_sds_secret_configs", 0), secrets) : null;
}

type Validation = Pick<TlsPlan, "validationSecret" | "sanMatchers" | "pins">;

function validation(context: CommonTlsContext | undefined, scope: Scope, secrets: SecretCollector): Validation {
  const type = context?.validationContextType;
  switch (type?.case) {
    case "validationContext":
      return inlineValidation(type.value, scope.field("validation_context"), secrets);
    case "validationContextSdsSecretConfig":
      return {
        validationSecret: bySds(type.value, scope.field("validation_context_sds_secret_config"), secrets),
        sanMatchers: [],
      };
    case "combinedValidationContext": {
      const at = scope.field("combined_validation_context");
      const inner = type.value.defaultValidationContext;
      const sds = type.value.validationContextSdsSecretConfig;
      const innerAt = at.field("default_validation_context");
      if (inner?.trustedCa) innerAt.field("trusted_ca").fail("comes from the secret already; remove it here");
      if (inner?.crl)
        innerAt.field("crl").fail("comes from the secret, beside the authorities that it is of; move it there");
      const from = at.field("validation_context_sds_secret_config");
      return { validationSecret: sds ? bySds(sds, from, secrets) : null, ...rulesOf(inner, innerAt) };
    }
    default:
      return { validationSecret: null, sanMatchers: [] };
  }
}

function inlineValidation(context: CertificateValidationContext, scope: Scope, secrets: SecretCollector): Validation {
  const name = `inline:${scope.id}`;
  const { sanMatchers, pins, ...source } = validationSource(context, scope);
  secrets.sources.set(name, { ...source, sanMatchers: [], pins: [] });
  return { validationSecret: named(name, secrets), sanMatchers, ...(pins.length > 0 ? { pins } : {}) };
}

function rulesOf(
  context: CertificateValidationContext | undefined,
  scope: Scope,
): Omit<Validation, "validationSecret"> {
  if (!context) return { sanMatchers: [] };
  const pins = pinList(context, scope);
  return { sanMatchers: sanMatcherList(context, scope), ...(pins.length > 0 ? { pins } : {}) };
}

/** Without an authority only pins are left to go by; names anybody can claim, and there is nobody whose list it could be. */
function validationSource(context: CertificateValidationContext, scope: Scope): ValidationSource {
  const sanMatchers = sanMatcherList(context, scope);
  const pins = pinList(context, scope);
  const isPinned = !context.trustedCa && pins.length > 0;
  if (isPinned && context.crl) scope.field("crl").fail("needs trusted_ca, whose list it is");
  if (isPinned && sanMatchers.length > 0) {
    scope.field("match_typed_subject_alt_names").fail("needs trusted_ca: without it anybody can claim a name");
  }
  return {
    kind: "validation",
    trustedCa: isPinned ? null : dataSource(context.trustedCa, scope.field("trusted_ca")),
    crl: context.crl ? dataSource(context.crl, scope.field("crl")) : null,
    sanMatchers,
    pins,
  };
}

function pinList(context: CertificateValidationContext, scope: Scope): CertificatePin[] {
  const hashes = context.verifyCertificateHash.map((text, index): CertificatePin => {
    const sha256 = text.replaceAll(":", "").toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      scope
        .item("verify_certificate_hash", index)
        .fail("is no SHA-256 in hexadecimal: 64 digits, with or without colons");
    }
    return { of: "certificate", sha256 };
  });
  const keys = context.verifyCertificateSpki.map((text, index): CertificatePin => {
    const sha256 = Buffer.from(text, "base64");
    if (sha256.length !== 32 || sha256.toString("base64") !== text) {
      scope.item("verify_certificate_spki", index).fail("is no SHA-256 in base64: 44 characters");
    }
    return { of: "public-key", sha256: sha256.toString("hex") };
  });
  return [...hashes, ...keys];
}

function bySds({ name, sdsConfig }: SdsSecretConfig, scope: Scope, secrets: SecretCollector): string {
  if (secrets.areDiscovered && !sdsConfig) {
    scope.fail("names a static secret, and beside ADS there are none; say sds_config: {ads: {}}");
  }
  return named(name, secrets);
}

function named(name: string, secrets: SecretCollector): string {
  secrets.names.add(name);
  return name;
}

function sanMatcherList(context: CertificateValidationContext, scope: Scope): SanMatcher[] {
  return context.matchTypedSubjectAltNames.map((one, index) => {
    const at = scope.item("match_typed_subject_alt_names", index);
    const type =
      one.sanType === SanType.OTHER_NAME || one.sanType === SanType.SAN_TYPE_UNSPECIFIED
        ? "uri"
        : SAN_TYPES[one.sanType];
    return { type, value: stringMatcher(one.matcher, at.field("matcher")) };
  });
}

/** A Secret message (static or from SDS) as a source. */
export function secretSource(secret: Secret, scope: Scope): SecretSource | null {
  switch (secret.type.case) {
    case "tlsCertificate": {
      const at = scope.field("tls_certificate");
      const { certificateChain, privateKey } = secret.type.value;
      return {
        kind: "certificate",
        chain: dataSource(certificateChain, at.field("certificate_chain")),
        privateKey: dataSource(privateKey, at.field("private_key")),
      };
    }
    case "validationContext":
      return validationSource(secret.type.value, scope.field("validation_context"));
    case "genericSecret":
      return {
        kind: "generic",
        value: dataSource(secret.type.value.secret, scope.field("generic_secret").field("secret")),
      };
    default:
      scope.fail("needs one of tls_certificate, validation_context, generic_secret");
      return null;
  }
}
