// The real Envoy that ours is compared with, where ENVOY_BIN names one.

export const envoyBinary = process.env["ENVOY_BIN"];

/** One worker, like ours, and a log that is written at once. */
export const envoyArguments = (file: string): string[] => [
  ...["-c", file, "--concurrency", "1", "-l", "error"],
  ...["--disable-hot-restart", "--file-flush-interval-msec", "20"],
];
