// What active health checks say of one host. Rule: flags with Envoy's meanings, set by the checker alone; a host that is not checked
// keeps them as they are here.

export class HostHealth {
  /** It did not pass (yet). */
  hasFailed = false;
  /** Passed, but said that it can do less. */
  isDegraded = false;
  /** Never checked, in a cluster that leaves such hosts out of account. */
  isPending = false;
  /** It asked to be left alone at once: of panic it is not one of all. */
  isExcluded = false;
  hasTimedOut = false;
  /** Discovery names it no more; it stays for as long as it passes. */
  isLeaving = false;
}
