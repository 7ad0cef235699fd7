// Lists that are kept object by object, each the answer to a question.
// The rule: a list that somebody was given is not changed any more, so that a list is a name for what was in it.
import { Question } from "./index-questions";
import { objectKey } from "./refs";
import type { MeshObject, ObjectKey } from "./types";

/** In the order in which they were added, or by object key, which does not depend on the past. */
export type Order = "written" | "by key";

const EMPTY: readonly never[] = [];

export class ListQuestion<V extends MeshObject> extends Question {
  private list: V[] = [];
  private isGiven = false;
  private isInOrder = true;

  constructor(
    private readonly order: Order,
    wider?: Question,
  ) {
    super(wider);
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  add(value: V): void {
    if (this.order === "by key" && this.isGiven) {
      this.own();
      this.list.splice(placeOf(this.list, objectKey(value)), 0, value);
      return;
    }
    this.own();
    // many come before anybody asks: they are put in order once, then
    if (this.order === "by key") this.isInOrder = this.list.length === 0;
    this.list.push(value);
  }

  remove(value: V): void {
    this.own();
    const at = this.list.indexOf(value);
    if (at >= 0) this.list.splice(at, 1);
  }

  get(): readonly V[] {
    if (!this.isInOrder) this.list = inOrder(this.list);
    this.isInOrder = true;
    this.isGiven = true;
    return this.list;
  }

  private own(): void {
    if (this.isGiven) this.list = this.list.slice();
    this.isGiven = false;
  }
}

/** By object key. */
function inOrder<V extends MeshObject>(objects: readonly V[]): V[] {
  const keyed = objects.map((object) => ({ key: objectKey(object), object }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map((each) => each.object);
}

function placeOf(list: readonly MeshObject[], key: ObjectKey): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const object = list[middle];
    if (object && objectKey(object) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Lists by what they are asked of. */
export class Lists<V extends MeshObject> {
  private readonly questions = new Map<string, ListQuestion<V>>();
  constructor(
    private readonly order: Order,
    private readonly wider?: Question,
  ) {}

  add(of: string, value: V): Question {
    const question = this.question(of);
    question.add(value);
    return question;
  }

  remove(of: string, value: V): Question {
    const question = this.question(of);
    question.remove(value);
    if (question.isEmpty && question.readers.length === 0) this.questions.delete(of);
    return question;
  }

  get(of: string): readonly V[] {
    return this.questions.get(of)?.get() ?? EMPTY;
  }

  /** It is there whether anything answers it or not: something may come. */
  question(of: string): ListQuestion<V> {
    let question = this.questions.get(of);
    if (!question) {
      question = new ListQuestion<V>(this.order, this.wider);
      this.questions.set(of, question);
    }
    return question;
  }
}
