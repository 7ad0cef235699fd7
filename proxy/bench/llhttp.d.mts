export interface ReadMessage {
  readonly version: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly upgrade: boolean;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

export interface Reading {
  readonly messages: readonly ReadMessage[];
  readonly isBroken: boolean;
  readonly isPartial: boolean;
  /** llhttp's code, "" without. */
  readonly error: string;
}

export function readRequests(bytes: Buffer): Reading;
export function readResponses(bytes: Buffer, requestMethods: readonly string[], isEnded: boolean): Reading;
