// What authorizers answer, as fields of a question's form. Rule: what is not said is left to the simulator, which tells on whom it depends.
import type { MeshDocument } from "@/lib/mesh";
import type { AuthorizerAnswer, Question } from "@/lib/simulate";

export interface AuthorizerFields {
  /** By name; absent: nothing is said. */
  answers?: Readonly<Record<string, AuthorizerAnswer>>;
}

export const ANSWERS: readonly { value: AuthorizerAnswer; label: string }[] = [
  { value: "allow", label: "lets it on" },
  { value: "deny", label: "refuses it" },
  { value: "away", label: "gives no answer" },
];
/** As the API takes them. */
const MAX_ANSWERS = 64;

/** Authorizers of the design that some policy asks, and those that the form speaks of. */
export function authorizersIn({ objects }: MeshDocument, { answers = {} }: AuthorizerFields): string[] {
  const asked = objects.flatMap((each) =>
    each.kind === "AuthorizationPolicy" && each.spec.action === "custom" && each.spec.authorizer !== undefined
      ? [each.spec.authorizer]
      : [],
  );
  return [...new Set([...asked, ...Object.keys(answers)])].sort();
}

/** `opa:deny,oauth:allow`; what is none of it says nothing. */
export function answersFrom(text: string): AuthorizerFields {
  const said = text.split(",").flatMap((each): [string, AuthorizerAnswer][] => {
    const [name = "", value] = each.split(":");
    const answer = ANSWERS.find((one) => one.value === value)?.value;
    return name !== "" && answer ? [[name, answer]] : [];
  });
  return said.length > 0 ? { answers: Object.fromEntries(said.slice(0, MAX_ANSWERS)) } : {};
}

export function answersText({ answers = {} }: AuthorizerFields): string | null {
  const text = Object.entries(answers).map(([name, answer]) => `${name}:${answer}`);
  return text.length > 0 ? text.join(",") : null;
}

/** The form's change when one answer becomes another; null: it is not said any more. */
export function withAnswer({ answers = {} }: AuthorizerFields, name: string, answer: string | null): AuthorizerFields {
  const { [name]: _, ...others } = answers;
  const known = ANSWERS.find(({ value }) => value === answer);
  return { answers: known ? { ...others, [name]: known.value } : others };
}

export const authorizersOf = ({ answers = {} }: AuthorizerFields): Pick<Question, "authorizers"> =>
  Object.keys(answers).length > 0 ? { authorizers: answers } : {};
