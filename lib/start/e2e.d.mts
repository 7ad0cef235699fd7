export interface StartedForTests {
  url: string;
  demoUrl?: string;
  switchesPort?: number;
  signInLinks: { email: string; role: string; url: string }[];
  home: string;
  stop(): Promise<void>;
}

export function startForTests(options?: {
  demo?: boolean;
  environment?: Record<string, string>;
}): Promise<StartedForTests>;
