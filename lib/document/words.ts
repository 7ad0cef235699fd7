// Small words of the document. The rule: what is not known reads "not stated", never an empty cell.
export const NOT_STATED = "not stated";
export const orNot = (text: string | number | undefined | null): string =>
  text === undefined || text === null || text === "" ? NOT_STATED : String(text);
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
export const day = (at: string | null): string => (at === null ? NOT_STATED : at.slice(0, 10));
export const minute = (at: string | null): string =>
  at === null ? NOT_STATED : `${at.slice(0, 16).replace("T", " ")} UTC`;
