// The negative corpus: what is right, in many shapes. Every analyzer stays silent on all of it.
import { resilience } from "./resilience";
import { routing } from "./routing";
import { security } from "./security";

export const corpus = [...routing, ...security, ...resilience];
