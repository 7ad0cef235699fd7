// Every analyzer, in the order of codes. A new one is a file beside this and a line here; a code is never used again.
import { type Analyzer, onObject } from "../finding";
import { mw1001NamespaceAssumed } from "./mw1001-namespace-assumed";
import { mw1002LegacyConsecutiveErrors } from "./mw1002-legacy-consecutive-errors";
import { mw1003SmallClusterEjection } from "./mw1003-small-cluster-ejection";
import { mw1004DanglingSubset } from "./mw1004-dangling-subset";
import { mw1005Weights } from "./mw1005-weights";
import { mw1006UnreachableRule } from "./mw1006-unreachable-rule";
import { mw1007DrawnNotGranted } from "./mw1007-drawn-not-granted";
import { mw1008EgressWithoutOwner } from "./mw1008-egress-without-owner";
import { mw1009DependencyCycle } from "./mw1009-dependency-cycle";
import { mw1010RetryAmplification } from "./mw1010-retry-amplification";
import { mw1011TimeoutInversion } from "./mw1011-timeout-inversion";
import { mw1012RetryWithoutTime } from "./mw1012-retry-without-time";
import { mw1013ServiceWithoutWorkload } from "./mw1013-service-without-workload";
import { mw1014SharedIdentity } from "./mw1014-shared-identity";
import { mw1015DoesNotFit } from "./mw1015-does-not-fit";
import { mw1016TwoForOne } from "./mw1016-two-for-one";
import { mw1017NoCatchAll } from "./mw1017-no-catch-all";
import { mw1018HttpFieldsOnTcp } from "./mw1018-http-fields-on-tcp";
import { mw1019OpenAllow } from "./mw1019-open-allow";
import { mw1020WildcardPrincipal } from "./mw1020-wildcard-principal";
import { mw1021DenyCoversAllow } from "./mw1021-deny-covers-allow";
import { mw1022GrantedNotDrawn } from "./mw1022-granted-not-drawn";
import { mw1023PlaintextTaken } from "./mw1023-plaintext-taken";
import { mw1024PlaintextOverBoundary } from "./mw1024-plaintext-over-boundary";
import { mw1025ExternalPlaintext } from "./mw1025-external-plaintext";
import { mw1026UnsafeRetry } from "./mw1026-unsafe-retry";
import { mw1027RetriesUnbounded } from "./mw1027-retries-unbounded";
import { mw1028BreakerTooSmall } from "./mw1028-breaker-too-small";
import { mw1029SloTighter } from "./mw1029-slo-tighter";
import { mw1030SingleInstance } from "./mw1030-single-instance";
import { mw1031ServiceWithoutOwner } from "./mw1031-service-without-owner";
import { mw1032SidecarWithoutBudget } from "./mw1032-sidecar-without-budget";
import { mw1033OptOutWithoutEnd } from "./mw1033-opt-out-without-end";
import { mw1034PolicyOnNothing } from "./mw1034-policy-on-nothing";
import { mw1035SamePolicyTwice } from "./mw1035-same-policy-twice";
import { mw1036LongCertificates } from "./mw1036-long-certificates";
import { mw1037PortAsTcp } from "./mw1037-port-as-tcp";
import { mw1038RedirectLoop } from "./mw1038-redirect-loop";
import { mw1039NoTimeout } from "./mw1039-no-timeout";
import { mw1040LongChain } from "./mw1040-long-chain";
import { mw1041OpenMesh } from "./mw1041-open-mesh";
import { mw1042EgressAnywhere } from "./mw1042-egress-anywhere";
import { mw1043HostNeverServed } from "./mw1043-host-never-served";
import { mw1044UnusedSubset } from "./mw1044-unused-subset";
import { mw1045ErrorAsAnswer } from "./mw1045-error-as-answer";
import { mw1046ModeAndPolicy } from "./mw1046-mode-and-policy";
import { mw1047EgressNotUsed } from "./mw1047-egress-not-used";
import { mw1048CredentialsForStrangers } from "./mw1048-credentials-for-strangers";
import { mw1049PreflightPassesBy } from "./mw1049-preflight-passes-by";
import { mw1050OriginNeverSent } from "./mw1050-origin-never-sent";
import { mw1051TokenNotAsked } from "./mw1051-token-not-asked";
import { mw1052TokenNotLookedAt } from "./mw1052-token-not-looked-at";
import { mw1053CheckNobodyAnswers } from "./mw1053-check-nobody-answers";
import { mw1054CopiedWrites } from "./mw1054-copied-writes";
import { mw1055CopyToItself } from "./mw1055-copy-to-itself";
import { mw1056CopyRefused } from "./mw1056-copy-refused";
import { mw1057RuleForNobody } from "./mw1057-rule-for-nobody";
import { mw1060AuthorizerUnknown } from "./mw1060-authorizer-unknown";
import { mw1061AuthorizerRefusesAsking } from "./mw1061-authorizer-refuses-asking";
import { mw1062AuthorizerFailsOpen } from "./mw1062-authorizer-fails-open";
import { mw1063AuthorizerWithoutLimit } from "./mw1063-authorizer-without-limit";
import { mw1064AuthorizerNobodyAsks } from "./mw1064-authorizer-nobody-asks";
import { mw1065AuthorizerAsksItself } from "./mw1065-authorizer-asks-itself";
import { mw1069GatewayKnowsNoCallers } from "./mw1069-gateway-knows-no-callers";
import { mw1070ListenerLeadsNowhere } from "./mw1070-listener-leads-nowhere";
import { mw1071ServerNameTaken } from "./mw1071-server-name-taken";
import { mw1072NoCertificateCovers } from "./mw1072-no-certificate-covers";
import { mw1073PlaintextBehindTls } from "./mw1073-plaintext-behind-tls";
import { mw1074PolicyPassedBy } from "./mw1074-policy-passed-by";
import { mw1075CertificateWithoutOwner } from "./mw1075-certificate-without-owner";
import { mw1076InternalServiceOutside } from "./mw1076-internal-service-outside";
import { mw1077PlainBesideHttps } from "./mw1077-plain-beside-https";
import { mw1078RedirectToNobody } from "./mw1078-redirect-to-nobody";
import { mw1079CertificatePassedBy } from "./mw1079-certificate-passed-by";
import { mw1080ConnectionsWithoutKey } from "./mw1080-connections-without-key";
import { mw1081OneAddressForAll } from "./mw1081-one-address-for-all";
import { mw1082KeysOfAFailingHost } from "./mw1082-keys-of-a-failing-host";
import { mw1083RingTooLarge } from "./mw1083-ring-too-large";
import { mw1084KeysThatDiffer } from "./mw1084-keys-that-differ";
import { mw1085NobodyFindsFailingHosts } from "./mw1085-nobody-finds-failing-hosts";
import { mw1086HostsWithoutPlace } from "./mw1086-hosts-without-place";
import { mw1087ShareWithoutHosts } from "./mw1087-share-without-hosts";
import { mw1088CallersWithoutPlace } from "./mw1088-callers-without-place";
import { mw1089LevelCannotEmpty } from "./mw1089-level-cannot-empty";
import { mw1090SplitNotAsked } from "./mw1090-split-not-asked";
import { mw1091UnverifiedServer } from "./mw1091-unverified-server";
import { mw1098RedirectedWrites } from "./mw1098-redirected-writes";

