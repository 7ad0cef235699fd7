// Every control, in the order in which the checklist shows them. What is not in this list does not exist.
import type { Control } from "../types";
import { az01 } from "./az-01";
import { az03 } from "./az-03";
import { az06 } from "./az-06";
import { eg01 } from "./eg-01";
import { gv06 } from "./gv-06";
import { ob05 } from "./ob-05";
import { pki02 } from "./pki-02";
import { pki03 } from "./pki-03";
import { rl01 } from "./rl-01";
import { rl03 } from "./rl-03";
import { tls01 } from "./tls-01";
import { tls03 } from "./tls-03";
import { tls04 } from "./tls-04";
import { tls05 } from "./tls-05";
import { tls06 } from "./tls-06";

export const controls: readonly Control[] = [
  tls01,
  tls03,
  tls04,
  tls05,
  tls06,
  pki02,
  pki03,
  az01,
  az03,
  az06,
  rl01,
  rl03,
  eg01,
  gv06,
  ob05,
];

export function controlById(id: string): Control | undefined {
  return controls.find((control) => control.id === id);
}
