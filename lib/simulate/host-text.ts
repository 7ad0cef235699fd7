// The host of a question as one text. The rule: nothing is imported but types: the page has it without the simulator.
import type { Question } from "./types";

/** As a caller writes it: with the port where one is said. */
export const hostText = ({ host, port }: Question["to"]): string => (port === undefined ? host : `${host}:${port}`);