export const analyzers: readonly Analyzer[] = [
  mw1001NamespaceAssumed,
  onObject(mw1002LegacyConsecutiveErrors),
  onObject(mw1003SmallClusterEjection),
  onObject(mw1004DanglingSubset),
  mw1005Weights,
  mw1006UnreachableRule,
  onObject(mw1007DrawnNotGranted),
  onObject(mw1008EgressWithoutOwner),
  mw1009DependencyCycle,
  mw1010RetryAmplification,
  onObject(mw1011TimeoutInversion),
  onObject(mw1012RetryWithoutTime),
  onObject(mw1013ServiceWithoutWorkload),
  mw1014SharedIdentity,
  mw1015DoesNotFit,
  mw1016TwoForOne,
  onObject(mw1017NoCatchAll),
  onObject(mw1018HttpFieldsOnTcp),
  onObject(mw1019OpenAllow),
  onObject(mw1020WildcardPrincipal),
  onObject(mw1021DenyCoversAllow),
  onObject(mw1022GrantedNotDrawn),
  mw1023PlaintextTaken,
  onObject(mw1024PlaintextOverBoundary),
  onObject(mw1025ExternalPlaintext),
  onObject(mw1026UnsafeRetry),
  onObject(mw1027RetriesUnbounded),
  onObject(mw1028BreakerTooSmall),
  onObject(mw1029SloTighter),
  onObject(mw1030SingleInstance),
  onObject(mw1031ServiceWithoutOwner),
  onObject(mw1032SidecarWithoutBudget),
  onObject(mw1033OptOutWithoutEnd),
  mw1034PolicyOnNothing,
  onObject(mw1035SamePolicyTwice),
  onObject(mw1036LongCertificates),
  mw1037PortAsTcp,
  onObject(mw1038RedirectLoop),
  onObject(mw1039NoTimeout),
  mw1040LongChain,
  onObject(mw1041OpenMesh),
  onObject(mw1042EgressAnywhere),
  onObject(mw1043HostNeverServed),
  onObject(mw1044UnusedSubset),
  onObject(mw1045ErrorAsAnswer),
  onObject(mw1046ModeAndPolicy),
  onObject(mw1047EgressNotUsed),
  onObject(mw1048CredentialsForStrangers),
  onObject(mw1049PreflightPassesBy),
  onObject(mw1050OriginNeverSent),
  mw1051TokenNotAsked,
  mw1052TokenNotLookedAt,
  onObject(mw1053CheckNobodyAnswers),
  onObject(mw1054CopiedWrites),
  onObject(mw1055CopyToItself),
  onObject(mw1056CopyRefused),
  mw1057RuleForNobody,
  onObject(mw1060AuthorizerUnknown),
  mw1061AuthorizerRefusesAsking,
  mw1062AuthorizerFailsOpen,
  mw1063AuthorizerWithoutLimit,
  mw1064AuthorizerNobodyAsks,
  mw1065AuthorizerAsksItself,
  onObject(mw1069GatewayKnowsNoCallers),
  onObject(mw1070ListenerLeadsNowhere),
  onObject(mw1071ServerNameTaken),
  onObject(mw1072NoCertificateCovers),
  onObject(mw1073PlaintextBehindTls),
  onObject(mw1074PolicyPassedBy),
  onObject(mw1075CertificateWithoutOwner),
  onObject(mw1076InternalServiceOutside),
  onObject(mw1077PlainBesideHttps),
  onObject(mw1078RedirectToNobody),
  onObject(mw1079CertificatePassedBy),
  onObject(mw1080ConnectionsWithoutKey),
  onObject(mw1081OneAddressForAll),
  onObject(mw1082KeysOfAFailingHost),
  onObject(mw1083RingTooLarge),
  onObject(mw1084KeysThatDiffer),
  onObject(mw1085NobodyFindsFailingHosts),
  onObject(mw1086HostsWithoutPlace),
  onObject(mw1087ShareWithoutHosts),
  onObject(mw1088CallersWithoutPlace),
  onObject(mw1089LevelCannotEmpty),
  onObject(mw1090SplitNotAsked),
  onObject(mw1091UnverifiedServer),
  onObject(mw1098RedirectedWrites),
];
