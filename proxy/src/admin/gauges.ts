// Which of Envoy's names is a state and not a count. Rule: by the name alone, so that sums of processes and the page agree.

const GAUGE =
  /(?:_active|\.active_faults|^connection_limit\..*\.active_connections|\.membership_(?:total|healthy|degraded|excluded)|\.health_check\.(?:healthy|degraded)|^overload\..*\.(?:pressure|active|scale_percent)|_open)$/;
/** Of the health check filter, which counts. */
const COUNTED = /^http\..*\.health_check\.degraded$/;

export const isGauge = (name: string): boolean => GAUGE.test(name) && !COUNTED.test(name);
