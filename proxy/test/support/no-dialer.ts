// For tests of clusters that only choose hosts.

import type { Dialer } from "../../src/cluster/host";

export const noDialer: Dialer = {
  dial() {
    throw new Error("nobody is called here");
  },
};
