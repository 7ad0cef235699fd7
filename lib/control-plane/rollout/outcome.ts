// How a run ends early.

/** Leadership was lost: the next leader goes on from what is stored. */
export class RolloutStopped extends Error {}

/** The deployment is taken back, for this reason. */
export class RolloutFailure extends Error {
  constructor(
    message: string,
    readonly details: { proxyKey?: string; problems?: string[] } = {},
  ) {
    super(message);
  }
}
