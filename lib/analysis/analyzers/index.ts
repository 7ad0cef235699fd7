// Every analyzer, in the order of codes. A new one is a file beside this and a line here; a code is never used again.
import type { Analyzer } from "../finding";
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

export const analyzers: readonly Analyzer[] = [
  mw1001NamespaceAssumed,
  mw1002LegacyConsecutiveErrors,
  mw1003SmallClusterEjection,
  mw1004DanglingSubset,
  mw1005Weights,
  mw1006UnreachableRule,
  mw1007DrawnNotGranted,
  mw1008EgressWithoutOwner,
  mw1009DependencyCycle,
  mw1010RetryAmplification,
  mw1011TimeoutInversion,
  mw1012RetryWithoutTime,
  mw1013ServiceWithoutWorkload,
  mw1014SharedIdentity,
];
